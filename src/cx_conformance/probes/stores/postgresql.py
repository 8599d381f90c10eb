"""PostgreSQL, asked by psycopg.

Facts: SSLRequest is that of https://www.postgresql.org/docs/current/protocol-flow.html, the parameters those of
https://www.postgresql.org/docs/current/libpq-connect.html; ``NO LOAD BALANCE`` asks the primary behind a Pgpool-II
(https://www.pgpool.net/docs/latest/en/html/runtime-config-load-balancing.html). libpq gives no SQLSTATE for a refused
login, so refusals are told by the server's English words (errcodes 28P01, 28000, 3D000, 57P03, 53300).
"""

import math
import os
import re
import secrets
import socket
import struct
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import psycopg
from msgspec import Struct, structs
from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.postgresql_trust import Trust, judge_trust, trust_of
from cx_conformance.probes.stores.relay import Relay
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.tls import CertificateFolder
from cx_conformance.probes.stores.trouble import Kind, Trouble

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_SERVERS_WORDS = re.compile(r"FATAL:\s+|ERROR:\s+")
"""What begins a sentence of the server's own, as https://www.postgresql.org/docs/current/protocol-error-fields.html."""
_UNENCRYPTED = "no encryption"
"""What it adds to every refusal by pg_hba.conf of a connection without TLS, whether or not TLS would be let in."""
_NO_RULE_FOR_LOOPBACK = re.compile(r'no pg_hba\.conf entry for host "(127\.0\.0\.1|::1)"')
_REFUSALS = (
    (r"starting up|shutting down|recovery mode|not (yet )?accepting", Kind.NOT_READY, "{address} is not ready: "),
    (r"too many clients|connection slots|too many conn", Kind.NOT_READY, "{address} has no connection left: "),
    (r'database ".*" does not exist', Kind.UNUSABLE, "{address} accepts the credentials, but "),
    (_UNENCRYPTED, Kind.TLS, "{address} wants TLS: "),
    (r"valid client certificate", Kind.TLS, "{address} wants a client certificate: "),
    (
        (
            r"authentication failed|no password supplied|pg_hba\.conf|permission denied|not permitted"
            r'|role ".*" does not exist'
        ),
        Kind.UNAUTHORIZED,
        "PostgreSQL says: ",
    ),
)
"""What the server says, which kind of trouble it is, and how the sentence begins."""
_NO_FILE = os.path.join(os.devnull, "none")  # noqa: PTH118 - a path for libpq, which reads the caller's own else
_LIBPQ_LEAST_S = 2
"""libpq waits no shorter for a connection."""

_STATE = """
/*NO LOAD BALANCE*/
select current_setting('server_version'), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       (select count(*) from pg_stat_activity where backend_type = 'client backend' or backend_type is null)
"""


class _State(Struct, frozen=True, kw_only=True):
    in_recovery: bool = False
    read_only: bool = False
    connections: int = 0
    max_connections: int = 0


class _Session(Struct, frozen=True, kw_only=True):
    """What a login was told."""

    state: _State
    databases: frozenset[str]
    trust: Trust
    untold: Trouble | None = None
    """Why nothing is known of its state; None: it is."""


def observe(
    target: Target,
    credentials: Credentials | None = None,
    *,
    databases: Sequence[str] = ("licenseManager", "keycloak_db"),
) -> StoreObservation:
    """Ask a PostgreSQL server; ``databases`` must exist. The login goes to the credentials' database."""
    with noting("postgresql", target, credentials) as notes:

        def prelude(sock: socket.socket) -> None:
            _ask_for_tls(notes, sock)

        if notes.reach(prelude if target.tls is not None else None):
            with notes.speaking("PostgreSQL", prelude):
                if target.tls is None:
                    notes.line.tried(lambda: _greet(notes))
                notes.found(Level.SPEAKS, f"{target.address} speaks PostgreSQL")
        if notes.ok(Level.SPEAKS):
            _ask(notes, databases)
        return notes.observation()


