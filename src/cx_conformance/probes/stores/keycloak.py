"""Keycloak: its realm, its OIDC discovery and its keys, asked by httpx.

Facts: https://www.keycloak.org/securing-apps/oidc-layers and OpenID Connect Discovery 1.0. Without a fixed host name
the issuer is made from the request's own headers (https://www.keycloak.org/server/hostname), so that it is asked as
the Ingress would ask: https://www.keycloak.org/server/reverseproxy. The path ``/auth`` was the default before 17.
"""

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.probes.stores.notes import Notes, noting
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Target
from cx_conformance.probes.stores.trouble import Kind, Trouble
from cx_conformance.probes.stores.web import Answer, ask, refusing_a_wrong_password, unexpected

_OF_CLIENT = frozenset({"unauthorized_client", "invalid_client", "invalid_request", "unsupported_grant_type"})
"""Refusals that come before any password is looked at (RFC 6749, 5.2), as where a realm wants HTTPS."""
_BROKEN = "unexpected error when authenticating client"
"""What it says with ``unauthorized_client`` where it broke while it looked for the client, as without its database.

https://github.com/keycloak/keycloak/blob/24.0.0/services/src/main/java/org/keycloak/authentication/AuthenticationProcessor.java
(handleClientAuthException)
"""


class _Discovery(Struct, frozen=True, kw_only=True):
    """A realm's discovery document, empty where there is no such realm, and the path under which Keycloak serves."""

    root: str
    document: Mapping[str, str]


def observe(  # noqa: PLR0913 - what is known of a realm, all by name
    target: Target,
    credentials: Credentials | None = None,
    *,
    realm: str = "expertflow",
    context_paths: Sequence[str] = ("/auth", ""),
    told_path: str | None = None,
    fqdn: str | None = None,
) -> StoreObservation:
    """Ask Keycloak; ``fqdn`` is the host that the realm's issuer must name, None leaves that out.

    Its realms are looked for under the path that components are told, None where they are told none, and then under
    each of ``context_paths``. The login is the administrator's, in realm ``master``, and only tried when credentials
    are given.
    """
    with noting("keycloak", target, credentials) as notes:
        paths = (*(() if told_path is None else (told_path,)), *context_paths)
        roots = tuple(dict.fromkeys(path.rstrip("/") for path in paths))
        if notes.reach():
            _ask(notes, roots, realm, fqdn, told_path)
        return notes.observation()


def _ask(notes: Notes, roots: Sequence[str], realm: str, fqdn: str | None, told_path: str | None) -> None:
    address = notes.target.address
    discovery = _Discovery(root=roots[0], document={})
    with notes.speaking("Keycloak", over="HTTP"):
        discovery = notes.line.tried(lambda: _discover(notes, roots, realm))
        notes.found(Level.SPEAKS, f"{address} answers as Keycloak does")
    if not notes.ok(Level.SPEAKS):
        return
    root = discovery.root
    with notes.asking(Level.USABLE):
        if told_path is not None and root != told_path.rstrip("/"):
            words = f"{address} serves its realms under {root or '/'}, but the components are told {told_path or '/'}"
            raise Trouble(Kind.UNUSABLE, words)
        notes.line.tried(lambda: _judge(notes, root, realm, fqdn, discovery.document))
    if notes.credentials is None:
        notes.not_asked(Level.LOGS_IN, "no administrator's credentials are given")
    else:
        with notes.logging_in(notes.credentials):
            login = notes.credentials
            notes.line.tried(lambda: _token(notes, root, login))
    notes.refusing(Level.REFUSES_ANONYMOUS, lambda: _anonymous(notes, root), as_whom="administration without a login")
    refusing_a_wrong_password(notes, lambda: _wrong(notes, root))


def _discover(notes: Notes, roots: Sequence[str], realm: str) -> _Discovery:
    """Return the realm's discovery document from the first path that Keycloak serves realms under.

    The trouble is that of the first path, where the promise stands.
    """
    first: Trouble | None = None
    for root in roots:
        path = _discovery_path(root, realm)
        answer = ask(notes, "GET", path)
        document = answer.document()
        if answer.status == 200 and isinstance(document.get("issuer"), str):
            return _Discovery(root=root, document=_texts(document))
        if answer.status == 404 and "realm" in str(document.get("error", "")).lower():
            return _Discovery(root=root, document={})
        first = first or unexpected(notes, path, answer, "an OIDC discovery document")
        if answer.status != 404:
            break
    raise first or ValueError("no path to look under")


