"""A person's login to Keycloak, as applications make it: a token for a password, and the userinfo endpoint with it.

The request is OAuth's resource owner password grant (RFC 6749, 4.3), which Keycloak calls "direct access grants":
https://www.keycloak.org/securing-apps/oidc-layers. It counts as a login: a wrong password is a failed one, and enough
of those lock the account (https://www.keycloak.org/docs/latest/server_admin/#password-guess-brute-force-attacks), so
that it is sent once, over a connection whose certificate was verified, and never again. Realm and client are asked for
before, which costs no account anything.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.wire.bounds import TooMuch
from cx_conformance.wire.json_text import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cx_conformance.probes.http_observation import HttpObservation
    from cx_conformance.probes.ingress import EntryPoint

_TOKEN_BYTES: Final = 1 << 18
"""Of an answer that holds a token: one with many roles is long."""
_OF_CLIENT: Final = frozenset(
    {"unauthorized_client", "invalid_client", "invalid_request", "unsupported_grant_type", "invalid_scope"}
)
"""Refusals that come before any password is looked at (RFC 6749, 5.2)."""
_BROKEN: Final = "unexpected error when authenticating client"
"""What Keycloak says with ``unauthorized_client`` where it broke while it looked for the client.

https://github.com/keycloak/keycloak/blob/24.0.0/services/src/main/java/org/keycloak/authentication/AuthenticationProcessor.java
(handleClientAuthException)
"""


class Ending(StrEnum):
    """How one question ended."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNTOLD = "untold"
    """No answer tells of the account."""


class Said(Struct, frozen=True, kw_only=True):
    """What came of one question, in one sentence without anything secret."""

    ending: Ending
    words: str


class SignIn(Struct, frozen=True, kw_only=True):
    """What came of one login; ``attempted`` says whether a password was sent, and so may have been counted."""

    token: Said
    userinfo: Said
    attempted: bool


class Person(Struct, frozen=True, kw_only=True):
    """Who logs in, and by which client of which realm; ``root`` is the path under which Keycloak serves."""

    username: str
    password: SecretStr
    client: str
    client_secret: SecretStr | None
    realm: str
    root: str

    def path(self, endpoint: str) -> str:
        """Return the path of an endpoint of OpenID Connect."""
        return f"{self.realm_path}/protocol/openid-connect/{endpoint}"

    @property
    def realm_path(self) -> str:
        """Return the path at which Keycloak says what it is and which realm that is."""
        return f"{self.root.rstrip('/')}/realms/{quote(self.realm, safe='')}"


def sign_in(entry: EntryPoint, person: Person, learn: Callable[[SecretStr], None]) -> SignIn:
    """Log ``person`` in, once, through ``entry``, and out again; ``learn`` hears every secret that comes back.

    Raises nothing for what a server does.
    """
    realm = entry.get(entry.request(person.realm_path, trust=entry.trust))
    if realm.failure or realm.status != 200 or _document(realm).get("realm") != person.realm:
        said = realm.words if realm.failure else f"{realm.url}: answered {realm.status} {realm.reason}".strip()
        return _unasked(f"nobody logged in, for realm {person.realm} was not found before: {said}")
    answer = _asked_once(entry, person)
    document = _document(answer)
    tokens = {name: value for name, value in document.items() if name.endswith("_token") and isinstance(value, str)}
    for value in tokens.values():
        learn(SecretStr(value))
    if answer.status != 200 or "access_token" not in tokens:
        return SignIn(token=_refusal(answer, document, person), userinfo=_not_reached(), attempted=True)
    granted = Said(ending=Ending.GRANTED, words=f"{person.username} gets a token of realm {person.realm}")
    userinfo = _userinfo(entry, person, SecretStr(tokens["access_token"]))
    if "refresh_token" in tokens:
        _log_out(entry, person, SecretStr(tokens["refresh_token"]))
    return SignIn(token=granted, userinfo=userinfo, attempted=True)


def _asked_once(entry: EntryPoint, person: Person) -> HttpObservation:
    """Send the password: one request, no second one beside it or after it."""
    form = {
        "grant_type": SecretStr("password"),
        "scope": SecretStr("openid"),
        "username": SecretStr(person.username),
        "password": person.password,
    }
    return _posted(entry, person, "token", form)


def _log_out(entry: EntryPoint, person: Person, refresh: SecretStr) -> None:
    """End the session that the login began; where that fails it ends by itself, when it has been idle for long."""
    _posted(entry, person, "logout", {"refresh_token": refresh})


