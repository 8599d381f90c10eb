"""A PostgreSQL stand-in, where Debian's server is not installed: TLS, SCRAM-SHA-256, and the few questions of a look.

Facts: https://www.postgresql.org/docs/current/protocol-message-formats.html. Any other query is refused in words that
say what this is.
"""

import asyncio
import ssl
import struct
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.scram import Exchange, Verifier
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn, server_context

PORTS = {"postgresql": 5432}
_SSL_REQUEST, _GSS_REQUEST, _VERSION_3 = 80877103, 80877104, 196608
_MECHANISM = b"SCRAM-SHA-256\x00\x00"
_LONGEST = 1 << 16


def available() -> str | None:
    """Return None: it runs everywhere."""
    return None


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "sa",
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
    databases: Sequence[str] = ("licenseManager", "keycloak_db"),
) -> StandIn:
    """Serve on ``ports["postgresql"]``; with certificates only over TLS, without a password trusting everybody."""
    context = server_context(tls) if tls else None
    verifier = Verifier(password) if password is not None else None

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Session(reader, writer, username, verifier, databases).run(context)

    return StandIn(address, {ports["postgresql"]: talk})


class _Refused(Exception):  # noqa: N818 - an answer, not a bug
    """FATAL: the SQLSTATE and the words."""

    def __init__(self, state: str, words: str) -> None:
        super().__init__(words)
        self.state = state


class _Session:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        username: str,
        verifier: Verifier | None,
        databases: Sequence[str],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._username = username
        self._verifier = verifier
        self._databases = ("postgres", *databases)

    async def run(self, context: ssl.SSLContext | None) -> None:
        try:
            parameters = await self._begin(context)
            await self._log_in(parameters.get("user", ""))
            self._open(parameters.get("database", parameters.get("user", "")))
        except _Refused as refused:
            self._error("FATAL", refused.state, str(refused))
            await self._writer.drain()
            return
        self._send(b"R", struct.pack("!i", 0))
        self._send(b"S", f"server_version\x0015.0 ({SAYS_SO})\x00".encode())
        self._send(b"S", b"client_encoding\x00UTF8\x00")
        await self._serve()

    def _open(self, database: str) -> None:
        if database not in self._databases:
            raise _Refused("3D000", f'database "{database}" does not exist')

    async def _begin(self, context: ssl.SSLContext | None) -> dict[str, str]:
        """Return the start-up parameters, TLS having begun where the client asked for it and there is any."""
        secure = False
        while True:
            length, code = struct.unpack("!ii", await self._reader.readexactly(8))
            if code == _SSL_REQUEST and context is not None:
                self._writer.write(b"S")
                await self._writer.drain()
                await self._writer.start_tls(context)
                secure = True
            elif code in {_SSL_REQUEST, _GSS_REQUEST}:
                self._writer.write(b"N")
                await self._writer.drain()
            elif code == _VERSION_3 and length < _LONGEST:
                words = (await self._reader.readexactly(length - 8)).rstrip(b"\x00").decode().split("\x00")
                parameters = dict(zip(words[::2], words[1::2], strict=False))
                if context is not None and not secure:
                    whom = f'user "{parameters.get("user")}", database "{parameters.get("database")}"'
                    raise _Refused("28000", f'no pg_hba.conf entry for host "127.0.0.1", {whom}, no encryption')
                return parameters
            else:
                raise _Refused("08P01", f"unsupported frontend protocol ({SAYS_SO})")

    async def _log_in(self, user: str) -> None:
        if self._verifier is None:
            if user != self._username:
                raise _Refused("28000", f'role "{user}" does not exist')
            return
        self._send(b"R", struct.pack("!i", 10) + _MECHANISM)
        first = (await self._message(b"p")).split(b"\x00", 1)[1][4:].decode()
        exchange = Exchange(first, self._verifier)
        self._send(b"R", struct.pack("!i", 11) + exchange.server_first.encode())
        last = exchange.finish((await self._message(b"p")).decode())
        if last is None or user != self._username:
            raise _Refused("28P01", f'password authentication failed for user "{user}"')
        self._send(b"R", struct.pack("!i", 12) + last.encode())

    async def _serve(self) -> None:
        while True:
            self._send(b"Z", b"I")
            query = (await self._message(b"Q")).rstrip(b"\x00").decode()
            if "pg_is_in_recovery" in query:
                self._rows([("15.0", "f", "f", "97", "1")], (25, 16, 16, 23, 20))
            elif "pg_database" in query:
                self._rows([(name,) for name in self._databases], (25,))
            else:
                self._error("ERROR", "0A000", f"the {SAYS_SO} does not answer this query")

    def _rows(self, rows: Sequence[Sequence[str]], types: Sequence[int]) -> None:
        """Send a result; the types are OIDs of pg_type."""
        columns = b"".join(
            f"c{number}\x00".encode() + struct.pack("!ihihih", 0, 0, oid, -1, -1, 0) for number, oid in enumerate(types)
        )
        self._send(b"T", struct.pack("!h", len(types)) + columns)
        for row in rows:
            cells = b"".join(struct.pack("!i", len(cell.encode())) + cell.encode() for cell in row)
            self._send(b"D", struct.pack("!h", len(row)) + cells)
        self._send(b"C", f"SELECT {len(rows)}\x00".encode())

    def _error(self, severity: str, state: str, words: str) -> None:
        self._send(b"E", f"S{severity}\x00V{severity}\x00C{state}\x00M{words}\x00\x00".encode())

    def _send(self, kind: bytes, content: bytes) -> None:
        self._writer.write(kind + struct.pack("!i", len(content) + 4) + content)

    async def _message(self, wanted: bytes) -> bytes:
        """Return the next message's content; end the session at any other kind."""
        await self._writer.drain()
        kind, length = struct.unpack("!ci", await self._reader.readexactly(5))
        if kind != wanted or not 4 <= length < _LONGEST:
            raise EOFError
        return await self._reader.readexactly(length - 4)
