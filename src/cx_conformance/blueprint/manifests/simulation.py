"""What a simulated pod answers: one JSON list in an annotation of the pod, which its container reads.

Each item says for one container port:
``{"port": 8443, "as": "https", "paths": {"/api/SystemInfo": {"status": 200, "body": "..."}}}``.
``as`` is http, https, tcp, or a store's protocol: redis, mongo, activemq, postgresql, s3. ``tls`` is the folder in
the container with ``tls.crt`` and ``tls.key``; ``certificate`` is that folder where another port of the same server
speaks TLS; ``usernameEnv`` and ``passwordEnv`` are the container's environment
variables with the account. A value of a credential never stands here.

With ``"webSocket": true`` WebSockets are opened below any path that ends with ``/socket.io/``.

A path with ``"login": "form"`` answers ``granted`` instead of its ``status`` and ``body`` when the form that is posted
to it holds that account as ``username`` and ``password``; one with ``"login": "bearer"`` when its ``token`` is shown.
"""

import json
from typing import Any, Final

from cx_conformance.blueprint.component import Component, Ingress
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.manifests.installation import (
    Installation,
    certificate_secret,
    serves_tls,
    store_port,
)
from cx_conformance.blueprint.platform import GATEWAY
from cx_conformance.blueprint.store import Protocol, Store

ANNOTATION: Final = "cx-conformance/simulate"
TLS_FOLDER: Final = "/etc/cx-conformance/tls"
USERNAME: Final = "STORE_USERNAME"
PASSWORD: Final = "STORE_PASSWORD"  # noqa: S105 - the name of an environment variable

_NATIVE: Final = {Protocol.ACTIVEMQ, Protocol.MONGO, Protocol.POSTGRESQL, Protocol.REDIS, Protocol.S3}
"""Protocols that are not plain HTTP."""
_PAGE: Final = "<!doctype html><title>reference installation</title>\n"
TOKEN: Final = "token-of-the-reference-installation"  # noqa: S105 - what the stand-in of Keycloak gives, nobody else takes it
_BY_PORT: Final = {5432: Protocol.POSTGRESQL, 6379: Protocol.REDIS}
"""What listens there whatever is promised of it: Superset has a database and a cache of its own."""
_BROKER_PORTS: Final = range(61613, 61618)
_SIGNING_KEY: Final = {"kid": "reference", "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB", "n": "3Q"}


def simulation(component: Component, made: Installation) -> list[dict[str, Any]]:
    """Return what ``component`` answers on each of its container ports."""
    return [_answers(component, port.port, port.name or "", made) for port in component.container_ports]


def _answers(component: Component, port: int, name: str, made: Installation) -> dict[str, Any]:
    store = component.store
    answers: dict[str, Any] = {"port": port, "as": _kind(component, port, name)}
    paths = {
        health.path: {"status": health.status or 200, "body": _body(health)}
        for health in component.health
        if health.port == port
    }
    asked = store_port(component) == port
    if store and asked:
        paths |= _store_paths(store, made)
    if answers["as"] in {"http", "https"}:
        paths.setdefault("/", {"status": 200, "body": _PAGE})
        # APISIX passes WebSockets on to whoever opens them.
        is_gateway = component is made.blueprint.components.get(GATEWAY)
        if is_gateway:
            # Behind it are the pages of all; who answers through it is the gateway here.
            paths |= {f"{one.path.rstrip('/')}/": {"status": 200, "body": _PAGE} for one in _reached(made)}
        if is_gateway or (component.ingress and component.ingress.web_socket):
            answers["webSocket"] = True
    if paths:
        answers["paths"] = paths
    if serves_tls(component, port):
        answers["tls"] = TLS_FOLDER
    elif answers["as"] == Protocol.ACTIVEMQ and certificate_secret(component):
        answers["certificate"] = TLS_FOLDER
    if store and store.login and (answers["as"] in _NATIVE or asked):
        answers |= {"usernameEnv": USERNAME, "passwordEnv": PASSWORD}
        answers |= {
            key: value for key, value in (("bucket", store.bucket), ("databases", list(store.databases))) if value
        }
    return answers


