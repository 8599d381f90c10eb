"""PostgreSQL, asked by pg8000, against the real server."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pg8000.core import CoreConnection
from pg8000.exceptions import DatabaseError
from pydantic import SecretStr

from cx_conformance.probes.stores import postgresql
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, Limits, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import postgresql_server
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from tests.probes.stores.asking import PROMISED, WRONG, all_well, marks, target
from tests.probes.targets import listening
from tests.sandbox.stores.wanted import wanted


@pytest.fixture(scope="module")
def plain(password: SecretStr) -> Iterator[int]:
    """Give the port of a server with passwords and no TLS."""
    wanted(postgresql_server.available())
    port = free_port()
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password).wait():
        yield port


@pytest.fixture(scope="module")
def trusting() -> Iterator[int]:
    """Give the port of a server that trusts everybody."""
    wanted(postgresql_server.available())
    port = free_port()
    with postgresql_server.start("127.0.0.1", {"postgresql": port}).wait():
        yield port


@pytest.fixture(scope="module")
def secured(password: SecretStr, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a server that wants mutual TLS and passwords."""
    wanted(postgresql_server.available())
    port = free_port()
    files = authority.write(tmp_path_factory.mktemp("postgresql"), PROMISED["postgresql"][0], ask_clients=True)
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, tls=files).wait():
        yield port


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the credentials of license-manager."""
    return Credentials(username="sa", password=password, database="licenseManager")


def test_plain_with_the_password_is_all_well(plain: int, login: Credentials) -> None:
    """A server that keeps its promises is fine, with its databases and connections left."""
    seen = postgresql.observe(target("postgresql", plain), login)
    assert marks(seen) == all_well(tls=False)
    assert seen.usable.detail["in_recovery"] is False
    assert seen.version is not None


def test_mutual_tls_with_the_password_is_all_well(secured: int, mutual: TlsExpectation, login: Credentials) -> None:
    """TLS begins after PostgreSQL's own request for it, verified against the promised name."""
    patient = Limits(connect_s=10, answer_s=10, total_s=60, tries=2)
    seen = postgresql.observe(target("postgresql", secured, mutual, limits=patient), login)
    assert marks(seen) == all_well(tls=True)


def test_verify_ca_does_not_compare_the_name(secured: int, mutual: TlsExpectation, login: Credentials) -> None:
    """The components use verify-ca; where that is promised another name is accepted."""
    verify_ca = TlsExpectation(
        ca_pem=mutual.ca_pem,
        certificate_pem=mutual.certificate_pem,
        key_pem=mutual.key_pem,
        check_hostname=False,
    )
    seen = postgresql.observe(target("postgresql", secured, verify_ca, host="another.name.svc"), login)
    assert marks(seen) == all_well(tls=True)


def test_a_wrong_password_is_not_authorised(plain: int) -> None:
    """The words name the user and what PostgreSQL said."""
    seen = postgresql.observe(target("postgresql", plain), Credentials(username="sa", password=WRONG))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert 'password authentication failed for user "sa"' in seen.logs_in.words


def test_missing_databases_are_named(plain: int, login: Credentials) -> None:
    """A server without a promised database logs in and is a finding."""
    seen = postgresql.observe(target("postgresql", plain), login, databases=("licenseManager", "superset"))
    assert seen.logs_in.ok is True
    assert "it has no database superset" in seen.usable.words


def test_a_login_to_a_missing_database_is_a_login(plain: int, password: SecretStr) -> None:
    """PostgreSQL says that a database is missing only after it has accepted the password."""
    credentials = Credentials(username="sa", password=password, database="nowhere")
    seen = postgresql.observe(target("postgresql", plain), credentials)
    assert seen.logs_in.ok is True
    assert 'database "nowhere" does not exist' in seen.usable.words


