"""Mongo, asked by pymongo, against the stand-in."""

import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import mongo
from cx_conformance.probes.stores.target import Credentials, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import mongo_standin
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.mongo_standin import Role
from cx_conformance.sandbox.stores.running import free_port
from tests.probes.stores.asking import PROMISED, WRONG, all_well, marks, target

Start = Callable[[Role], int]


@pytest.fixture
def start(password: SecretStr) -> Iterator[Start]:
    """Start stand-ins with a role; they end with the test."""
    running = []

    def begin(role: Role) -> int:
        port = free_port()
        running.append(mongo_standin.start("127.0.0.1", {"mongo": port}, password=password, role=role))
        return port

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def secured(password: SecretStr, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a Mongo with TLS and a password."""
    port = free_port()
    files = authority.write(tmp_path_factory.mktemp("mongo"), PROMISED["mongo"][0])
    with mongo_standin.start("127.0.0.1", {"mongo": port}, password=password, tls=files):
        yield port


def login(password: SecretStr) -> Credentials:
    """Return the credentials of root."""
    return Credentials(username="root", password=password)


def test_with_tls_and_the_password_is_all_well(secured: int, trust: TlsExpectation, password: SecretStr) -> None:
    """A Mongo that keeps its promises is fine on every level and refuses a connection without TLS."""
    seen = mongo.observe(target("mongo", secured, trust), login(password))
    assert marks(seen) == all_well(tls=True, plaintext=True)
    assert seen.usable.detail["role"] == "standalone"


def test_no_thread_is_left(secured: int, trust: TlsExpectation, password: SecretStr) -> None:
    """The client's monitors end with the observation."""
    before = threading.active_count()
    mongo.observe(target("mongo", secured, trust), login(password))
    assert threading.active_count() == before


def test_a_wrong_password_is_not_authorised(start: Start) -> None:
    """The words name the user and what Mongo said."""
    seen = mongo.observe(target("mongo", start(Role())), login(WRONG))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert "credentials of root" in seen.logs_in.words
    assert "Authentication failed" in seen.logs_in.words


def test_a_wrong_auth_source_is_not_authorised(start: Start, password: SecretStr) -> None:
    """A user of one database does not log in by another."""
    credentials = Credentials(username="root", password=password, database="expertflow")
    assert mongo.observe(target("mongo", start(Role())), credentials).logs_in.kind is Kind.UNAUTHORIZED


def test_without_authorization_anybody_reads() -> None:
    """An open Mongo is found by the databases that it lists."""
    port = free_port()
    with mongo_standin.start("127.0.0.1", {"mongo": port}):
        seen = mongo.observe(target("mongo", port))
    assert seen.refuses_anonymous.kind is Kind.OPEN
    assert "lists its 1 databases" in seen.refuses_anonymous.words


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role(read_only=True), "it is read-only"),
        (Role(locked=True), "it is locked against writes, as for a backup that has not ended (fsyncLock)"),
        (Role(state="starting"), "neither primary nor secondary"),
        (Role(state="secondary", replica_set="expertflow"), "its set has no primary"),
        (Role(replica_set="other"), "its replica set is other where expertflow is promised"),
        (
            Role(replica_set="expertflow", other_members=(("mongo-1:27017", 8, "DOWN"),)),
            "mongo-1:27017 is DOWN",
        ),
    ],
    ids=["read-only", "locked", "starting", "no primary", "another set", "sick member"],
)
def test_what_cannot_be_written_to_is_not_usable(start: Start, password: SecretStr, role: Role, words: str) -> None:
    """A server in the wrong role logs in and is still a finding."""
    promised = "expertflow" if role.replica_set else None
    seen = mongo.observe(target("mongo", start(role)), login(password), replica_set=promised)
    assert seen.logs_in.ok is True
    assert seen.usable.ok is False
    assert words in seen.usable.words


def test_a_secondary_of_a_healthy_set_is_usable(start: Start, password: SecretStr) -> None:
    """A tunnel may end at a secondary; the set can be written to all the same."""
    role = Role(state="secondary", replica_set="expertflow", other_members=(("mongo-1:27017", 1, "PRIMARY"),))
    seen = mongo.observe(target("mongo", start(role)), login(password), replica_set="expertflow")
    assert seen.usable.ok is True
    assert seen.usable.detail["role"] == "secondary"
    assert "leaves writes to the primary" in seen.usable.words


@pytest.mark.parametrize(
    "role",
    [
        Role(state="secondary", locked=True, replica_set="rs", other_members=(("mongo-1:27017", 1, "PRIMARY"),)),
        Role(lacks=("currentop",)),
    ],
    ids=["a locked secondary", "not told"],
)
def test_a_lock_counts_where_the_components_write(start: Start, password: SecretStr, role: Role) -> None:
    """Backups are made of secondaries; a service that does not tell of locks has none."""
    seen = mongo.observe(target("mongo", start(role)), login(password))
    assert (seen.usable.ok, seen.untold) == (True, ())


def test_a_server_that_knows_hello_by_its_older_name_is_asked_by_that(start: Start, password: SecretStr) -> None:
    """Mongo before 4.4.2 and 4.2.10 knows isMaster only, and is primary all the same."""
    seen = mongo.observe(target("mongo", start(Role(lacks=("hello",), replica_set="rs"))), login(password))
    assert (seen.logs_in.ok, seen.usable.ok) == (True, True)
    assert seen.usable.detail["role"] == "primary"


def test_a_server_too_old_for_the_client_is_not_called_broken(start: Start, password: SecretStr) -> None:
    """Mongo 4.2 is none of pymongo's any more, and may well be one of the components' drivers'."""
    seen = mongo.observe(target("mongo", start(Role(wire_version=8))), login(password))
    assert seen.speaks.ok is True
    assert (seen.logs_in.ok, seen.logs_in.kind) == (None, Kind.GAVE_UP)
    assert "wire version 8" in seen.logs_in.words


def test_a_set_that_was_never_initiated_has_no_users_yet(start: Start, password: SecretStr) -> None:
    """The account cannot be made before: its password is not the one that was changed."""
    seen = mongo.observe(target("mongo", start(Role(state="starting"))), login(WRONG))
    assert seen.logs_in.kind is Kind.NOT_READY
    assert "never initiated, so that it has no users yet" in seen.logs_in.words
    assert "changed" not in seen.logs_in.words
    assert seen.refuses_wrong_password.ok is True
