"""Keycloak: its realm, its OIDC discovery and its keys, asked by httpx.

Facts: https://www.keycloak.org/securing-apps/oidc-layers and OpenID Connect Discovery 1.0.
"""

import secrets
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.probes.stores.web import Answer, ask, unexpected


def observe(
    target: Target,
    credentials: Credentials | None = None,
    *,
    realm: str = "expertflow",
    context_path: str = "/auth",
    fqdn: str | None = None,
) -> StoreObservation:
    """Ask Keycloak; ``fqdn`` is the host that the realm's issuer must name, None leaves that out.

    The login is the administrator's, in realm ``master``, and only tried when credentials are given.
    """
    with noting("keycloak", target, credentials) as notes:
        root = context_path.rstrip("/")
        if notes.reach():
            _ask(notes, root, realm, fqdn)
        return notes.observation()


def _ask(notes: Notes, root: str, realm: str, fqdn: str | None) -> None:
    address = notes.target.address
    discovery: dict[str, str] = {}
    with notes.speaking("Keycloak", over="HTTP"):
        discovery = notes.line.tried(lambda: _discover(notes, root, realm))
        notes.found(Level.SPEAKS, f"{address} answers as Keycloak does")
    if not notes.ok(Level.SPEAKS):
        return
    with notes.asking(Level.USABLE):
        _judge(notes, root, realm, fqdn, discovery)
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no administrator's credentials are given")
    else:
        with notes.logging_in(notes.credentials):
            _token(notes, root, notes.credentials)
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _anonymous(notes, root), as_whom="administration without a login")
    notes.refusing(Level.REFUSES_WRONG_PASSWORD, lambda: _wrong(notes, root), as_whom="a wrong password")


def _discover(notes: Notes, root: str, realm: str) -> dict[str, str]:
    """Return the realm's discovery document; an empty one when Keycloak says that it has no such realm."""
    path = f"{root}/realms/{quote(realm, safe='')}/.well-known/openid-configuration"
    answer = ask(notes, "GET", path)
    document = answer.document()
    if answer.status == 200 and isinstance(document.get("issuer"), str):
        return {name: value for name, value in document.items() if isinstance(value, str)}
    if answer.status == 404 and "realm" in str(document.get("error", "")).lower():
        return {}
    raise unexpected(notes, path, answer, "an OIDC discovery document")


def _judge(notes: Notes, root: str, realm: str, fqdn: str | None, discovery: dict[str, str]) -> None:
    address = notes.target.address
    if not discovery:
        raise Trouble(Kind.UNUSABLE, f"{address} has no realm {realm}; import it")
    issuer = notes.said(discovery["issuer"])
    if fqdn is not None and _host(discovery["issuer"]) != fqdn.lower():
        words = f"{address}: the issuer of realm {realm} is {issuer}, which is not on {fqdn}; set the frontend URL"
        notes.failed(Level.USABLE, Kind.UNUSABLE, words, issuer=issuer)
        return
    path = (
        _path(discovery.get("jwks_uri", "")) or f"{root}/realms/{quote(realm, safe='')}/protocol/openid-connect/certs"
    )
    answer = ask(notes, "GET", path)
    keys = answer.document().get("keys")
    if answer.status != 200 or not isinstance(keys, list):
        raise unexpected(notes, path, answer, "a set of keys")
    if not keys:
        raise Trouble(Kind.UNUSABLE, f"{address}: realm {realm} has no signing key, so no token can be verified")
    notes.found(Level.USABLE, f"{address} has realm {realm} with issuer {issuer}", issuer=issuer, keys=len(keys))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _path(url: str) -> str:
    """Return the path of a URL: the keys are asked for where we are, not at the public name."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return path if path.isascii() and path.isprintable() and " " not in path else ""


def _token(notes: Notes, root: str, credentials: Credentials) -> str:
    path = f"{root}/realms/master/protocol/openid-connect/token"
    form: dict[str, str | SecretStr] = {
        "grant_type": "password",
        "client_id": "admin-cli",
        "username": credentials.username or "admin",
        "password": credentials.password or SecretStr(""),
    }
    answer = ask(notes, "POST", path, form=form)
    if answer.status == 200 and "access_token" in answer.document():
        return f"user {credentials.username} gets a token"
    if answer.status in {400, 401, 403}:
        raise Trouble(Kind.UNAUTHORIZED, f"Keycloak says: {_reason(notes, answer)}")
    raise unexpected(notes, path, answer, "a token or a refusal")


def _reason(notes: Notes, answer: Answer) -> str:
    document = answer.document()
    return notes.said(document.get("error_description") or document.get("error") or f"HTTP {answer.status}")


def _anonymous(notes: Notes, root: str) -> str:
    path = f"{root}/admin/realms"
    answer = ask(notes, "GET", path)
    if answer.status in {401, 403}:
        raise Trouble(Kind.UNAUTHORIZED, f"HTTP {answer.status}")
    if answer.status == 200:
        return "it lists its realms"
    raise unexpected(notes, path, answer, "a refusal")


def _wrong(notes: Notes, root: str) -> str:
    return _token(notes, root, Credentials(username=PROBE_USER, password=SecretStr(secrets.token_urlsafe(12))))
