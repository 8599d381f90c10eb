"""Web stores as other charts and sites have them: under another path, without a fixed host name, by HTTPS only."""

import json
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import grafana, keycloak, superset
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores.http_standin import Reply, Request, Serve, start_http
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.probes.stores.asking import all_well, marks, target

FQDN = "cx.example.com"


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the administrator's credentials."""
    return Credentials(username="admin", password=password)


def serve(answer: Serve) -> tuple[StandIn, int]:
    """Start a server that answers so, and return it with its port."""
    port = free_port()
    return start_http("127.0.0.1", port, answer, None), port


def keycloak_pages(root: str, issuer: Callable[[Request], str]) -> Serve:
    """Return what a Keycloak says that serves under ``root``."""

    def answer(request: Request) -> Reply:
        realm = f"{root}/realms/expertflow"
        if request.path == f"{realm}/.well-known/openid-configuration":
            return 200, {"issuer": issuer(request), "jwks_uri": f"https://{FQDN}{realm}/certs"}
        if request.path == f"{realm}/certs":
            return 200, {"keys": [{"kty": "RSA"}]}
        if request.path.endswith("/openid-connect/token"):
            return 401, {"error": "invalid_grant", "error_description": "Invalid user credentials"}
        return 404, {"error": "Unable to find matching target resource method"}

    return answer


@pytest.mark.parametrize("root", ["", "/auth", "/identity"])
def test_keycloak_is_found_under_its_path(root: str) -> None:
    """Before 17 it was ``/auth``, since then it is none; components may be told another."""
    server, port = serve(keycloak_pages(root, lambda _: f"https://{FQDN}{root}/realms/expertflow"))
    with server:
        seen = keycloak.observe(target("keycloak", port), told_path=root or None, fqdn=FQDN)
    assert (seen.speaks.ok, seen.usable.ok) == (True, True), seen.usable.words


def test_keycloaks_keys_are_found_where_the_ingress_takes_its_path_away() -> None:
    """Its documents name public addresses, below a path that it does not have itself."""
    own = "/realms/expertflow"

    def stripped(request: Request) -> Reply:
        if request.path == f"{own}/.well-known/openid-configuration":
            public = f"https://{FQDN}/auth{own}"
            return 200, {"issuer": public, "jwks_uri": f"{public}/protocol/openid-connect/certs"}
        if request.path == f"{own}/protocol/openid-connect/certs":
            return 200, {"keys": [{"kty": "RSA"}]}
        return keycloak_pages("", lambda _: "")(request)

    server, port = serve(stripped)
    with server:
        seen = keycloak.observe(target("keycloak", port), fqdn=FQDN)
    assert (seen.speaks.ok, seen.usable.ok) == (True, True), seen.usable.words


def test_keycloak_under_another_path_than_components_are_told_is_not_usable() -> None:
    """They get nothing but 404."""
    server, port = serve(keycloak_pages("", lambda _: f"https://{FQDN}/realms/expertflow"))
    with server:
        seen = keycloak.observe(target("keycloak", port), told_path="/auth", fqdn=FQDN)
    assert "serves its realms under /, but the components are told /auth" in seen.usable.words


def test_an_issuer_that_follows_the_request_is_asked_for_as_the_ingress_does() -> None:
    """Without a fixed host name Keycloak names whatever host it is asked by."""
    server, port = serve(
        keycloak_pages("/auth", lambda asked: f"https://{asked.headers['host']}/auth/realms/expertflow")
    )
    with server:
        seen = keycloak.observe(target("keycloak", port), fqdn=FQDN)
    assert f"with issuer https://{FQDN}/auth/realms/expertflow" in seen.usable.words


@pytest.mark.parametrize(
    "refusal",
    [
        (400, {"error": "unauthorized_client", "error_description": "Client not allowed for direct grants"}),
        (403, {"error": "invalid_request", "error_description": "HTTPS required"}),
    ],
    ids=["direct grants switched off", "HTTPS required"],
)
def test_a_refusal_to_take_any_password_says_nothing_of_this_one(login: Credentials, refusal: Reply) -> None:
    """How admin-cli may be used, or that a realm wants HTTPS, is no fault of the account."""

    def closed(request: Request) -> Reply:
        if request.path.endswith("/token"):
            return refusal
        return keycloak_pages("/auth", lambda _: f"https://{FQDN}/auth/realms/expertflow")(request)

    server, port = serve(closed)
    with server:
        seen = keycloak.observe(target("keycloak", port), login)
    assert (seen.logs_in.ok, seen.logs_in.kind) == (None, Kind.GAVE_UP)


