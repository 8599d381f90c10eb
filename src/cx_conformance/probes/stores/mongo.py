"""Mongo, asked by pymongo.

Facts: ``hello``, ``replSetGetStatus``, ``currentOp`` and the error codes are those of
https://www.mongodb.com/docs/manual/reference/command/ and ``src/mongo/base/error_codes.yml``.
"""

import asyncio
import linecache
import secrets
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import bson
import pymongo
from bson.errors import BSONError
from pydantic import SecretStr
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from cx_conformance.probes.stores.mongo_relay import relayed
from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation, Value
from cx_conformance.probes.stores.sniff import mongo_hello, recognise
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble

T = TypeVar("T")
Client = pymongo.AsyncMongoClient[dict[str, Any]]
"""The asynchronous one: its monitors are tasks that end with it, where the other leaves threads behind for a while."""

_NOT_AUTHORISED = frozenset({11, 13, 18, 8000})
"""UserNotFound, Unauthorized, AuthenticationFailed, AtlasError."""
_NOT_READY = frozenset({91, 11600, 13436, 10107, 189})
"""ShutdownInProgress, InterruptedAtShutdown, NotPrimaryOrSecondary, NotWritablePrimary, PrimarySteppedDown."""
_HEALTHY_STATES = frozenset({1, 2, 7})
"""PRIMARY, SECONDARY, ARBITER."""
_LARGEST_ANSWER = 1 << 20


def observe(
    target: Target, credentials: Credentials | None = None, *, replica_set: str | None = None
) -> StoreObservation:
    """Ask a Mongo server; ``replica_set`` is the set's promised name, None a standalone server or any set."""
    with noting("mongo", target, credentials) as notes:
        if notes.reach():
            _ask(notes, replica_set)
        return notes.observation()


def _ask(notes: Notes, replica_set: str | None) -> None:
    hello: dict[str, Any] = {}
    with notes.speaking("Mongo"):
        hello = notes.line.tried(lambda: _greeted(notes))
        notes.found(Level.SPEAKS, f"{notes.target.address} speaks Mongo")
    if not notes.ok(Level.SPEAKS):
        return
    if notes.target.tls is not None:
        notes.refusing(Level.REFUSES_PLAINTEXT, lambda: _in_plain(notes), as_whom="a connection without TLS")
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _anonymous(notes), as_whom="access without a login")
    if notes.credentials is None or notes.credentials.username is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        _log_in(notes, notes.credentials, hello, replica_set)
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes), as_whom="a wrong password")


def _greeted(notes: Notes) -> dict[str, Any]:
    """Return the answer to ``hello``; servers before 4.4.2 and 4.2.10 know it by its older name only."""
    hello = _hello(notes, notes.line.open())
    if not hello.get("ok"):
        hello = _hello(notes, notes.line.open(), "isMaster")
        hello["isWritablePrimary"] = hello.get("ismaster")
    return hello


def _hello(notes: Notes, sock: socket.socket, name: str = "hello") -> dict[str, Any]:
    """Return the answer to ``hello``, asked by hand: pymongo would wait out its time limit on any other server."""
    with sock:
        sock.sendall(mongo_hello(name))
        head = _exactly(sock, 16)
        length = struct.unpack("<i", head[:4])[0]
        if recognise(head) != "Mongo" or not 26 <= length <= _LARGEST_ANSWER:
            raise Trouble(Kind.WRONG_PROTOCOL, f"{notes.target.address} does not answer as Mongo does")
        body = _exactly(sock, length - 16)
    try:
        return bson.decode(body[5:])
    except BSONError:
        raise Trouble(Kind.WRONG_PROTOCOL, f"{notes.target.address} answers with a broken document") from None


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _in_plain(notes: Notes) -> str:
    try:
        _hello(notes, notes.line.dial())
    except (OSError, EOFError, Trouble) as error:
        trouble = notes.line.explain(error)
        if trouble.kind in {Kind.TIMED_OUT, Kind.GAVE_UP}:
            raise trouble from None
        raise Trouble(Kind.UNAUTHORIZED, "the server answers only over TLS") from None
    return "it answers hello without TLS; set net.tls.mode to requireTLS"


