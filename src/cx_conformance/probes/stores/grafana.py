"""Grafana: its health and its logins, asked by httpx.

Facts: https://grafana.com/docs/grafana/latest/developers/http_api/other/#health-api and ``/api/org``; with
``serve_from_sub_path`` everything is under the path of ``root_url``, and Grafana redirects there from outside of it.
"""

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.probes.stores.web import Answer, ask, refusing_a_wrong_password, unexpected

_HEALTH, _ORGANISATION = "/api/health", "/api/org"
_NOBODY = "Unauthorized"
"""What it says to who shows nothing that it looks at; of a wrong password it speaks of user name and password.

https://github.com/grafana/grafana/blob/v11.0.0/pkg/services/authn/authnimpl/registration.go
"""


def observe(target: Target, credentials: Credentials | None = None) -> StoreObservation:
    """Ask Grafana, under its sub-path where it redirects to one."""
    with noting("grafana", target, credentials) as notes:
        if notes.reach():
            _ask(notes)
        return notes.observation()


def _ask(notes: Notes) -> None:
    root = ""
    with notes.speaking("Grafana", over="HTTP"):
        root = notes.line.tried(lambda: _root(notes))
        database = notes.line.tried(lambda: _health(notes, root))
        notes.found(Level.SPEAKS, f"{notes.target.address} answers as Grafana does")
        _judge(notes, root, database)
    if not notes.ok(Level.SPEAKS):
        return
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no credentials are given")
    else:
        with notes.logging_in(notes.credentials):
            login = notes.credentials
            notes.line.tried(lambda: _organisation(notes, root, login))
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _organisation(notes, root, None), as_whom="access without a login")
    refusing_a_wrong_password(notes, lambda: _wrong(notes, root))


def _root(notes: Notes) -> str:
    """Return the sub-path that Grafana redirects to; empty where it serves from no sub-path."""
    answer = ask(notes, "GET", _HEALTH)
    if 300 <= answer.status < 400:
        try:
            path = urlsplit(answer.location).path
        except ValueError:
            return ""
        if path.endswith(_HEALTH) and path.isascii() and path.isprintable() and " " not in path:
            return path.removesuffix(_HEALTH)
    return ""


def _health(notes: Notes, root: str) -> str:
    """Return what Grafana says of its database; it answers 503 when that is not ok."""
    path = root + _HEALTH
    answer = ask(notes, "GET", path)
    document = answer.document()
    if "database" not in document:
        raise unexpected(notes, path, answer, "JSON with database: ok")
    notes.version = notes.said(document.get("version", ""), 40) or None
    return notes.said(document["database"], 60)


def _judge(notes: Notes, root: str, database: str) -> None:
    path = f"{notes.target.address}{notes.said(root, 100)}{_HEALTH}"
    if database == "ok":
        notes.found(Level.USABLE, f"{path} says database: ok", database=database)
    else:
        words = f"{path} says database: {database} where ok is promised; look at Grafana's own database"
        notes.failed(Level.USABLE, Kind.NOT_READY, words, database=database)


def _organisation(notes: Notes, root: str, credentials: Credentials | None) -> str:
    path = root + _ORGANISATION
    answer = ask(notes, "GET", path, basic=credentials)
    if own := _own_name(answer):
        answer = ask(notes, "GET", path, basic=credentials, headers={"Host": own})
    if answer.status == 403 and credentials is not None and _lacks_rights(answer.document()):
        notes.untold.append(f"the organisation could not be told: user {credentials.username} may not see it")
        return f"user {credentials.username} may log in"
    if answer.status in {401, 403} or _of_password(answer.document()):
        message = notes.said.sentence(answer.document().get("message") or f"HTTP {answer.status}")
        if credentials is not None and answer.document().get("message") == _NOBODY:
            words = f"judges no password ({message}); basic authentication seems to be switched off (auth.basic)"
            raise Trouble(Kind.GAVE_UP, f"{notes.target.address} {words}")
        raise Trouble(Kind.UNAUTHORIZED, f"Grafana says: {message}")
    if answer.status == 200 and "name" in answer.document():
        if credentials is None:
            return "anybody may see the organisation; switch auth.anonymous off, or waive it where that is meant"
        return f"user {credentials.username} may see the organisation"
    raise unexpected(notes, path, answer, "the organisation or a refusal")


def _own_name(answer: Answer) -> str:
    """Return the host to which an answer leads, as with ``enforce_domain`` whoever asks for another; else nothing.

    https://github.com/grafana/grafana/blob/v11.0.0/pkg/middleware/validate_host.go
    """
    try:
        host = urlsplit(answer.location).hostname or ""
    except ValueError:
        return ""
    plain = host.isascii() and host.isprintable() and " " not in host
    return host if 300 <= answer.status < 400 and plain else ""


def _lacks_rights(document: Mapping[str, object]) -> bool:
    """Whether somebody is known and may not, which a wrong password never comes to: that is 401."""
    return "accessErrorId" in document or "permission" in str(document.get("message", "")).lower()


def _of_password(document: Mapping[str, object]) -> bool:
    """Whether a password was refused, which some versions (9.4) answer with 400."""
    return str(document.get("messageId", "")).startswith("password-auth.")


def _wrong(notes: Notes, root: str) -> str:
    nobody = Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12)))
    return _organisation(notes, root, nobody)