def _ask(notes: Notes, databases: Sequence[str]) -> None:
    # A tunnel's local end is this machine's loopback, and its other end the pod's.
    trust = Trust(on_loopback=notes.target.connect_to is not None)
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _anonymous(notes), as_whom="access without a password")
    if notes.credentials is None or notes.credentials.username is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        trust = _log_in(notes, notes.credentials, databases) or trust
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes), as_whom="a wrong password")
    judge_trust(notes, trust)


def _offer(notes: Notes, sock: socket.socket) -> bytes:
    """Ask whether the server speaks TLS; every PostgreSQL answers with S or N."""
    sock.sendall(_SSL_REQUEST)
    answer = sock.recv(1)
    if not answer:
        raise EOFError
    if answer not in {b"S", b"N"}:
        raise Trouble(Kind.WRONG_PROTOCOL, f"{notes.target.address} does not answer as PostgreSQL does")
    return answer


def _ask_for_tls(notes: Notes, sock: socket.socket) -> None:
    if _offer(notes, sock) == b"N":
        words = f"{notes.target.address} speaks PostgreSQL in plain where TLS is promised"
        raise Trouble(Kind.WRONG_PROTOCOL, words)


def _offers_tls(notes: Notes) -> bool:
    try:
        with notes.line.dial() as sock:
            return _offer(notes, sock) == b"S"
    except (OSError, EOFError, Trouble) as error:
        if notes.line.explain(error).kind in {Kind.TIMED_OUT, Kind.GAVE_UP}:
            words = f"{notes.target.address} lets nobody in without TLS, and did not tell in time whether it speaks it"
            raise Trouble(Kind.GAVE_UP, words) from None
        return True  # it was not told, so that its own words count


def _greet(notes: Notes) -> None:
    with notes.line.dial() as sock:
        _offer(notes, sock)


def _log_in(notes: Notes, credentials: Credentials, databases: Sequence[str]) -> Trust | None:
    missing: Trouble | None = None
    session: _Session | None = None
    with notes.logging_in(credentials):
        try:
            session = notes.line.tried(lambda: _session(notes, credentials))
        except Trouble as trouble:
            if trouble.kind is not Kind.UNUSABLE:
                raise
            missing = trouble
    if notes.ok(Level.LOGS_IN):
        with notes.asking(Level.USABLE, of_account=True):
            if missing is not None:
                raise missing
            if session is not None and session.untold is not None:
                raise session.untold
            if session is not None:
                _judge(notes, session.state, sorted(set(databases) - session.databases), databases)
    return session.trust if session is not None else None


def _session(notes: Notes, credentials: Credentials) -> _Session:
    with ExitStack() as stack:
        connection = _connected(notes, credentials, stack)
        try:
            row = connection.execute(_STATE).fetchone() or ("", False, False, 0, 0)
            names = frozenset(str(name) for (name,) in connection.execute("select datname from pg_database"))
        except psycopg.Error as error:
            # The login was accepted; what it may not ask, or this server does not know, is no fault of either.
            trouble = _explained(notes, error)
            told = trouble.kind in {Kind.ODD, Kind.UNAUTHORIZED}
            untold = Trouble(Kind.UNAUTHORIZED, trouble.words) if told else trouble
            return _Session(state=_State(), databases=frozenset(), trust=trust_of(connection), untold=untold)
        trust = trust_of(connection)
    version, recovering, read_only, most, used = row
    notes.version = notes.said(version, 40) or None
    state = _State(
        in_recovery=bool(recovering), read_only=bool(read_only), connections=int(used), max_connections=int(most)
    )
    return _Session(state=state, databases=names, trust=trust)


def _judge(notes: Notes, state: _State, missing: Sequence[str], databases: Sequence[str]) -> None:
    address, faults = notes.target.address, []
    if missing:
        faults.append(f"it has no database {', '.join(missing)}")
    if state.in_recovery:
        faults.append("it is in recovery, so nothing can be written")
    elif state.read_only:
        faults.append("its transactions are read-only by default, so nothing can be written")
    if state.connections >= state.max_connections:
        faults.append(f"all of its {state.max_connections} connections are taken")
    if faults:
        notes.failed(Level.USABLE, Kind.UNUSABLE, f"{address}: " + "; ".join(faults), **structs.asdict(state))
    else:
        has = f"has {', '.join(databases)} and " if databases else ""
        notes.found(Level.USABLE, f"{address} {has}takes writes", **structs.asdict(state))