def _posted(entry: EntryPoint, person: Person, endpoint: str, form: Mapping[str, SecretStr]) -> HttpObservation:
    import asyncio

    from cx_conformance.probes.http_attempt import Attempt  # a static run sends nothing

    own = {"client_id": SecretStr(person.client)}
    if person.client_secret is not None:
        own["client_secret"] = person.client_secret
    request = replace(entry.request(person.path(endpoint), trust=entry.trust), form={**own, **form})
    limits = replace(entry.limits, body_bytes=_TOKEN_BYTES)
    return asyncio.run(Attempt(request, limits).run())


def _refusal(answer: HttpObservation, document: Mapping[str, Any], person: Person) -> Said:
    """Return what the answer says of the account, as Keycloak words it."""
    if answer.failure:
        return _untold(f"{answer.words}; whether the password was judged is not known, and nobody tries again")
    said = _said(document, answer)
    if document.get("error") in _OF_CLIENT:
        return _of_client(answer, said, person)
    if document.get("error") == "invalid_grant":
        return Said(ending=Ending.REFUSED, words=_of_account(said, person))
    if document.get("error") == "access_denied":
        # The realm is switched off ("Realm not enabled"), or its flow lets nobody in.
        return Said(ending=Ending.REFUSED, words=f"{answer.url}: realm {person.realm} lets nobody log in ({said})")
    if answer.status is not None and answer.status >= 500:
        return Said(ending=Ending.REFUSED, words=f"{answer.url}: answered {answer.status} to a login ({said})")
    return _untold(
        f"{answer.url}: answered {answer.status} to a login, which is neither a token nor a refusal ({said})"
    )


def _of_client(answer: HttpObservation, said: str, person: Person) -> Said:
    """Return what a refusal of the client means, which comes before any password is looked at."""
    if _BROKEN in said.lower():
        words = f"{answer.url}: Keycloak broke where it looked for client {person.client} ({said})"
        return Said(ending=Ending.REFUSED, words=f"{words}; nobody can log in: look at its log and its database")
    return _untold(
        f"{answer.url}: no password was judged, for client {person.client} is refused ({said}); let login.client "
        'name a client with "Direct access grants" switched on, and login.clientSecret its secret'
    )


def _of_account(said: str, person: Person) -> str:
    """Return what a refusal of the account means (Keycloak's ``invalid_grant``)."""
    who = f"account {person.username} of realm {person.realm}"
    known = said.lower().rstrip(".")
    if known == "account disabled":
        return f"{who} is disabled: an administrator switched it off, or it was locked for good ({said})"
    if known == "account is not fully set up":
        return f"{who} is not fully set up: an action is left to its owner, such as a new password or a proof ({said})"
    if known == "account temporarily disabled":
        return f"{who} is locked for some time, by failed logins ({said})"
    if known == "invalid user credentials":
        return (
            f"{who} is refused ({said}): the password is wrong, or there is no such account, or it is locked by failed "
            "logins; Keycloak answers these alike, so that they cannot be told apart from here"
        )
    return f"{who} is refused ({said})"


def _userinfo(entry: EntryPoint, person: Person, token: SecretStr) -> Said:
    headers = {"authorization": f"Bearer {token.get_secret_value()}"}
    answer = entry.get(entry.request(person.path("userinfo"), trust=entry.trust, headers=headers))
    document = _document(answer)
    if answer.failure:
        return _untold(answer.words)
    if answer.status == 200 and isinstance(document.get("sub"), str):
        return Said(ending=Ending.GRANTED, words=f"{answer.url}: tells who the token is of")
    said = _said(document, answer)
    if answer.status == 200:
        return Said(ending=Ending.REFUSED, words=f"{answer.url}: answered 200 and names nobody ({said})")
    return Said(
        ending=Ending.REFUSED, words=f"{answer.url}: does not accept the token, answered {answer.status} ({said})"
    )


def _document(answer: HttpObservation) -> dict[str, Any]:
    try:
        found = parsed(answer.body)
    except (ValueError, TooMuch):
        return {}
    return found if isinstance(found, dict) else {}


def _said(document: Mapping[str, Any], answer: HttpObservation) -> str:
    """Return the server's own words, and never a body that may hold a token."""
    for name in ("error_description", "errorMessage", "error"):
        if isinstance(document.get(name), str) and document[name]:
            return " ".join(document[name].split())[:200]
    return f"HTTP {answer.status} {answer.reason}".strip()


def _untold(words: str) -> Said:
    return Said(ending=Ending.UNTOLD, words=words)


def _not_reached() -> Said:
    return _untold("no token was given, so none was shown to anybody")


def _unasked(words: str) -> SignIn:
    return SignIn(token=_untold(words), userinfo=_not_reached(), attempted=False)
