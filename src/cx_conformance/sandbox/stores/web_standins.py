"""Stand-ins of Keycloak, Grafana and Superset: their documented endpoints, with real logins.

No package brings these servers. Each answer carries a ``Server`` header that says what it is.
"""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.sandbox.stores.certificates import CertificateFiles
from cx_conformance.sandbox.stores.http_standin import Reply, Request, start_http
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn

KEYCLOAK_PORTS, GRAFANA_PORTS, SUPERSET_PORTS = {"keycloak": 8080}, {"grafana": 3000}, {"superset": 8088}


class Login(Struct, frozen=True, kw_only=True):
    """Who may log in; without a password everybody may."""

    username: str = "admin"
    password: SecretStr | None = None

    def fits(self, given: tuple[str, str] | None) -> bool:
        """Tell whether these are the credentials."""
        return self.password is None or given == (self.username, self.password.get_secret_value())


def start_keycloak(  # noqa: PLR0913 - a server's settings, all by name
    address: str,
    ports: Mapping[str, int] = KEYCLOAK_PORTS,
    *,
    login: Login,
    fqdn: str,
    realm: str = "expertflow",
    enabled: bool = True,
    database: str = "ok",
    breaks: Reply = (500, {"error": "unknown_error"}),
    tls: CertificateFiles | None = None,
) -> StandIn:
    """Serve one realm under ``/auth`` whose issuer is at the host name given; not ``enabled`` it has documents only.

    With a ``database`` that is not ok it serves what it has in its cache, and ``breaks`` where it looks for somebody.
    """
    base = f"https://{fqdn}/auth/realms/{realm}"
    missing = {"error": "invalid_request", "error_description": "Missing form parameter: grant_type"}
    disabled = {"error": "access_denied", "error_description": "Realm not enabled"}
    discovery = {
        "issuer": base,
        "jwks_uri": f"{base}/protocol/openid-connect/certs",
        "token_endpoint": f"{base}/protocol/openid-connect/token",
    }
    pages: dict[str, Reply] = {
        f"/auth/realms/{realm}": (200, {"realm": realm, "public_key": "MIIB"}),
        f"/auth/realms/{realm}/.well-known/openid-configuration": (200, discovery),
        f"/auth/realms/{realm}/protocol/openid-connect/certs": (200, {"keys": [{"kid": "sandbox", "kty": "RSA"}]}),
        f"/auth/realms/{realm}/protocol/openid-connect/token": (400, missing) if enabled else (403, disabled),
    }

    def serve(request: Request) -> Reply:
        if request.path == "/auth/realms/master/protocol/openid-connect/token":
            if database != "ok":
                return breaks
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            if login.fits((form.get("username", ""), form.get("password", ""))):
                return 200, {"access_token": "sandbox", "token_type": "Bearer"}
            return 401, {"error": "invalid_grant", "error_description": "Invalid user credentials"}
        if request.path.startswith("/auth/admin/") and login.password is not None:
            return 401, {"error": "HTTP 401 Unauthorized"}
        if request.path in pages:
            return pages[request.path]
        known = request.path.startswith("/auth/realms/")
        return 404, {"error": "Realm does not exist"} if known else {"error": "RESTEASY003210"}

    return start_http(address, ports["keycloak"], serve, tls)


def start_grafana(
    address: str,
    ports: Mapping[str, int] = GRAFANA_PORTS,
    *,
    login: Login,
    database: str = "ok",
    tls: CertificateFiles | None = None,
) -> StandIn:
    """Serve health and organisation; ``database`` other than ok is answered with 503, as Grafana does."""

    def serve(request: Request) -> Reply:
        if request.path == "/api/health":
            health = {"database": database, "version": "10.0.0", "commit": SAYS_SO}
            return (200 if database == "ok" else 503), health
        if request.path == "/api/org":
            if login.fits(request.basic()):
                return 200, {"id": 1, "name": "Main Org."}
            return 401, {"message": "Invalid username or password" if request.basic() else "Unauthorized"}
        return 404, {"message": "Not found"}

    return start_http(address, ports["grafana"], serve, tls)


def start_superset(
    address: str,
    ports: Mapping[str, int] = SUPERSET_PORTS,
    *,
    login: Login,
    database: str = "ok",
    tls: CertificateFiles | None = None,
) -> StandIn:
    """Serve health, login and ``me``; with a ``database`` that is not ok the login alone breaks, as Superset's does."""

    def serve(request: Request) -> Reply:
        if request.path == "/health":
            return 200, "OK"
        if request.path == "/api/v1/security/login":
            if database != "ok":
                return 500, {"message": "Fatal error"}
            given = json.loads(request.body or b"{}")
            if login.fits((given.get("username", ""), given.get("password", ""))):
                return 200, {"access_token": "sandbox"}
            return 401, {"message": "Not authorized"}
        if request.path == "/api/v1/me/":
            return (200, {"result": {}}) if login.password is None else (401, {"message": "Not authorized"})
        return 404, {"message": "Not found"}

    return start_http(address, ports["superset"], serve, tls)