def _discovery_path(root: str, realm: str) -> str:
    return f"{root}/realms/{quote(realm, safe='')}/.well-known/openid-configuration"


def _texts(document: Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in document.items() if isinstance(value, str)}


def _issuer_outside(notes: Notes, root: str, realm: str, fqdn: str) -> str:
    """Return the issuer that somebody sees who comes by the Ingress; empty where none is told."""
    headers = {"Host": fqdn, "X-Forwarded-Host": fqdn, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}
    answer = ask(notes, "GET", _discovery_path(root, realm), headers=headers)
    return _texts(answer.document()).get("issuer", "") if answer.status == 200 else ""


def _judge(notes: Notes, root: str, realm: str, fqdn: str | None, discovery: Mapping[str, str]) -> None:
    address = notes.target.address
    if not discovery:
        raise Trouble(Kind.UNUSABLE, f"{address} has no realm {realm}; import it")
    issuer = notes.said(discovery["issuer"])
    if fqdn is not None and _host(discovery["issuer"]) != fqdn.lower():
        outside = _issuer_outside(notes, root, realm, fqdn)
        if _host(outside) == fqdn.lower():
            issuer = notes.said(outside)
    if fqdn is not None and _host(issuer) != fqdn.lower():
        words = f"{address}: the issuer of realm {realm} is {issuer}, which is not on {fqdn}; set the frontend URL"
        notes.failed(Level.USABLE, Kind.UNUSABLE, words, issuer=issuer)
        return
    path, answer = _keys(notes, root, realm, discovery)
    keys = answer.document().get("keys")
    if answer.status != 200 or not isinstance(keys, list):
        raise unexpected(notes, path, answer, "a set of keys")
    if not keys:
        raise Trouble(Kind.UNUSABLE, f"{address}: realm {realm} has no signing key, so no token can be verified")
    _enabled(notes, root, realm)
    notes.found(Level.USABLE, f"{address} has realm {realm} with issuer {issuer}", issuer=issuer, keys=len(keys))


def _keys(notes: Notes, root: str, realm: str, discovery: Mapping[str, str]) -> tuple[str, Answer]:
    """Return the path of the realm's keys, and what is answered there.

    The documented one is public: an Ingress that takes a part of it away (``hostname`` with a path, since Keycloak 25)
    leaves the keys where Keycloak has them itself. https://www.keycloak.org/server/hostname
    """
    own = f"{root}/realms/{quote(realm, safe='')}/protocol/openid-connect/certs"
    path = _path(discovery.get("jwks_uri", "")) or own
    answer = ask(notes, "GET", path)
    if answer.status == 404 and path != own:
        path, answer = own, ask(notes, "GET", own)
    return path, answer


def _enabled(notes: Notes, root: str, realm: str) -> None:
    """Raise Trouble for a realm that is switched off: its documents and keys are served all the same.

    The token endpoint says so before it looks for a kind of grant, a client or an account; none is named.
    https://github.com/keycloak/keycloak/blob/24.0.0/services/src/main/java/org/keycloak/protocol/oidc/endpoints/TokenEndpoint.java
    """
    path = f"{root}/realms/{quote(realm, safe='')}/protocol/openid-connect/token"
    answer = ask(notes, "POST", path, form={"client_id": PROBE_USER})
    if answer.status == 403 and answer.document().get("error") == "access_denied":
        words = f"realm {realm} is switched off, so nobody logs in to it ({_reason(notes, answer)})"
        raise Trouble(Kind.UNUSABLE, f"{notes.target.address}: {words}; enable it in its settings")


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
    if _BROKEN in str(answer.document().get("error_description", "")).lower():
        words = f"{notes.target.address}{path} breaks where it looks for a client ({_reason(notes, answer)})"
        raise Trouble(Kind.UNUSABLE, words)
    if answer.document().get("error") in _OF_CLIENT:
        # Client admin-cli may be closed to passwords; nothing was said of this one.
        raise Trouble(Kind.GAVE_UP, f"{notes.target.address} judges no password: {_reason(notes, answer)}")
    if answer.status in {400, 401, 403}:
        raise Trouble(Kind.UNAUTHORIZED, f"Keycloak says: {_reason(notes, answer)}")
    raise unexpected(notes, path, answer, "a token or a refusal")


def _reason(notes: Notes, answer: Answer) -> str:
    document = answer.document()
    return notes.said.sentence(document.get("error_description") or document.get("error") or f"HTTP {answer.status}")


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
