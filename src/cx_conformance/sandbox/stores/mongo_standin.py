"""A Mongo stand-in: the wire protocol on ``bson``, as no package brings a Mongo server.

It knows hello, ping, buildInfo, listDatabases, replSetGetStatus, currentOp and SCRAM-SHA-256 (RFC 5802, RFC 7677), and
says in buildInfo what it is. Everything else is answered with Mongo's own CommandNotFound.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.scram import Exchange, Verifier
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn, server_context

PORTS = {"mongo": 27017}
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_Command = Callable[[dict[str, Any]], dict[str, Any]]


class Role(Struct, frozen=True, kw_only=True):
    """What the stand-in is: ``primary``, ``secondary`` or ``starting``, alone or in a named replica set."""

    state: str = "primary"
    replica_set: str | None = None
    read_only: bool = False
    locked: bool = False
    """Whether it is locked against writes by fsyncLock, which only currentOp tells."""
    other_members: tuple[tuple[str, int, str], ...] = ()
    """Name, state and stateStr of the set's further members."""
    lacks: tuple[str, ...] = ()
    """Commands that it does not know, as services that only speak as Mongo does; in small letters."""
    wire_version: int = 17
    """The newest wire version that it speaks: 8 is Mongo 4.2's, 17 Mongo 6.0's."""


def available() -> str | None:
    """Return None: it runs wherever pymongo is installed."""
    return None


def start(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = PORTS,
    *,
    username: str = "root",
    password: SecretStr | None = None,
    tls: CertificateFiles | None = None,
    role: Role | None = None,
) -> StandIn:
    """Serve on ``ports["mongo"]``; without a password everything is allowed to everybody, as Mongo does."""
    port = ports["mongo"]
    store = _Store(f"{address}:{port}", username, password, role or Role())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Session(store).run(reader, writer)

    return StandIn(address, {port: talk}, {port: server_context(tls)} if tls else None)


class _Store:
    def __init__(self, name: str, username: str, password: SecretStr | None, role: Role) -> None:
        self.name = name
        self.username = username
        self.role = role
        self.open = password is None
        self.verifier = Verifier(password or SecretStr(""))

    def hello(self) -> dict[str, Any]:
        primary, secondary = self.role.state == "primary", self.role.state == "secondary"
        answer: dict[str, Any] = {
            "isWritablePrimary": primary,
            "ismaster": primary,
            "readOnly": self.role.read_only,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": self.role.wire_version,
            "ok": 1.0,
        }
        if self.role.replica_set:
            first = next((name for name, state, _ in self.role.other_members if state == 1), None)
            leader = self.name if primary else first
            hosts = [self.name, *(name for name, _, _ in self.role.other_members)]
            answer |= {"setName": self.role.replica_set, "secondary": secondary, "hosts": hosts, "me": self.name}
            answer |= {"primary": leader} if leader else {}
        elif not primary:
            answer |= {"isreplicaset": True, "secondary": secondary}
        return answer

    def status(self) -> dict[str, Any]:
        if not self.role.replica_set:
            return _error(76, "NoReplicationEnabled", "not running with --replSet")
        mine = {"primary": (1, "PRIMARY"), "secondary": (2, "SECONDARY")}.get(self.role.state, (0, "STARTUP"))
        members = [(self.name, *mine), *self.role.other_members]
        return {
            "set": self.role.replica_set,
            "members": [
                {"name": name, "state": state, "stateStr": words, "health": float(state != 8)}
                for name, state, words in members
            ],
            "ok": 1.0,
        }


def _error(code: int, name: str, words: str) -> dict[str, Any]:
    return {"ok": 0.0, "errmsg": words, "code": code, "codeName": name}


class _Session:
    def __init__(self, store: _Store) -> None:
        self._store = store
        self._logged_in = store.open
        self._exchange: Exchange | None = None

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from bson import decode, encode

        while True:
            head = await reader.readexactly(16)
            length, request, _, code = struct.unpack("<iiii", head)
            if not 16 < length < 1 << 24 or code not in {_OP_QUERY, _OP_MSG}:
                return
            body = await reader.readexactly(length - 16)
            if code == _OP_QUERY:
                # flags, full collection name, skip, return, then the query: only the handshake comes this way.
                answer = encode(self._answer(decode(body[body.index(b"\0", 4) + 9 :])))
                message = struct.pack("<iqii", 8, 0, 0, 1) + answer
                reply = _OP_REPLY
            else:
                message = struct.pack("<IB", 0, 0) + encode(self._answer(decode(body[5:])))
                reply = _OP_MSG
            writer.write(struct.pack("<iiii", 16 + len(message), 0, request, reply) + message)
            await writer.drain()

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name = next(iter(command)).lower()
        if name not in self._store.role.lacks and (known := self._before_login().get(name)):
            return known(command)
        if not self._logged_in:
            return _error(13, "Unauthorized", f"command {next(iter(command))} requires authentication")
        if name not in self._store.role.lacks and (known := self._after_login().get(name)):
            return known(command)
        return _error(59, "CommandNotFound", f"no such command: '{next(iter(command))}' ({SAYS_SO})")

    def _before_login(self) -> dict[str, _Command]:
        version = {"version": "6.0.0", "versionArray": [6, 0, 0, 0], "modules": [SAYS_SO], "ok": 1.0}
        return {
            "hello": self._hello,
            "ismaster": self._hello,
            "buildinfo": lambda _: version,
            "ping": lambda _: {"ok": 1.0},
            "endsessions": lambda _: {"ok": 1.0},
            "saslstart": self._start_login,
            "saslcontinue": self._finish_login,
        }

    def _after_login(self) -> dict[str, _Command]:
        databases = [{"name": "admin", "sizeOnDisk": 1, "empty": False}]
        return {
            "listdatabases": lambda _: {"databases": databases, "totalSize": 1, "ok": 1.0},
            "replsetgetstatus": lambda _: self._store.status(),
            "currentop": lambda _: {
                "inprog": [],
                **({"fsyncLock": True} if self._store.role.locked else {}),
                "ok": 1.0,
            },
        }

    def _hello(self, command: dict[str, Any]) -> dict[str, Any]:
        answer = self._store.hello()
        if command.get("saslSupportedMechs") == f"admin.{self._store.username}":
            answer["saslSupportedMechs"] = ["SCRAM-SHA-256"]
        return answer

    def _start_login(self, command: dict[str, Any]) -> dict[str, Any]:
        exchange = Exchange(bytes(command["payload"]).decode(), self._store.verifier)
        if exchange.user != self._store.username or command.get("$db") != "admin":
            return _error(18, "AuthenticationFailed", "Authentication failed.")
        if command.get("mechanism") != "SCRAM-SHA-256":
            return _error(334, "MechanismUnavailable", f"{SAYS_SO} knows SCRAM-SHA-256 only")
        self._exchange = exchange
        return {"conversationId": 1, "done": False, "payload": exchange.server_first.encode(), "ok": 1.0}

    def _finish_login(self, command: dict[str, Any]) -> dict[str, Any]:
        last = self._exchange.finish(bytes(command["payload"]).decode()) if self._exchange else None
        if last is None:
            return _error(18, "AuthenticationFailed", "Authentication failed.")
        self._logged_in = True
        return {"conversationId": 1, "done": True, "payload": last.encode(), "ok": 1.0}
