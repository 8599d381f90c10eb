"""Redis, asked by redis-py.

Facts: error replies and their first words are those of https://redis.io/docs/latest/develop/reference/protocol-spec/
and of ``AUTH``, ``ACL`` and ``INFO`` in the command reference.
"""

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, cast

import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool
from redis.credentials import CredentialProvider
from redis.retry import Retry

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.redis_state import Write, Writing, judge, judge_by_write, number, tried_write
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble

T = TypeVar("T")

_SPOKE_FIRST = {"CONNECTION NOT READY", "CONNECTION HAS DATA"}
"""What redis-py says, in capitals, of a server that did not wait for a command."""

_OF_ITSELF = ("MISCONF ", "BUSY ")
"""How a server answers that fails to save or runs a script: MISCONF to PING too, which writes nothing.

It says so to nobody who has not logged in; what it means for the components is to be seen by INFO.
https://github.com/redis/redis/blob/7.2.4/src/server.c (processCommand)
"""


def observe(target: Target, credentials: Credentials | None = None) -> StoreObservation:
    """Ask a Redis server; ``credentials`` None leaves out the login."""
    with noting("redis", target, credentials) as notes:
        if notes.reach():
            _ask(notes)
        return notes.observation()


def observe_sentinel(
    target: Target, credentials: Credentials | None = None, *, master: str | None = None
) -> StoreObservation:
    """Ask a Redis Sentinel where its master is, whether it sees it up, and has its quorum.

    ``master`` is the name that the components ask for; None: the only one that it knows. A Sentinel without a
    password is not given any. Where the master is, stands in the details of usability as ``ip`` and ``port``.
    """
    with noting("redis-sentinel", target, credentials) as notes:
        if notes.reach():
            with notes.speaking("Redis"):
                notes.line.tried(lambda: _greet(notes))
        if notes.ok(Level.SPEAKS):
            needed = credentials if notes.ok(Level.REFUSES_ANONYMOUS) else None
            if needed is not None:
                with notes.logging_in(needed):
                    _said(notes, needed, _ping)
            if needed is None or notes.ok(Level.LOGS_IN):
                with notes.asking(Level.USABLE):
                    _judge_sentinel(notes, needed, master)
        return notes.observation()


def _judge_sentinel(notes: Notes, credentials: Credentials | None, master: str | None) -> None:
    address = notes.target.address
    name = master or _only_master(notes, credentials)
    try:
        state = _said(notes, credentials, lambda client: client.sentinel_master(name))
        quorum = _said(notes, credentials, lambda client: client.sentinel_ckquorum(name))
    except Trouble as trouble:
        if trouble.kind is not Kind.ODD:
            raise
        raise Trouble(Kind.UNUSABLE, f"{address}: Sentinel says of master {name}: {trouble.words}") from None
    known = cast("dict[str, object]", state) if isinstance(state, dict) else {}
    flags, host, port = notes.said(known.get("flags", ""), 60), notes.said(known.get("ip"), 200), known.get("port")
    if flags != "master":
        raise Trouble(Kind.UNUSABLE, f"{address}: Sentinel sees master {name} at {host}:{port} as {flags}")
    words = f"{address} knows master {name} at {host}:{port}"
    number = port if isinstance(port, int) else 0
    notes.found(Level.USABLE, words, flags=flags, quorum=notes.said(quorum, 100), ip=host, port=number)


def _only_master(notes: Notes, credentials: Credentials | None) -> str:
    known = _said(notes, credentials, lambda client: client.sentinel_masters())
    names = [notes.said(name, 60) for name in known] if isinstance(known, dict) else []
    if len(names) != 1:
        seen = f"{len(names)} masters ({', '.join(names[:5])})" if names else "no master"
        raise Trouble(Kind.UNUSABLE, f"{notes.target.address}: Sentinel knows {seen}, and no document names one")
    return names[0]


def _ask(notes: Notes) -> None:
    with notes.speaking("Redis"):
        notes.line.tried(lambda: _greet(notes))
    if not notes.ok(Level.SPEAKS):
        return
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        _log_in(notes, notes.credentials)
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes), as_whom="a wrong password")


def _greet(notes: Notes) -> None:
    """Ask without a login: the answer tells the protocol, and whether a login is needed."""
    address = notes.target.address
    try:
        _said(notes, None, _as_nobody)
    except Trouble as trouble:
        if trouble.kind is not Kind.UNAUTHORIZED:
            raise
        notes.found(Level.REFUSES_ANONYMOUS, f"{address} refuses commands without a login")
    else:
        words = f"{address} answers PING without a login; set requirepass or ACL users"
        notes.failed(Level.REFUSES_ANONYMOUS, Kind.OPEN, words)
    notes.found(Level.SPEAKS, f"{address} speaks Redis")


def _log_in(notes: Notes, credentials: Credentials) -> None:
    with notes.logging_in(credentials):
        notes.line.tried(lambda: _said(notes, credentials, _ping))
    if not notes.ok(Level.LOGS_IN):
        return
    with notes.asking(Level.USABLE, of_account=True):
        try:
            told = notes.line.tried(lambda: _said(notes, credentials, lambda client: client.info()))
        except Trouble as trouble:
            # Some services that speak Redis do not know INFO, and not every account may ask for it.
            if trouble.kind not in {Kind.ODD, Kind.UNAUTHORIZED}:
                raise
            if judge_by_write(notes, _write(notes, credentials)):
                return
            raise Trouble(Kind.UNAUTHORIZED, trouble.words) from None
        information = cast("dict[str, object]", told)
        cluster = _cluster(notes, credentials) if number(information, "cluster_enabled") else {}
        judge(notes, information, cluster, _write(notes, credentials))


