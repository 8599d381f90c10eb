"""What the pods of an installation answer that the facts describe, for a run that asks them: by the facts alone.

Health endpoints are those of the vendor's pages as ``TABLES.md`` (6 Health) lists them, stores those of ``stores.md``.
"""

import json
from typing import Any, Final

from tests.releases import from_facts
from tests.releases.from_facts import FQDN, Object

_SIMULATE: Final = "cx-conformance/simulate"
_TLS: Final = "/stand-in-tls"
_TLS_SECRET: Final = "stand-in-tls"
_HEALTHY: Final[dict[str, tuple[str, ...]]] = {
    "ef-cx-agent-manager": ("/agent/health",),
    "ef-cx-ccm": ("/actuator/health",),
    "ef-cx-conversation-manager": ("/actuator/health",),
    "ef-cx-routing-engine": ("/actuator/health",),
    "ef-cx-bot-framework": ("/actuator/health",),
    "ef-cx-cim-customer": ("/health",),
    "ef-cx-web-channel-manager": ("/health",),
}
"""By workload: below what it answers ``/readiness`` and ``/liveness`` from 4.7 on."""
_BESIDE: Final[dict[str, dict[str, str]]] = {
    "ef-cx-file-engine": {"/api/SystemInfo": "{}"},
    "ef-cx-unified-admin": {"/health": "{}"},
    "ef-cx-conversation-studio": {"/red/": "<html></html>"},
    "cx-surveys-survey-studio": {"/red/": "<html></html>"},
    "cx-campaigns-campaign-studio": {"/red/": "<html></html>"},
    "cx-agent-desk-grafana": {"/api/health": '{"database": "ok"}'},
    "superset": {"/health": "OK"},
    "apisix-control-plane": {"/v1/healthcheck": "{}"},
    "apisix-data-plane": {"/v1/healthcheck": "{}"},
    "apisix-etcd": {"/livez": "ok"},
    "apisix-ingress-controller": {"/healthz": "ok"},
}
"""By workload: other paths that say that it is well, and what they say."""
_REFUSED: Final[dict[str, tuple[str, ...]]] = {
    "cx-agent-desk-grafana": ("/api/org",),
    "superset": ("/api/v1/me/", "/api/v1/security/login"),
    "keycloak": ("/auth/admin/realms",),
}
"""By workload: paths that want a login."""
_STORES: Final[dict[str, tuple[str, str, str, str]]] = {
    "mongo-mongodb": ("mongo", "root", "mongo-mongodb", "mongodb-root-password"),
    "redis-master": ("redis", "", "redis", "redis-password"),
    "minio": ("s3", "", "minio", "root-password"),
    "ef-postgresql": ("postgresql", "sa", "ef-postgresql", "password"),
}
"""By workload: protocol, user, and the Secret and key of the password; all speak TLS."""
_BROKER_TLS: Final = (61615, 61617)


def answering(objects: list[Object]) -> list[Object]:
    """Return the objects with what every pod answers on its ports; they are changed in place."""
    for one in objects:
        if one["kind"] in ("Deployment", "StatefulSet"):
            _answer(one["metadata"]["name"], one["spec"]["template"])
    places = {one["metadata"]["namespace"] for one in objects if one["kind"] in ("Deployment", "StatefulSet")}
    pair = from_facts.encoded(from_facts.certificate())
    secrets = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": _TLS_SECRET, "namespace": place},
            "type": "kubernetes.io/tls",
            "data": pair,
        }
        for place in sorted(places)
    ]
    namespaces = [one for one in objects if one["kind"] == "Namespace"]
    return [*namespaces, *secrets, *(one for one in objects if one["kind"] != "Namespace")]


