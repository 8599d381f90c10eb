"""Keycloak, Grafana and Superset, asked by httpx, against stand-ins of their documented endpoints."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import grafana, keycloak, superset
from cx_conformance.probes.stores.observation import StoreObservation
from cx_conformance.probes.stores.target import Credentials, Limits, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import web_standins
from cx_conformance.sandbox.stores.certificates import Authority, CertificateFiles
from cx_conformance.sandbox.stores.http_standin import Reply, Request, start_http
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from cx_conformance.sandbox.stores.web_standins import Login
from tests.probes.stores.asking import PROMISED, WRONG, all_well, marks, target

FQDN = "cx.example.com"
OBSERVE: dict[str, Callable[[Target, Credentials | None], StoreObservation]] = {
    "keycloak": partial(keycloak.observe, fqdn=FQDN),
    "grafana": grafana.observe,
    "superset": superset.observe,
}


def begin(store: str, login: Login, tls: CertificateFiles | None = None) -> tuple[StandIn, int]:
    """Start a stand-in and return it with its port."""
    port = free_port()
    if store == "keycloak":
        return web_standins.start_keycloak("127.0.0.1", {store: port}, login=login, fqdn=FQDN, tls=tls), port
    if store == "grafana":
        return web_standins.start_grafana("127.0.0.1", {store: port}, login=login, tls=tls), port
    return web_standins.start_superset("127.0.0.1", {store: port}, login=login, tls=tls), port


@pytest.fixture(params=list(OBSERVE))
def store(request: pytest.FixtureRequest) -> str:
    """Give each of the three in turn."""
    return str(request.param)


@pytest.fixture
def plain(store: str, password: SecretStr) -> Iterator[int]:
    """Give the port of a stand-in without TLS."""
    server, port = begin(store, Login(password=password))
    with server:
        yield port


@pytest.fixture
def secured(store: str, password: SecretStr, authority: Authority, tmp_path: Path) -> Iterator[int]:
    """Give the port of a stand-in with TLS."""
    server, port = begin(store, Login(password=password), authority.write(tmp_path, PROMISED[store][0]))
    with server:
        yield port


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the administrator's credentials."""
    return Credentials(username="admin", password=password)


def test_plain_with_the_password_is_all_well(store: str, plain: int, login: Credentials) -> None:
    """A server that keeps its promises is fine on every level."""
    assert marks(OBSERVE[store](target(store, plain), login)) == all_well(tls=False)


def test_tls_with_the_password_is_all_well(store: str, secured: int, trust: TlsExpectation, login: Credentials) -> None:
    """Over TLS the name is compared with the promised one, the server is asked by it."""
    assert marks(OBSERVE[store](target(store, secured, trust), login)) == all_well(tls=True)


def test_another_name_is_refused(store: str, secured: int, trust: TlsExpectation) -> None:
    """A certificate for another name is named with both names."""
    seen = OBSERVE[store](target(store, secured, trust, host="other.svc"), None)
    assert f"it is for {PROMISED[store][0]}, not for other.svc" in seen.tls.words


def test_a_wrong_password_is_not_authorised(store: str, plain: int) -> None:
    """The login fails and nothing else does."""
    seen = OBSERVE[store](target(store, plain), Credentials(username="admin", password=WRONG))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert seen.usable.ok is True


def test_without_a_login_everybody_gets_in(store: str) -> None:
    """A server without authentication is found by both negative questions."""
    server, port = begin(store, Login())
    with server:
        seen = OBSERVE[store](target(store, port), None)
    assert seen.refuses_wrong_password.kind is Kind.OPEN
    assert (seen.refuses_anonymous.kind is Kind.OPEN) or store == "keycloak"


def test_keycloaks_realm_and_issuer_are_judged(login: Credentials) -> None:
    """A realm that was not imported, and an issuer on another host, are findings."""
    server, port = begin("keycloak", Login(password=login.password))
    with server:
        door = target("keycloak", port)
        assert "has no realm other; import it" in keycloak.observe(door, realm="other").usable.words
        assert "which is not on ccm.example.com" in keycloak.observe(door, fqdn="ccm.example.com").usable.words


def test_a_realm_that_is_switched_off_is_not_usable() -> None:
    """Keycloak serves its discovery and its keys all the same; nobody can log in."""
    port = free_port()
    with web_standins.start_keycloak(
        "127.0.0.1", {"keycloak": port}, login=Login(), fqdn="cx.example.com", enabled=False
    ):
        seen = keycloak.observe(target("keycloak", port))
    assert (seen.speaks.ok, seen.usable.kind) == (True, Kind.UNUSABLE)
    assert "realm expertflow is switched off, so nobody logs in to it (Realm not enabled)" in seen.usable.words