def test_a_login_to_a_database_that_may_not_be_connected_to_is_a_login(password: SecretStr, login: Credentials) -> None:
    """The password is judged before the right to connect: nobody need look for another."""
    wanted(postgresql_server.available())
    port = free_port()
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password).wait():
        with CoreConnection("sa", "127.0.0.1", "licenseManager", port, password.get_secret_value()) as connection:
            connection.execute_simple("create role other login password 'any'")
            connection.execute_simple('revoke connect on database "licenseManager" from public')
        other = Credentials(username="other", password=SecretStr("any"), database=login.database)
        seen = postgresql.observe(target("postgresql", port), other)
    assert (seen.logs_in.ok, seen.usable.kind) == (True, Kind.UNUSABLE)
    assert 'accepts the credentials, but permission denied for database "licenseManager"' in seen.usable.words


def connected(port: int) -> CoreConnection:
    """Return a connection of account ``other``, when one that ended before has left its place."""
    ends = time.monotonic() + 10
    while True:
        try:
            return CoreConnection("other", "127.0.0.1", "licenseManager", port, "any")
        except DatabaseError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def test_connections_are_all_taken_only_where_nobody_else_gets_one(password: SecretStr, login: Credentials) -> None:
    """Of nine that may be had the question itself is none, nor are the server's own processes.

    An account without privileges cannot tell these from its clients. That all are gone is seen by one that may have
    more.
    """
    wanted(postgresql_server.available())
    port, few = free_port(), ("max_connections = 12", "superuser_reserved_connections = 3")
    other = Credentials(username="other", password=SecretStr("any"), database=login.database)
    with ExitStack() as stack:
        stack.enter_context(
            postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, settings=few).wait()
        )
        with CoreConnection("sa", "127.0.0.1", "licenseManager", port, password.get_secret_value()) as connection:
            connection.execute_simple("create role other login password 'any'")
        for _ in range(6):
            stack.enter_context(connected(port))
        some = postgresql.observe(target("postgresql", port), other)
        for _ in range(3):
            stack.enter_context(connected(port))
        seen = postgresql.observe(target("postgresql", port), login)
        refused = postgresql.observe(target("postgresql", port), other)
    assert (some.logs_in.ok, some.usable.ok) == (True, True)
    assert "all of its 9 connections are taken" in seen.usable.words
    assert "has no connection left" in refused.logs_in.words


def test_a_password_may_be_a_word_of_the_refusal(plain: int) -> None:
    """It is masked in what is shown, and not in what is understood."""
    login = Credentials(username="sa", password=SecretStr("password"), database="licenseManager")
    seen = postgresql.observe(target("postgresql", plain), login)
    assert seen.refuses_anonymous.ok is True
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert "password auth" not in seen.logs_in.words


def test_trust_is_an_open_door(trusting: int) -> None:
    """A server that asks nobody for a password says so by not knowing the user."""
    seen = postgresql.observe(target("postgresql", trusting), Credentials(username="sa"))
    assert seen.refuses_anonymous.kind is Kind.OPEN
    assert "trust in pg_hba.conf" in seen.refuses_wrong_password.words


def test_trust_on_the_loopback_is_no_open_door(password: SecretStr, login: Credentials) -> None:
    """PostgreSQL's own image trusts its loopback, where a tunnel comes out; then no password is tried, nor missed."""
    wanted(postgresql_server.available())
    port = free_port()
    trusting = "host all all 127.0.0.1/32 trust"
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, rules=[trusting]).wait():
        seen = postgresql.observe(target("postgresql", port), login)
        unknown = postgresql.observe(target("postgresql", port))
    assert seen.refuses_anonymous.ok is True
    assert "everybody else must log in" in seen.refuses_anonymous.words
    assert (seen.usable.ok, seen.logs_in.ok) == (True, None)
    assert "run cx-conformance inside the cluster" in seen.logs_in.words
    assert (unknown.refuses_anonymous.ok, unknown.refuses_anonymous.kind) == (None, Kind.LOOPBACK)