def _anonymous(notes: Notes) -> str:
    names = _said(notes, None, lambda client: client.list_database_names())
    return f"it lists its {len(names)} databases; set security.authorization"


def _wrong(notes: Notes) -> str:
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12)))
    _said(notes, nobody, lambda client: client.admin.command("ping"))
    return f"user {PROBE_USER} with a random password may log in"


def _log_in(notes: Notes, credentials: Credentials, hello: dict[str, Any], replica_set: str | None) -> None:
    async def ask(
        client: Client,
    ) -> tuple[dict[str, Any] | Trouble, dict[str, Any] | Trouble | None, dict[str, Any] | Trouble]:
        await client.admin.command("ping")
        built = await _beside(notes, client, "buildInfo")
        status = await _beside(notes, client, "replSetGetStatus") if hello.get("setName") else None
        # Of its own operations everybody may be told, and with them whether the server is locked.
        return built, status, await _beside(notes, client, "currentOp", {"$ownOps": True})

    built: dict[str, Any] | Trouble = {}
    status: dict[str, Any] | Trouble | None = None
    going_on: dict[str, Any] | Trouble = {}
    with notes.logging_in(credentials):
        try:
            built, status, going_on = notes.line.tried(lambda: _said(notes, credentials, ask))
        except Trouble as trouble:
            if trouble.kind is not Kind.UNAUTHORIZED or not hello.get("isreplicaset"):
                raise
            words = f"is of no replica set: it was never initiated, so that it has no users yet ({trouble.words})"
            raise Trouble(Kind.NOT_READY, f"{notes.target.address} {words}") from None
    if notes.ok(Level.LOGS_IN):
        version = notes.optional("its version", lambda: _raised(built))
        notes.version = notes.said((version or {}).get("version", ""), 40) or None
        told = None
        if status is not None:
            # An account needs the role clusterMonitor for it; some services that speak Mongo do not know it.
            told = notes.optional("the health of its set's members", lambda: _raised(status))
        members = (told or {}).get("members")
        with notes.asking(Level.USABLE):
            known = [one for one in members if isinstance(one, dict)] if isinstance(members, list) else None
            locked = not isinstance(going_on, Trouble) and bool(going_on.get("fsyncLock"))
            _judge(notes, hello | {"fsyncLock": locked}, known, replica_set)


async def _beside(
    notes: Notes, client: Client, command: str, options: Mapping[str, Any] | None = None
) -> dict[str, Any] | Trouble:
    """Return the answer to a question that is asked beside the login, or why there is none."""
    try:
        return await client.admin.command({command: 1, **(options or {})})
    except PyMongoError as error:
        return _explained(notes, client, error)


def _raised(answer: dict[str, Any] | Trouble) -> dict[str, Any]:
    if isinstance(answer, Trouble):
        raise answer
    return answer