def test_grafanas_database_is_judged() -> None:
    """Grafana that lost its database answers, and is not usable."""
    port = free_port()
    with web_standins.start_grafana("127.0.0.1", {"grafana": port}, login=Login(), database="failing"):
        seen = grafana.observe(target("grafana", port))
    assert seen.speaks.ok is True
    assert "says database: failing where ok is promised" in seen.usable.words


@pytest.mark.parametrize("store", ["keycloak", "superset"])
def test_a_server_without_its_database_is_not_usable_whatever_its_health_says(store: str) -> None:
    """Nobody can log in: only the database tells who is known, and health or discovery do without it."""
    port = free_port()
    if store == "keycloak":
        server = web_standins.start_keycloak(
            "127.0.0.1", {store: port}, login=Login(), fqdn=FQDN, database="connection refused"
        )
    else:
        server = web_standins.start_superset("127.0.0.1", {store: port}, login=Login(), database="connection refused")
    with server:
        seen = OBSERVE[store](target(store, port), None)
    assert seen.speaks.ok is True
    assert seen.usable.kind is Kind.UNUSABLE
    assert "nobody can log in" in seen.usable.words
    assert "answers HTTP 500 where a token or a refusal is promised" in seen.usable.words
    assert seen.refuses_wrong_password.ok is None


def test_a_keycloak_that_breaks_where_it_looks_for_a_client_is_not_usable() -> None:
    """Without its database it says so in place of a refusal, where the client is not in its cache."""
    broken = {"error": "unauthorized_client", "error_description": "Unexpected error when authenticating client"}
    port = free_port()
    standin = web_standins.start_keycloak(
        "127.0.0.1", {"keycloak": port}, login=Login(), fqdn=FQDN, database="connection refused", breaks=(400, broken)
    )
    with standin:
        seen = keycloak.observe(target("keycloak", port), Credentials(username="admin", password=WRONG), fqdn=FQDN)
    assert seen.logs_in.kind is Kind.UNUSABLE
    assert "breaks where it looks for a client" in seen.logs_in.words
    assert "nobody can log in" in seen.usable.words


@pytest.mark.parametrize(
    ("path", "shown", "refused", "noted"),
    [
        ("/api/v1/log/", 200, False, 0),
        ("/api/v1/log/", 404, True, 0),
        ("/api/v1/dashboard/", 200, True, 1),
        ("/api/v1/dashboard/", 401, True, 0),
    ],
)
def test_a_superset_that_lets_anybody_administer_it_is_open(path: str, shown: int, refused: bool, noted: int) -> None:
    """With rights for role Public it tells nobody who they are (401); that its dashboards are public may be meant."""
    port = free_port()

    def serve(request: Request) -> Reply:
        if request.path == "/health":
            return 200, "OK"
        return (shown, {"count": 0, "result": []}) if request.path == path else (401, {"message": "Not authorized"})

    with start_http("127.0.0.1", port, serve, None):
        seen = superset.observe(target("superset", port))
    assert seen.refuses_anonymous.ok is refused
    assert refused or "to anybody" in seen.refuses_anonymous.words
    assert sum("lists its dashboards to anybody" in one for one in seen.untold) == noted


@pytest.mark.parametrize("times", [1, 9], ids=["at first", "ever"])
def test_a_login_that_is_never_answered_is_no_login(times: int) -> None:
    """So a server ends up whose database does not answer; one that was only slow is asked again."""
    port, held, over = free_port(), iter(range(times)), threading.Event()

    def serve(request: Request) -> Reply:
        if request.path == "/health":
            return 200, "OK"
        if request.path == "/api/v1/security/login" and next(held, None) is not None:
            over.wait(3)
        return 401, {"message": "Not authorized"}

    with start_http("127.0.0.1", port, serve, None):
        seen = superset.observe(target("superset", port, limits=Limits(answer_s=2, total_s=20)))
        over.set()
    if times == 1:
        assert (seen.usable.ok, seen.refuses_wrong_password.ok) == (True, True)
    else:
        assert (seen.usable.ok, seen.usable.kind) == (False, Kind.TIMED_OUT)
        assert "nobody can log in" in seen.usable.words
        assert "gave no answer within 2 s" in seen.usable.words


def test_another_web_server_is_not_taken_for_the_store() -> None:
    """A server that speaks HTTP but not the store's own endpoints is named by its answer."""
    server, port = begin("keycloak", Login())
    with server:
        seen = superset.observe(target("superset", port))
    assert seen.speaks.kind is Kind.WRONG_PROTOCOL
    assert "/health answers HTTP 404" in seen.speaks.words