def test_what_is_wrong_with_tls_is_named(plain: int, secured: int, trust: TlsExpectation, login: Credentials) -> None:
    """Plain where TLS is promised, TLS where plain is, and a missing client certificate are told apart."""
    assert "in plain where TLS is promised" in postgresql.observe(target("postgresql", plain, trust), login).tls.words
    assert "wants TLS" in postgresql.observe(target("postgresql", secured), login).logs_in.words
    assert "wants a client certificate" in postgresql.observe(target("postgresql", secured, trust), login).logs_in.words


def test_a_rule_that_rejects_is_not_taken_for_a_wish_for_tls(password: SecretStr, login: Credentials) -> None:
    """A server without TLS adds to its refusal that the connection was not encrypted; encryption would not help."""
    wanted(postgresql_server.available())
    port = free_port()
    rejecting = "host all sa all reject"
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, rules=[rejecting]).wait():
        seen = postgresql.observe(target("postgresql", port), login)
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert "pg_hba.conf rejects connection" in seen.logs_in.words
    assert seen.refuses_wrong_password.ok is True


def test_a_server_that_knows_no_rule_for_its_loopback_was_not_looked_at(
    password: SecretStr, login: Credentials, mutual: TlsExpectation, authority: Authority, tmp_path: Path
) -> None:
    """A tunnel comes out there; who comes from another pod may be let in all the same."""
    wanted(postgresql_server.available())
    port = free_port()
    files = authority.write(tmp_path, PROMISED["postgresql"][0])
    pods = "10.0.0.0/8"
    for tls, expected in ((None, None), (files, mutual)):
        with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, tls=tls, whence=pods).wait():
            seen = postgresql.observe(target("postgresql", port, expected), login)
        assert (seen.logs_in.ok, seen.logs_in.kind) == (None, Kind.GAVE_UP)
        assert "run cx-conformance inside the cluster" in seen.logs_in.words
        assert (seen.refuses_anonymous.ok, seen.refuses_wrong_password.ok) == (None, None)


def test_the_callers_own_settings_are_not_used(plain: int, monkeypatch: pytest.MonkeyPatch, login: Credentials) -> None:
    """A password in the environment of who runs the suite must not log anybody in."""
    password = login.password.get_secret_value() if login.password else ""
    monkeypatch.setenv("PGPASSWORD", password)
    seen = postgresql.observe(target("postgresql", plain), Credentials(username="sa"))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED


@pytest.mark.parametrize(
    ("rules", "refuses"),
    [
        (["host all all 10.0.0.0/8 trust"], False),
        (["host all sa all trust"], False),
        (["host replication all 10.0.0.0/8 trust"], False),
        (["host all all all scram-sha-256", "host all all 10.0.0.0/8 trust"], True),
        (["host all all all scram-sha-256", "host replication all 10.0.0.0/8 trust"], False),
        (["host all all ::1/128 trust", "local all all trust"], True),
    ],
)
def test_who_trusts_other_pods_is_an_open_door_although_a_tunnel_does_not_come_out_there(
    password: SecretStr, login: Credentials, rules: list[str], *, refuses: bool
) -> None:
    """Its own rules tell it to an account that may read them; one for everybody before them makes the rest idle."""
    wanted(postgresql_server.available())
    port = free_port()
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=password, rules=rules).wait():
        seen = postgresql.observe(target("postgresql", port), login)
    assert seen.refuses_anonymous.ok is refuses, seen.refuses_anonymous.words
    assert seen.usable.ok is True


@contextmanager
def saying(*answers: bytes, to_nobody: bytes | None = None) -> Iterator[int]:
    """Give the port of a server without TLS that answers a session's begin with these messages, and ends it.

    Whom it does not know it gives ``to_nobody``; None: that the password is wrong.
    """

    def answer(peer: socket.socket) -> None:
        asked = peer.recv(65536)
        if asked[4:8] == struct.pack("!i", 80877103):
            peer.sendall(b"N")
            asked = peer.recv(65536)
        if PROBE_USER.encode() in asked:
            peer.sendall(to_nobody or error("28P01", "falsches Passwort"))
        elif asked:
            peer.sendall(b"".join(answers))

    with listening(answer) as port:
        yield port