def _cluster(notes: Notes, credentials: Credentials) -> dict[str, object]:
    """Return what a server of a Redis Cluster says of that; empty where it is not told."""
    said = notes.optional(
        "the state of its cluster",
        lambda: _said(notes, credentials, lambda client: client.cluster("info")),
    )
    return cast("dict[str, object]", said) if isinstance(said, dict) else {}


def _write(notes: Notes, credentials: Credentials) -> Write:
    """Return what becomes of a write; untold where the question is not answered."""
    told = notes.optional("whether it takes writes", lambda: _said(notes, credentials, tried_write))
    return told or Write(Writing.UNTOLD)


def _ping(client: redis.Redis) -> None:
    """Send PING; an ACL user who may not has logged in all the same."""
    with suppress(redis.exceptions.NoPermissionError):
        _answered(client)


def _answered(client: redis.Redis) -> None:
    """Send PING, and take for an answer what only who was let in is told."""
    try:
        client.ping()
    except redis.exceptions.ResponseError as error:
        if not str(error).startswith(_OF_ITSELF):
            raise


def _as_nobody(client: redis.Redis) -> None:
    """Send PING, and GET of a key of no component: an ACL may let everybody do the one, for probes, not the other."""
    _answered(client)
    try:
        client.get(PROBE_USER)
    except redis.exceptions.NoPermissionError as error:
        if "'get' command" in str(error):
            raise
        # It may be any key but this one that everybody reads.
    except redis.exceptions.ResponseError:
        return  # a Sentinel has no keys


def _wrong(notes: Notes) -> str:
    """Log in as nobody; needs the two-argument AUTH of Redis 6 and later."""
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12)))
    _said(notes, nobody, lambda client: client.ping())
    return f"user {PROBE_USER} with a random password may log in"


def _said(notes: Notes, credentials: Credentials | None, ask: Callable[[redis.Redis], T]) -> T:
    """Return what the client returns on a connection of its own; raise Trouble in the words of Redis."""
    pool = ConnectionPool(
        connection_class=_Dialled,
        line=notes.line,
        max_connections=1,
        protocol=2,
        driver_info=None,
        retry=Retry(NoBackoff(), 0),
        credential_provider=_Provider(credentials) if credentials else None,
    )
    client = redis.Redis(connection_pool=pool)
    try:
        return ask(client)
    except redis.RedisError as error:
        raise _explained(notes, error) from None
    finally:
        client.close()
        pool.disconnect()


def _explained(notes: Notes, error: redis.RedisError) -> Trouble:
    address = notes.target.address
    text, plain = notes.said.sentence(error), notes.said(error).upper()
    if why := _not_ready(notes, error, plain):
        return Trouble(Kind.NOT_READY, f"{address} {why}")
    if isinstance(error, redis.exceptions.AuthenticationError | redis.exceptions.NoPermissionError) or plain.startswith(
        ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "-DENIED")
    ):
        return Trouble(Kind.UNAUTHORIZED, f"Redis says: {text}")
    if isinstance(error, redis.exceptions.ResponseError) and not isinstance(error, redis.exceptions.InvalidResponse):
        return Trouble(Kind.ODD, f"{address} answers with an error: {text}")
    if "CONNECTION CLOSED" in plain:
        return notes.line.explain(ConnectionResetError())
    return notes.line.explain(error, Kind.ODD)


def _not_ready(notes: Notes, error: redis.RedisError, plain: str) -> str | None:
    """Say why a server serves nobody just now; ``plain`` are the error's words in capitals."""
    if isinstance(error, redis.exceptions.BusyLoadingError) or plain.startswith(("LOADING", "REDIS IS LOADING")):
        return "is still loading its data; look again when it is done"
    if isinstance(error, redis.exceptions.MasterDownError):
        return "is a replica whose master is down"
    if plain.startswith("BUSY "):
        return "runs a script that does not end, and serves nobody until then; SCRIPT KILL ends it"
    if plain in _SPOKE_FIRST and (turned_away := _unasked(notes)):
        return f"turns its clients away: {turned_away}"
    return None


def _unasked(notes: Notes) -> str:
    """Return what the server says to whoever connects, as where it has too many clients or is in protected mode."""
    with suppress(OSError, Trouble), notes.line.open() as sock:
        return notes.said.sentence(sock.recv(200)).removeprefix("-").removeprefix("ERR ")
    return ""


class _Dialled(Connection):
    """A connection on a socket of the line, which verifies the promised name also through a tunnel."""

    def __init__(self, *, line: Line, **kwargs: object) -> None:
        super().__init__(host=line.target.host, port=line.target.port, **kwargs)  # type: ignore[no-untyped-call] # redis-py's own
        self._line = line

    def _connect(self) -> socket.socket:
        self.socket_timeout = self._line.patience()
        return self._line.open()


class _Provider(CredentialProvider):
    """Gives the password at the moment of AUTH, so that no object of the library keeps it."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._credentials.password.get_secret_value() if self._credentials.password else ""
        return (self._credentials.username, password) if self._credentials.username else (password,)
