"""PostgreSQL, asked by pg8000.

Facts: SSLRequest is that of https://www.postgresql.org/docs/current/protocol-flow.html; ``NO LOAD BALANCE`` asks the
primary behind a Pgpool-II (https://www.pgpool.net/docs/latest/en/html/runtime-config-load-balancing.html). Refusals are
told by SQLSTATE, and by the English words of poolers, which use few of them.
"""

import re
import secrets
import socket
import struct
from collections.abc import Sequence
from functools import partial

from msgspec import Struct, structs
from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.postgresql_session import Refused, Session
from cx_conformance.probes.stores.postgresql_trust import Trust, judge_trust, trust_of
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_UNENCRYPTED = re.compile("no encryption|SSL off")
"""What it adds to every refusal by pg_hba.conf of a connection without TLS, whether or not TLS would be let in; up to
PostgreSQL 13 the latter."""
_NO_RULE_FOR_LOOPBACK = re.compile(r'no pg_hba\.conf entry for host "(127\.0\.0\.1|::1)"')
_REFUSALS = (
    (
        ("57P01", "57P02", "57P03"),
        r"starting up|shutting down|recovery mode|not (yet )?accepting",
        Kind.NOT_READY,
        "{address} is not ready: ",
    ),
    (
        ("53300",),
        r"too many clients|connection slots|too many conn|no more connections",
        Kind.NOT_READY,
        "{address} has no connection left: ",
    ),
    ((), r"valid client certificate", Kind.TLS, "{address} wants a client certificate: "),
    (
        ("28000", "28P01", "42501"),
        (
            r"authentication failed|no password supplied|pg_hba\.conf|permission denied|not permitted"
            r'|role ".*" does not exist'
        ),
        Kind.UNAUTHORIZED,
        "PostgreSQL says: ",
    ),
)
"""The SQLSTATEs and the words, of which one will do, which kind of trouble it is, and how the sentence begins."""
_OF_NO_USE = ("3D000", "42501", "55000")
"""The SQLSTATEs of a database that is absent, closed to the account, or takes no connections."""
_OF_NO_ACCOUNT = ("28000", "28P01", *_OF_NO_USE)
"""The SQLSTATEs that somebody whom no server knows may be told once he is let in."""

_STATE = """
/*NO LOAD BALANCE*/
select current_setting('server_version'), pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0),
       (select count(*) from pg_stat_activity where pid <> pg_backend_pid()
        and (backend_type = 'client backend' or backend_type is null and datid is not null))
"""
"""Only some accounts are told what others' sessions are (pg_read_all_stats); one of the server's own has no database.

https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
"""


class _State(Struct, frozen=True, kw_only=True):
    in_recovery: bool = False
    read_only: bool = False
    connections: int = 0
    """Those of others."""
    max_connections: int = 0
    """Those that accounts without privileges may have."""


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
        prelude = partial(_ask_for_tls, notes)
        if notes.reach(prelude):
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
    try:
        with _opened(notes, credentials) as session:
            return _told(notes, session)
    except Refused as refused:
        raise _explained(notes, refused) from None


def _told(notes: Notes, session: Session) -> _Session:
    try:
        (row,) = session.ask(_STATE) or [["", False, False, 0, 0]]
        names = frozenset(str(name) for (name,) in session.ask("select datname from pg_database"))
    except Refused as refused:
        # The login was accepted; what it may not ask, or this server does not know, is no fault of either.
        said = _explained(notes, refused)
        told = said.kind in {Kind.ODD, Kind.UNAUTHORIZED, Kind.UNUSABLE}
        untold = Trouble(Kind.UNAUTHORIZED, said.words) if told else said
        return _Session(state=_State(), databases=frozenset(), trust=trust_of(session), untold=untold)
    version, recovering, read_only, most, used = row
    notes.version = notes.said(version, 40) or None
    state = _State(
        in_recovery=bool(recovering), read_only=bool(read_only), connections=int(used), max_connections=int(most)
    )
    return _Session(state=state, databases=names, trust=trust_of(session))


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
    try:
        with _opened(notes, credentials):
            return trusts
    except Refused as refused:
        if refused.admitted and refused.code in _OF_NO_ACCOUNT:
            return trusts
        raise _explained(notes, refused) from None


def _opened(notes: Notes, credentials: Credentials) -> Session:
    return Session(notes.line, credentials, partial(_ask_for_tls, notes))


def _explained(notes: Notes, refused: Refused) -> Trouble:
    # Words are looked for in what it says itself: a password may be one of them, and is masked in what is shown.
    text, shown = refused.words, notes.said.sentence(refused.words)
    address = notes.target.address
    wants_tls = _UNENCRYPTED.search(text) is not None and _offers_tls(notes)
    if _NO_RULE_FOR_LOOPBACK.search(text) and not wants_tls:
        words = (
            f"{address} lets nobody in on its own loopback, where a tunnel comes out ({shown}); "
            "run cx-conformance inside the cluster"
        )
        return Trouble(Kind.GAVE_UP, words)
    if refused.admitted and refused.code in _OF_NO_USE:
        return Trouble(Kind.UNUSABLE, f"{address} accepts the credentials, but {shown}")
    if wants_tls:
        return Trouble(Kind.TLS, f"{address} wants TLS: {shown}")
    for codes, pattern, kind, begin in _REFUSALS:
        if refused.code in codes or re.search(pattern, text):
            return Trouble(kind, f"{begin.format(address=address)}{shown}")
    return Trouble(Kind.ODD, f"{address} answers with an error: {shown}")