def authentication(code: int) -> bytes:
    """Return the server's wish for a kind of login; 0: none any more."""
    return b"R" + struct.pack("!ii", 8, code)


def error(code: str, words: str) -> bytes:
    """Return the ErrorResponse of an SQLSTATE."""
    fields = f"SFATAL\0VFATAL\0C{code}\0M{words}\0\0".encode()
    return b"E" + struct.pack("!i", 4 + len(fields)) + fields


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ([error("28P01", "Passwort-Authentifizierung für Benutzer »sa« fehlgeschlagen")], Kind.UNAUTHORIZED, "»sa«"),
        ([error("57P03", "das Datenbanksystem startet")], Kind.NOT_READY, "is not ready: das Datenbanksystem"),
        ([error("53300", "tut mir leid, schon zu viele Verbindungen")], Kind.NOT_READY, "has no connection left"),
        ([error("08P01", "no more connections allowed (max_client_conn)")], Kind.NOT_READY, "no connection left"),
        ([error("08P01", "server login failed")], Kind.ODD, "answers with an error: server login"),
        (
            [error("28000", 'no pg_hba.conf entry for host "10.0.0.9", user "sa", SSL off')],
            Kind.UNAUTHORIZED,
            "SSL off",
        ),
        ([authentication(7)], Kind.UNAUTHORIZED, "wants a login by GSSAPI, and takes no password"),
        ([authentication(99)], Kind.ODD, "Authentication method 99 not recognized"),
        ([b"?" + struct.pack("!i", 4)], Kind.ODD, "gave an answer that its client rejects"),
        ([authentication(0)], Kind.CLOSED, "closed the connection instead of answering"),
    ],
)
def test_a_login_that_comes_to_nothing_is_told_in_any_language(answers: list[bytes], kind: Kind, words: str) -> None:
    """By its SQLSTATE, which a server that speaks German has as well; and what no client knows is an odd answer."""
    with saying(*answers) as port:
        seen = postgresql.observe(target("postgresql", port), Credentials(username="sa", password=WRONG))
    assert seen.logs_in.kind is kind, seen.logs_in.words
    assert words in seen.logs_in.words


@pytest.mark.parametrize("code", ["3D000", "42501", "55000"])
def test_whom_a_server_has_let_in_before_it_keeps_the_database_from_him_has_logged_in(code: str) -> None:
    """The password was right; what is wrong is the database, or the account's right to it."""
    with saying(authentication(0), error(code, "keine Berechtigung für Datenbank »keycloak_db«")) as port:
        seen = postgresql.observe(target("postgresql", port), Credentials(username="sa", password=WRONG))
    assert seen.logs_in.ok is True
    assert (seen.usable.kind, "accepts the credentials, but keine" in seen.usable.words) == (Kind.UNUSABLE, True)


def test_a_database_that_is_missing_before_anybody_was_let_in_tells_nothing_of_the_password() -> None:
    """So poolers say it."""
    with saying(error("3D000", "no such database: licenseManager")) as port:
        seen = postgresql.observe(target("postgresql", port), Credentials(username="sa", password=WRONG))
    assert (seen.logs_in.ok, seen.logs_in.kind) == (False, Kind.ODD)


def test_a_server_in_another_language_that_lets_somebody_in_whom_it_does_not_know_asks_for_no_password() -> None:
    """It says that nothing more is wanted before it looks for the account."""
    with saying(to_nobody=authentication(0) + error("28000", "Rolle »cx-conformance« existiert nicht")) as port:
        seen = postgresql.observe(target("postgresql", port))
    assert (seen.refuses_anonymous.ok, seen.refuses_anonymous.kind) == (None, Kind.LOOPBACK)
    assert "asks for no password" in seen.refuses_anonymous.words
    with saying(to_nobody=error("28000", "kein pg_hba.conf-Eintrag für Host »10.0.0.9«")) as port:
        seen = postgresql.observe(target("postgresql", port))
    assert seen.refuses_anonymous.ok is True