def _anonymous(notes: Notes) -> str:
    """Connect without a password as somebody whom no server knows: one that trusts everybody says just that."""
    return _nobody(notes, Credentials(username=PROBE_USER, database="postgres"))


def _wrong(notes: Notes) -> str:
    password = SecretStr(secrets.token_urlsafe(12))
    return _nobody(notes, Credentials(username=PROBE_USER, password=password, database="postgres"))


def _nobody(notes: Notes, credentials: Credentials) -> str:
    trusts = "it asks for no password (method trust in pg_hba.conf)"
    with ExitStack() as stack:
        try:
            _connected(notes, credentials, stack)
        except Trouble as trouble:
            if re.search(rf'role "{PROBE_USER}" does not exist', trouble.words):
                return trusts
            raise
    return trusts


def _connected(notes: Notes, credentials: Credentials, stack: ExitStack) -> psycopg.Connection[tuple[Any, ...]]:
    """Return a connection over the line that is closed with the stack."""
    target, line = notes.target, notes.line
    options: dict[str, Any] = {"sslmode": "disable"}
    if target.tls is not None:
        folder = stack.enter_context(CertificateFolder(target.tls))
        # libpq compares the name wherever the system's own authorities count.
        verified = "verify-full" if target.tls.check_hostname or folder.ca is None else "verify-ca"
        options = {
            "sslmode": verified if target.tls.unverified is None else "require",
            "sslrootcert": (str(folder.ca) if folder.ca else "system") if target.tls.unverified is None else _NO_FILE,
            "sslcert": str(folder.certificate) if folder.certificate else None,
            "sslkey": str(folder.key) if folder.key else None,
            "sslcertmode": "allow" if folder.certificate else "disable",
        }
    relay = stack.enter_context(Relay(line))
    try:
        connection = psycopg.connect(
            host=target.host,
            hostaddr=relay.address[0],  # so that certificates are compared with the promised name
            port=relay.address[1],
            user=credentials.username,
            password=credentials.password.get_secret_value() if credentials.password else "",
            dbname=credentials.database or "postgres",
            connect_timeout=max(math.ceil(line.patience()), _LIBPQ_LEAST_S),
            application_name="cx-conformance",
            passfile=_NO_FILE,
            gssencmode="disable",
            autocommit=True,
            **options,
        )
    except psycopg.Error as error:
        raise _explained(notes, error) from None
    stack.callback(connection.close)
    return connection


def _explained(notes: Notes, error: psycopg.Error) -> Trouble:
    whole = str(error)
    # A server that has said its last word ends the connection, which libpq no more needs to hear of.
    if notes.line.broken is not None and not _SERVERS_WORDS.search(whole):
        return notes.line.broken
    said = re.split(rf"{_SERVERS_WORDS.pattern}|failed: ", whole)[-1].strip()
    text, shown = notes.said(said), notes.said.sentence(said)
    if isinstance(error, psycopg.errors.ConnectionTimeout) or "timeout expired" in text:
        return notes.line.explain(TimeoutError())
    if "closed the connection unexpectedly" in text or "Connection reset" in text:
        return notes.line.explain(ConnectionResetError())
    in_plain = _UNENCRYPTED in text and not _offers_tls(notes)
    if _NO_RULE_FOR_LOOPBACK.search(text) and (in_plain or _UNENCRYPTED not in text):
        words = (
            f"{notes.target.address} lets nobody in on its own loopback, where a tunnel comes out ({shown}); "
            "run cx-conformance inside the cluster"
        )
        return Trouble(Kind.GAVE_UP, words)
    for pattern, kind, begin in _REFUSALS:
        if re.search(pattern, text) and not (in_plain and pattern == _UNENCRYPTED):
            return Trouble(kind, f"{begin.format(address=notes.target.address)}{shown}")
    return Trouble(Kind.ODD, f"{notes.target.address} answers with an error: {shown}")
