"""What goes wrong when a person logs in, while Keycloak itself is well; found where the site file names an account."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

import json
from typing import Any

from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation

_ENDPOINTS = "/auth/realms/expertflow/protocol/openid-connect"


@fault("CX850", "keycloak")
def account_password_changed(installation: Installation, component: str) -> None:
    """The person's password was changed, or failed logins have locked the account: Keycloak answers both alike."""
    _answer(installation, component, "token", 401, ("invalid_grant", "Invalid user credentials"))


@fault("CX850", "keycloak")
def account_disabled(installation: Installation, component: str) -> None:
    """The person's account is disabled in Keycloak."""
    _answer(installation, component, "token", 400, ("invalid_grant", "Account disabled"))


@fault("CX850", "keycloak")
def account_not_set_up(installation: Installation, component: str) -> None:
    """The person's account still wants a new password."""
    _answer(installation, component, "token", 400, ("invalid_grant", "Account is not fully set up"))


@fault("CX850", "keycloak", found_as="error")
def client_without_direct_grants(installation: Installation, component: str) -> None:
    """The client may not log people in by password."""
    _answer(
        installation, component, "token", 400, ("unauthorized_client", "Client not allowed for direct access grants")
    )


@fault("CX850", "keycloak")
def login_breaks(installation: Installation, component: str) -> None:
    """Keycloak fails inside whenever somebody logs in."""
    _answer(installation, component, "token", 500, ("unknown_error", "For more on this error consult the server log."))


@fault("CX851", "keycloak")
def token_not_accepted(installation: Installation, component: str) -> None:
    """Keycloak does not accept its own token: it was given for another address than the one it is shown at."""
    _answer(installation, component, "userinfo", 401, ("invalid_token", "Token verification failed"))


@fault("CX852", "unified-agent")
def page_without_content(installation: Installation, component: str) -> None:
    """The component answers its page with 200 and nothing that a browser could show."""
    _reply(installation, component, "/", {"status": 200, "body": "ok\n"})


def _answer(installation: Installation, component: str, endpoint: str, status: int, said: tuple[str, str]) -> None:
    """Let an endpoint of OpenID Connect answer so: with an error, and its description."""
    body = json.dumps(dict(zip(("error", "error_description"), said, strict=True)))
    _reply(installation, component, f"{_ENDPOINTS}/{endpoint}", {"status": status, "body": body})


def _reply(installation: Installation, component: str, path: str, answer: dict[str, Any]) -> None:
    """Let the component answer a path that it knows otherwise."""
    annotations = installation.template(component)["metadata"].get("annotations", {})
    items = json.loads(annotations.get(SIMULATE, "[]"))
    known = [item["paths"] for item in items if path in item.get("paths", {})]
    if not known:
        raise CannotApply(f"component {component!r} answers no {path}")
    for paths in known:
        paths[path] = answer
    annotations[SIMULATE] = json.dumps(items)


FAULTS = (
    account_password_changed,
    account_disabled,
    account_not_set_up,
    client_without_direct_grants,
    login_breaks,
    token_not_accepted,
    page_without_content,
)