def _judge(notes: Notes, hello: dict[str, Any], members: list[dict[str, Any]] | None, replica_set: str | None) -> None:
    """Tell whether components can write here, or at the primary that this member knows.

    ``hello`` says of itself what it answered, and whether it is locked (``fsyncLock``), which it tells elsewhere.
    """
    said, address = notes.said, notes.target.address
    name = said(hello["setName"], 60) if hello.get("setName") else None
    primary = bool(hello.get("isWritablePrimary"))
    role = (
        "primary"
        if primary and name
        else "standalone"
        if primary
        else "secondary"
        if hello.get("secondary")
        else "neither primary nor secondary"
    )
    detail: dict[str, Value] = {"role": role, "replica_set": name, "read_only": bool(hello.get("readOnly"))}
    sick = [
        f"{said(member.get('name', '?'), 80)} is {said(member.get('stateStr', 'unknown'), 30)}"
        for member in members or ()
        if member.get("state") not in _HEALTHY_STATES or member.get("health", 1) != 1
    ]
    faults = []
    if replica_set is not None and name != replica_set:
        faults.append(f"its replica set is {name or 'none'} where {replica_set} is promised")
    if hello.get("readOnly"):
        faults.append("it is read-only")
    if hello.get("fsyncLock") and primary:
        faults.append("it is locked against writes, as for a backup that has not ended (fsyncLock); db.fsyncUnlock()")
    if role == "neither primary nor secondary":
        faults.append("it is neither primary nor secondary; it is starting, recovering, or its set was never initiated")
    elif role == "secondary" and not hello.get("primary"):
        faults.append("it is a secondary and its set has no primary, so nothing can be written")
    if sick:
        faults.append("members of its set are not healthy: " + ", ".join(sick[:5]))
    if faults:
        kind = Kind.NOT_READY if role.startswith("neither") else Kind.UNUSABLE
        notes.failed(Level.USABLE, kind, f"{address}: " + "; ".join(faults), **detail)
    else:
        of_set = f" of replica set {name}" if name else ""
        writes = "takes writes" if primary else f"leaves writes to the primary, {said(hello.get('primary'), 80)}"
        notes.found(Level.USABLE, f"{address} is {role}{of_set} and {writes}", **detail)


def _said(notes: Notes, credentials: Credentials | None, ask: Callable[[Client], Awaitable[T]]) -> T:
    """Return what the client returns; raise Trouble in the words of Mongo."""
    return asyncio.run(_converse(notes, credentials, ask))


async def _converse(notes: Notes, credentials: Credentials | None, ask: Callable[[Client], Awaitable[T]]) -> T:
    async with relayed(notes.line) as relay:
        client = _client(notes, credentials, relay.address)
        try:
            async with asyncio.timeout(notes.line.remaining()):
                return await ask(client)
        except PyMongoError as error:
            # What the server itself says is an answer; whatever else came of what befell the relay.
            if relay.trouble is not None and not isinstance(error, OperationFailure):
                raise relay.trouble from None
            raise _explained(notes, client, error) from None
        finally:
            await client.close()


def _client(notes: Notes, credentials: Credentials | None, address: tuple[str, int]) -> Client:
    limit_ms = max(int(notes.line.patience() * 1000), 1)
    options: dict[str, Any] = {}
    if credentials is not None:
        options |= {
            "username": credentials.username,
            "password": credentials.password.get_secret_value() if credentials.password else "",
            "authSource": credentials.database or "admin",
        }
    client: Client = pymongo.AsyncMongoClient(
        *address,
        directConnection=True,
        connect=False,
        appname="cx-conformance",
        maxPoolSize=1,
        retryReads=False,
        serverMonitoringMode="poll",
        serverSelectionTimeoutMS=limit_ms,
        connectTimeoutMS=limit_ms,
        socketTimeoutMS=limit_ms,
        **options,
    )
    linecache.clearcache()  # it notes where it was made, for which Python reads the source of each frame: 2 MiB
    return client


def _explained(notes: Notes, client: Client, error: PyMongoError) -> Trouble:
    if isinstance(error, OperationFailure):
        text = notes.said.sentence((error.details or {}).get("errmsg") or error)
        if error.code in _NOT_AUTHORISED:
            return Trouble(Kind.UNAUTHORIZED, f"Mongo says: {text}")
        if error.code in _NOT_READY:
            return Trouble(Kind.NOT_READY, f"{notes.target.address} is not ready: {text}")
        return Trouble(Kind.ODD, f"{notes.target.address} answers with an error: {text}")
    if isinstance(error, ConfigurationError):
        # The components' drivers may well speak with one that is too old, or too new, for ours.
        return notes.line.explain(error)
    for description in client.topology_description.server_descriptions().values():
        if description.error is not None:
            return notes.line.explain(description.error, Kind.ODD)
    return notes.line.explain(error, Kind.ODD)