def _answer(name: str, template: Object) -> None:
    ports = [port for one in template["spec"]["containers"] for port in one.get("ports", [])]
    items = [_item(name, port["containerPort"]) for port in ports]
    template["metadata"]["annotations"] = {_SIMULATE: json.dumps(items)}
    spec = template["spec"]
    if any("tls" in one or "certificate" in one for one in items):
        spec.setdefault("volumes", []).append({"name": _TLS_SECRET, "secret": {"secretName": _TLS_SECRET}})
        for one in spec["containers"]:
            one.setdefault("volumeMounts", []).append({"name": _TLS_SECRET, "mountPath": _TLS})
    if any("passwordEnv" in one for one in items):
        spec["containers"][0].setdefault("env", []).extend(_account(name))


def _account(name: str) -> list[Object]:
    if name == "activemq":
        return [_value("STORE_USERNAME", "admin"), _value("STORE_PASSWORD", "made-up")]
    if name == "keycloak":
        return [_value("STORE_USERNAME", "admin"), _value("STORE_PASSWORD", "made-up")]
    _, user, secret, key = _STORES[name]
    known = _value("STORE_USERNAME", user) if user else None
    if name == "minio":
        known = _from_secret("STORE_USERNAME", secret, "root-user")
    return [*([known] if known else []), _from_secret("STORE_PASSWORD", secret, key)]


def _value(name: str, value: str) -> Object:
    return {"name": name, "value": value}


def _from_secret(name: str, secret: str, key: str) -> Object:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _item(name: str, port: int) -> Object:
    account = {"usernameEnv": "STORE_USERNAME", "passwordEnv": "STORE_PASSWORD"}
    if name in _STORES and port != 9001:
        more: Object = {"bucket": "default"} if name == "minio" else {}
        more |= {"databases": ["licenseManager", "keycloak_db"]} if name == "ef-postgresql" else {}
        paths = {"/minio/health/live": _said(200, "")} if name == "minio" else {}
        return {"port": port, "as": _STORES[name][0], "tls": _TLS, "paths": paths, **account, **more}
    if name == "activemq" and port > 61000:
        return {"port": port, "as": "activemq", "tls" if port in _BROKER_TLS else "certificate": _TLS, **account}
    if port in (5432, 6379, 2380):
        return {"port": port, "as": "tcp"}
    item: Object = {"port": port, "as": "http", "paths": _paths(name), "webSocket": True}
    return item | (account if name == "keycloak" else {})


def _paths(name: str) -> Object:
    up = '{"status": "UP"}'
    found = {f"{one}/{end}": _said(200, up) for one in _HEALTHY.get(name, ()) for end in ("readiness", "liveness")}
    found |= {path: _said(200, body) for path, body in _BESIDE.get(name, {}).items()}
    found |= {path: _said(401, "{}") for path in _REFUSED.get(name, ())}
    if name == "keycloak":
        found |= {"/auth/": _said(200, "<html></html>")}
        for realm in ("master", "expertflow"):
            found |= _realm(f"/auth/realms/{realm}")
    return found | {"/": _said(200, "up")}


def _realm(path: str) -> Object:
    issuer = f"https://{FQDN}{path}"
    endpoints = f"{issuer}/protocol/openid-connect"
    told = {"issuer": issuer, "authorization_endpoint": f"{endpoints}/auth"}
    told |= {"token_endpoint": f"{endpoints}/token", "jwks_uri": f"{endpoints}/certs"}
    key = {"kid": "one", "kty": "RSA", "alg": "RS256", "use": "sig", "e": "AQAB", "n": "3Q"}
    granted = _said(200, json.dumps({"access_token": "one", "token_type": "Bearer"}))
    refused = _said(401, json.dumps({"error": "invalid_grant"}))
    return {
        path: _said(200, json.dumps({"realm": path.rpartition("/")[2], "token-service": endpoints})),
        f"{path}/.well-known/openid-configuration": _said(200, json.dumps(told)),
        f"{path}/protocol/openid-connect/certs": _said(200, json.dumps({"keys": [key]})),
        f"{path}/protocol/openid-connect/token": refused | {"login": "form", "granted": granted},
    }


def _said(status: int, body: str) -> dict[str, Any]:
    return {"status": status, "body": body}
