"""A Redis stand-in: PING, AUTH, HELLO and INFO, and SET in a transaction that is discarded.

It serves where Debian's Redis is not installed; INFO says what it is.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn, server_context

PORTS = {"redis": 6379}
_LONGEST = 1 << 16
_INFORMATION = f"""# Server
redis_version:7.0.0
redis_mode:standalone
redis_build_id:{SAYS_SO}
# Memory
used_memory:1000000
maxmemory:0
maxmemory_policy:noeviction
# Persistence
loading:0
rdb_last_bgsave_status:ok
aof_last_write_status:ok
# Replication
role:master
"""


def available() -> str | None:
    """Return None: it runs everywhere."""
    return None


def start(
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
) -> StandIn:
    """Serve on ``ports["redis"]``; without a password everybody may ask everything, as with Redis."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(password)
        while words := await _command(reader):
            writer.write(session.answer(words))
            await writer.drain()

    port = ports["redis"]
    return StandIn(address, {port: talk}, {port: server_context(tls)} if tls else None)


_REPLIES: Final = {
    "CLIENT": "+OK\r\n",
    "DISCARD": "+OK\r\n",
    "INFO": f"${len(_INFORMATION)}\r\n{_INFORMATION}\r\n",
    "MULTI": "+OK\r\n",
    "PING": "+PONG\r\n",
    "SELECT": "+OK\r\n",
}


class _Session:
    def __init__(self, password: SecretStr | None) -> None:
        self._password = password
        self._queues = False
        self._logged_in = password is None

    def answer(self, words: Sequence[str]) -> bytes:
        name = words[0].upper()
        if name == "AUTH":
            return self._log_in(words[1:])
        if name == "HELLO":
            return self._greet(words[1:])
        if not self._logged_in:
            return b"-NOAUTH Authentication required.\r\n"
        if name == "SET" and self._queues:
            return b"+QUEUED\r\n"
        self._queues = name == "MULTI"
        unknown = f"-ERR unknown command '{words[0][:50]}' ({SAYS_SO})\r\n"
        return _REPLIES.get(name, unknown).encode()

    def _greet(self, words: Sequence[str]) -> bytes:
        """Answer ``HELLO [2|3 [AUTH user password]]``, https://redis.io/docs/latest/commands/hello/."""
        if words[:1] not in ([], ["2"], ["3"]):
            return b"-NOPROTO unsupported protocol version\r\n"
        if len(words) == 4 and words[1].upper() == "AUTH" and (refused := self._log_in(words[2:])) != b"+OK\r\n":
            return refused
        if not self._logged_in:
            return b"-NOAUTH HELLO must be called with the client already authenticated\r\n"
        newer = words[:1] == ["3"]
        said = (b"server", b"redis", b"version", b"7.0.0", b"mode", b"standalone", b"role", b"master")
        head = b"%%%d\r\n" % (len(said) // 2) if newer else b"*%d\r\n" % len(said)
        return head + b"".join(b"$%d\r\n%b\r\n" % (len(each), each) for each in said)

    def _log_in(self, words: Sequence[str]) -> bytes:
        if self._password is None and len(words) == 1:
            return b"-ERR AUTH <password> called without any password configured for the default user.\r\n"
        known = words[0] == "default" if len(words) == 2 else len(words) == 1
        if known and (self._password is None or words[-1] == self._password.get_secret_value()):
            self._logged_in = True
            return b"+OK\r\n"
        return b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


async def _command(reader: asyncio.StreamReader) -> list[str]:
    """Return the words of one command, an array of RESP or one line of text; none at the end."""
    line = await reader.readline()
    if not line.startswith(b"*"):
        return line.decode("utf-8", "replace").split()
    words = []
    for _ in range(min(int(line[1:]), 64)):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(min(length, _LONGEST) + 2))[:-2].decode("utf-8", "replace"))
    return words
