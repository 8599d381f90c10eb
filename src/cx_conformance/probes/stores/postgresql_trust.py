"""Whom a PostgreSQL asks for no password: everybody, its own loopback only, or others than where we come in.

A port-forward comes out on the loopback of the pod, which the image of the PostgreSQL project trusts
(``host all all 127.0.0.1/32 trust``), while everybody else must log in; or the other way round.

Facts: https://www.postgresql.org/docs/current/view-pg-hba-file-rules.html (since 10, for superusers).
"""

from msgspec import Struct

from cx_conformance.probes.stores.notes import Notes
from cx_conformance.probes.stores.observation import Level
from cx_conformance.probes.stores.postgresql_session import Refused, Session
from cx_conformance.probes.stores.trouble import Kind

_ON_LOOPBACK = "select coalesce(inet_client_addr() <<= inet '127.0.0.0/8' or inet_client_addr() = inet '::1', true)"
_BEYOND = """
select exists (
    select from pg_hba_file_rules one
    where type like 'host%' and auth_method = 'trust' and error is null
    and address !~ '^(127\\.|::1$|localhost$|samehost$)'
    and ('replication' = any(one.database) or not exists (
        select from pg_hba_file_rules earlier
        where earlier.line_number < one.line_number and earlier.type = 'host' and earlier.address = 'all'
        and earlier.database = '{all}' and earlier.user_name = '{all}')))
"""
"""A rule counts unless one before it is for everybody; only that for replication is none of those for ``all``."""


class Trust(Struct, frozen=True, kw_only=True):
    """Where a session came in, and whether the server trusts anybody ``beyond`` its loopback; None: it is not told."""

    on_loopback: bool
    beyond: bool | None = None


def trust_of(session: Session) -> Trust:
    """Ask a session for it; what a server does not tell is taken for the usual."""
    on_loopback = bool(_told(session, _ON_LOOPBACK))
    return Trust(on_loopback=on_loopback, beyond=_told(session, _BEYOND))


def _told(session: Session, question: str) -> bool | None:
    try:
        rows = session.ask(question)
    except Refused:
        return None
    return bool(rows[0][0]) if rows else None


def judge_trust(notes: Notes, trust: Trust) -> None:
    """Take back what was only found because of where the question came in."""
    refusals = (Level.REFUSES_ANONYMOUS, Level.REFUSES_WRONG_PASSWORD)
    opened = [level for level in refusals if level in notes.findings and notes.findings[level].kind is Kind.OPEN]
    address = notes.target.address
    if trust.beyond and not opened:
        words = f"{address} asks some others than us for no password (method trust in its pg_hba.conf)"
        notes.failed(Level.REFUSES_ANONYMOUS, Kind.OPEN, words)
    if not opened or not trust.on_loopback or trust.beyond:
        return
    where = "on its own loopback, where the tunnel comes out"
    for level in opened:
        if trust.beyond is False:
            notes.found(level, f"{address} asks for no password {where}, and everybody else must log in")
        else:
            unseen = "whether it does elsewhere is in pg_hba.conf, which this account may not read"
            words = f"could not be told: {address} asks for no password {where}; {unseen}"
            notes.not_asked(level, words, Kind.LOOPBACK)
    if notes.ok(Level.LOGS_IN):
        inside = "run cx-conformance inside the cluster to have the password tried"
        notes.not_asked(Level.LOGS_IN, f"could not be told: {address} asks for no password {where}; {inside}")