def test_grafana_is_followed_to_its_sub_path(login: Credentials) -> None:
    """With serve_from_sub_path it redirects whoever asks outside of it."""
    given = ("admin", login.password.get_secret_value() if login.password else "")

    def under_grafana(request: Request) -> Reply:
        if request.path == "/grafana/api/health":
            return 200, {"database": "ok", "version": "10.0.0"}
        if request.path == "/grafana/api/org":
            return (200, {"name": "Main Org."}) if request.basic() == given else (401, {"message": "no"})
        return 301, f"https://{FQDN}/grafana{request.path}"

    server, port = serve(under_grafana)
    with server:
        seen = grafana.observe(target("grafana", port), login)
    assert marks(seen) == all_well(tls=False)
    assert "/grafana/api/health says database: ok" in seen.usable.words


@pytest.mark.parametrize(
    ("status", "said", "ok", "kind"),
    [
        (401, {"message": "Unauthorized", "messageId": "auth.unauthorized"}, None, Kind.GAVE_UP),
        (401, {"message": "Invalid username or password"}, False, Kind.UNAUTHORIZED),
        (
            400,
            {"message": "Invalid username or password", "messageId": "password-auth.failed"},
            False,
            Kind.UNAUTHORIZED,
        ),
    ],
    ids=["basic authentication is off", "wrong", "wrong, as 9.4 says it"],
)
def test_grafana_refuses_a_password_only_where_it_looks_at_one(
    status: int, said: dict[str, str], ok: bool | None, kind: Kind
) -> None:
    """Without basic authentication, which many switch off, the password may be as right as it is."""

    def answer(request: Request) -> Reply:
        return (200, {"database": "ok"}) if request.path == "/api/health" else (status, said)

    server, port = serve(answer)
    with server:
        seen = grafana.observe(target("grafana", port), Credentials(username="admin", password=SecretStr("any")))
    assert (seen.logs_in.ok, seen.logs_in.kind) == (ok, kind)
    assert seen.refuses_anonymous.ok is True


def test_a_grafana_that_wants_its_own_name_is_asked_by_that(login: Credentials) -> None:
    """With enforce_domain it leads there whoever asks for another host, before it looks at any password."""
    given = ("admin", login.password.get_secret_value() if login.password else "")

    def by_name(request: Request) -> Reply:
        if request.path == "/api/health":
            return 200, {"database": "ok", "version": "11.0.0"}
        if request.headers["host"] != FQDN:
            return 301, f"https://{FQDN}/grafana{request.path}"
        return (200, {"name": "Main Org."}) if request.basic() == given else (401, {"message": "no"})

    server, port = serve(by_name)
    with server:
        seen = grafana.observe(target("grafana", port), login)
    assert marks(seen) == all_well(tls=False)


@pytest.mark.parametrize("opened", [False, True], ids=["closed", "open"])
def test_a_superset_that_wants_https_is_asked_as_by_the_ingress(login: Credentials, opened: bool) -> None:
    """With Talisman's force_https all but its health leads there, whoever asks; that it leads there refuses nobody."""

    def answer(request: Request) -> Reply:
        if request.path == "/health":
            return 200, "OK"
        if request.headers.get("x-forwarded-proto") != "https":
            return 302, f"https://{request.headers['host']}{request.path}"
        if request.path == "/api/v1/me/":
            return (200, {"result": {}}) if opened else (401, {"message": "Not authorized"})
        given = json.loads(request.body)
        return (200, {"access_token": "t"}) if given["username"] == "admin" else (401, {"message": "Not authorized"})

    server, port = serve(answer)
    with server:
        seen = superset.observe(target("superset", port), login)
    assert (seen.logs_in.ok, seen.usable.ok, seen.refuses_wrong_password.ok) == (True, True, True)
    assert seen.refuses_anonymous.ok is not opened