def _reached(made: Installation) -> list[Ingress]:
    """Return the paths that people and clients come by."""
    return [one.ingress for one in made.blueprint.components.values() if one.ingress and one.ingress.over_tls]


def _kind(component: Component, port: int, name: str) -> str:
    store = component.store
    if store and store.protocol in _NATIVE:
        if port == store_port(component) or (store.protocol is Protocol.ACTIVEMQ and port in _BROKER_PORTS):
            return str(store.protocol)
        return "http" if store.protocol is Protocol.ACTIVEMQ else "tcp"
    if serves_tls(component, port):
        return "https"
    spoken = name.startswith("http") or any(health.port == port for health in component.health)
    # Whatever its port is called: what users reach by a path speaks HTTP.
    reached = component.service.ports[0].container_port if component.ingress and component.service else None
    spoken = spoken or port == reached
    if spoken or store_port(component) == port:
        return "http"
    return str(_BY_PORT.get(port, "tcp"))


def _body(health: Health) -> str:
    if health.path.startswith("/actuator/"):
        return json.dumps({"status": "UP"})
    if health.path == "/api/health":
        return json.dumps({"commit": "reference", "database": "ok", "version": "10.0.0"})
    if health.path == "/":
        return _PAGE
    return health.body_contains or json.dumps({"status": "ok"})


def _store_paths(store: Store, made: Installation) -> dict[str, dict[str, Any]]:
    """Return what a store that is asked over HTTP answers beside its health: mostly that one must log in."""
    match store.protocol:
        case Protocol.KEYCLOAK:
            return _keycloak_paths(store, made)
        case Protocol.GRAFANA:
            return {"/api/org": _answer(401, {"message": "Unauthorized"})}
        case Protocol.SUPERSET:
            refused = _answer(401, {"message": "Not authorized"})
            return {"/api/v1/me/": refused, "/api/v1/security/login": refused}
    return {}


def _keycloak_paths(store: Store, made: Installation) -> dict[str, dict[str, Any]]:
    tokens = {"access_token": TOKEN, "refresh_token": TOKEN, "token_type": "Bearer", "expires_in": 60}
    token = {"login": "form", "granted": _answer(200, tokens)}
    refused = _answer(401, {"error": "invalid_grant", "error_description": "Invalid user credentials"})
    owner = {"login": "bearer", "token": TOKEN, "granted": _answer(200, {"sub": "reference"})}
    unknown = _answer(401, {"error": "invalid_token", "error_description": "Token verification failed"})
    found = {"/auth/admin/realms": _answer(401, {"error": "HTTP 401 Unauthorized"})}
    for realm in ("master", *([store.realm] if store.realm else [])):
        path = f"/auth/realms/{realm}"
        issuer = f"https://{made.fqdn}{path}"
        endpoints = f"{issuer}/protocol/openid-connect"
        discovery = {
            "issuer": issuer,
            "authorization_endpoint": f"{endpoints}/auth",
            "token_endpoint": f"{endpoints}/token",
            "userinfo_endpoint": f"{endpoints}/userinfo",
            "end_session_endpoint": f"{endpoints}/logout",
            "jwks_uri": f"{endpoints}/certs",
        }
        found |= {
            path: _answer(200, {"realm": realm, "token-service": endpoints}),
            f"{path}/.well-known/openid-configuration": _answer(200, discovery),
            f"{path}/protocol/openid-connect/certs": _answer(200, {"keys": [_SIGNING_KEY]}),
            f"{path}/protocol/openid-connect/token": refused | token,
            f"{path}/protocol/openid-connect/userinfo": unknown | owner,
            f"{path}/protocol/openid-connect/logout": {"status": 204, "body": ""},
        }
    return found


def _answer(status: int, document: Any) -> dict[str, Any]:
    return {"status": status, "body": json.dumps(document)}
