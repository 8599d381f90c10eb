"""Superset: its health and its logins, asked by httpx.

Facts: ``/health`` answers OK, ``/api/v1/security/login`` and ``/api/v1/me/`` are those of
https://superset.apache.org/docs/api. With ``force_https`` of Talisman (https://github.com/wntrblm/flask-talisman) all
but health leads whoever did not come by HTTPS there, which a header of the Ingress tells.
"""

import secrets
from collections.abc import Callable, Mapping

from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.probes.stores.web import Answer, ask, refusing_a_wrong_password, unexpected

_HEALTH, _LOGIN, _ME = "/health", "/api/v1/security/login", "/api/v1/me/"
_DASHBOARDS, _LOG = "/api/v1/dashboard/", "/api/v1/log/"
_BY_HTTPS = {"X-Forwarded-Proto": "https"}
"""What the Ingress tells of who came to it by HTTPS."""


def observe(target: Target, credentials: Credentials | None = None) -> StoreObservation:
    """Ask Superset; the login is that of a user of its own database (provider ``db``)."""
    with noting("superset", target, credentials) as notes:
        if notes.reach():
            _ask(notes)
        return notes.observation()


def _ask(notes: Notes) -> None:
    address = notes.target.address
    with notes.speaking("Superset", over="HTTP"):
        notes.line.tried(lambda: _health(notes))
        notes.found(Level.SPEAKS, f"{address} answers as Superset does")
        notes.found(Level.USABLE, f"{address}{_HEALTH} says OK")
    if not notes.ok(Level.SPEAKS):
        return
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        with notes.logging_in(notes.credentials):
            login = notes.credentials
            notes.line.tried(lambda: _log_in(notes, login))
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _anonymous(notes), as_whom="access without a login")
    refusing_a_wrong_password(notes, lambda: _wrong(notes))


def _health(notes: Notes) -> None:
    answer = ask(notes, "GET", _HEALTH)
    if answer.status != 200 or answer.body.strip() != b"OK":
        raise unexpected(notes, _HEALTH, answer, "OK")


def _as_by_the_ingress(asked: Callable[[Mapping[str, str]], Answer]) -> Answer:
    """Ask, and once more as somebody who came to the Ingress by HTTPS, where that is wanted."""
    answer = asked({})
    return asked(_BY_HTTPS) if 300 <= answer.status < 400 and answer.location.startswith("https://") else answer


def _log_in(notes: Notes, credentials: Credentials) -> str:
    body: dict[str, str | bool | SecretStr] = {
        "username": credentials.username or "",
        "password": credentials.password or SecretStr(""),
        "provider": "db",
        "refresh": False,
    }
    answer = _as_by_the_ingress(lambda headers: ask(notes, "POST", _LOGIN, body=body, headers=headers))
    if answer.status == 200 and "access_token" in answer.document():
        return f"user {credentials.username} gets a token"
    if answer.status in {400, 401, 403}:
        message = notes.said.sentence(answer.document().get("message") or f"HTTP {answer.status}")
        raise Trouble(Kind.UNAUTHORIZED, f"Superset says: {message}")
    raise unexpected(notes, _LOGIN, answer, "a token or a refusal")


def _anonymous(notes: Notes) -> str:
    """Ask who we are, and for what role Public may have the rights for: it says all the same that we are nobody.

    Dashboards may be shown to anybody on purpose; the log of all that is done is an administrator's alone.
    https://superset.apache.org/docs/security/#public (``AUTH_ROLE_PUBLIC``, ``PUBLIC_ROLE_LIKE``) and
    https://github.com/apache/superset/blob/master/superset/security/manager.py (``ADMIN_ONLY_VIEW_MENUS``)
    """
    answer = _as_by_the_ingress(lambda headers: ask(notes, "GET", _ME, headers=headers))
    if answer.status == 200:
        return f"{_ME} answers without a token"
    if answer.status not in {302, 401, 403}:
        raise unexpected(notes, _ME, answer, "a refusal")
    if _lists(notes, _LOG):
        return "it shows the log of all that is done to anybody: role Public has the rights of an administrator"
    if _lists(notes, _DASHBOARDS):
        notes.untold.append(f"{notes.target.address} lists its dashboards to anybody; see whether role Public is to")
    raise Trouble(Kind.UNAUTHORIZED, f"HTTP {answer.status}")


def _lists(notes: Notes, path: str) -> bool:
    answer = _as_by_the_ingress(lambda headers: ask(notes, "GET", path, headers=headers))
    return answer.status == 200 and "count" in answer.document()


def _wrong(notes: Notes) -> str:
    return _log_in(notes, Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12))))
