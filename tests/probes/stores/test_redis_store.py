"""Redis, asked by redis-py, against the real server."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from cx_conformance.probes.stores import redis_store
from cx_conformance.probes.stores.target import PROBE_USER, Credentials, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import redis_server
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from tests.probes.stores.asking import PROMISED, QUICK, WRONG, all_well, marks, target
from tests.sandbox.stores.wanted import wanted


@pytest.fixture(scope="module")
def plain(password: SecretStr) -> Iterator[int]:
    """Give the port of a Redis with a password and no TLS."""
    wanted(redis_server.available())
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}, password=password).wait():
        yield port


@pytest.fixture(scope="module")
def secured(password: SecretStr, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a Redis with a password and mutual TLS, as current charts install it."""
    wanted(redis_server.available())
    port = free_port()
    files = authority.write(tmp_path_factory.mktemp("redis"), PROMISED["redis"][0], ask_clients=True)
    with redis_server.start("127.0.0.1", {"redis": port}, password=password, tls=files).wait():
        yield port


def start(settings: tuple[str, ...], password: SecretStr | None = None) -> Iterator[int]:
    """Run a Redis with these settings and give its port."""
    wanted(redis_server.available())
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}, password=password, settings=settings).wait():
        yield port


@pytest.fixture
def sentinel(plain: int, password: SecretStr) -> Iterator[int]:
    """Give the port of a Sentinel that watches the Redis with a password under the chart's name."""
    watched = (
        f"sentinel monitor expertflow 127.0.0.1 {plain} 1",
        f'sentinel auth-pass expertflow "{password.get_secret_value()}"',
        "sentinel down-after-milliseconds expertflow 60000",
    )
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}, settings=watched, sentinel=True).wait():
        yield port


@pytest.fixture
def replica(password: SecretStr) -> Iterator[int]:
    """Give the port of a Redis that follows a master which is not there."""
    yield from start(("replicaof 127.0.0.1 1",), password)


@pytest.fixture
def full() -> Iterator[int]:
    """Give the port of an open Redis whose memory limit is reached."""
    yield from start(("maxmemory 1", "maxmemory-policy noeviction"))


def test_plain_with_the_password_is_all_well(plain: int, password: SecretStr) -> None:
    """A Redis that keeps its promises is fine on every level, and its version is known."""
    seen = redis_store.observe(target("redis", plain), Credentials(password=password))
    assert marks(seen) == all_well(tls=False)
    assert seen.version is not None
    assert seen.tries == 1


def test_mutual_tls_with_the_password_is_all_well(secured: int, mutual: TlsExpectation, password: SecretStr) -> None:
    """Mutual TLS is verified against the promised name although the socket goes elsewhere."""
    seen = redis_store.observe(target("redis", secured, mutual), Credentials(password=password))
    assert marks(seen) == all_well(tls=True)
    assert seen.certificate is not None
    assert seen.certificate.names == (PROMISED["redis"][0],)


@pytest.mark.parametrize("given", [WRONG, None, SecretStr("")], ids=["wrong", "none", "empty"])
def test_a_bad_password_is_not_authorised(plain: int, given: SecretStr | None) -> None:
    """A password that Redis does not accept fails the login and nothing before it."""
    seen = redis_store.observe(target("redis", plain), Credentials(password=given))
    assert seen.speaks.ok is True
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert seen.usable.ok is None


def test_a_missing_client_certificate_is_named(secured: int, trust: TlsExpectation, password: SecretStr) -> None:
    """A server that wants a client certificate is a TLS finding on our side."""
    seen = redis_store.observe(target("redis", secured, trust), Credentials(password=password))
    assert seen.tls.ok is False
    assert "wants a client certificate" in seen.tls.words


def test_a_client_certificate_of_another_ca_is_named(secured: int, authority: Authority, password: SecretStr) -> None:
    """A client certificate that the server does not know is told apart from the server's own."""
    client = Authority("another CA").issue("ef-ccm")
    other = TlsExpectation(
        ca_pem=authority.ca_pem, certificate_pem=client.certificate_pem, key_pem=SecretStr(client.key_pem)
    )
    seen = redis_store.observe(target("redis", secured, other), Credentials(password=password))
    assert "does not know the CA of our client certificate" in seen.tls.words


def test_plain_where_tls_is_promised_names_redis(plain: int, trust: TlsExpectation) -> None:
    """A server without TLS is named by what it speaks, although it is silent to a TLS greeting."""
    seen = redis_store.observe(target("redis", plain, trust, limits=QUICK))
    assert seen.tls.kind is Kind.WRONG_PROTOCOL
    assert "speaks Redis in plain where TLS is promised" in seen.tls.words


def test_tls_where_plain_is_promised_is_named(secured: int) -> None:
    """A server that wants TLS is recognised from a plain connection."""
    assert "wants TLS where plain Redis is promised" in redis_store.observe(target("redis", secured)).speaks.words


def test_a_replica_is_not_usable(replica: int, password: SecretStr) -> None:
    """Components write, so a replica behind the master's name is a finding."""
    seen = redis_store.observe(target("redis", replica), Credentials(password=password))
    assert seen.logs_in.ok is True
    assert "its role is slave where master is promised" in seen.usable.words


@pytest.mark.parametrize(
    ("settings", "level", "kind", "words"),
    [
        (("min-replicas-to-write 1",), "usable", Kind.UNUSABLE, "no replica that counts for min-replicas-to-write"),
        (
            ("replicaof 127.0.0.1 1", "replica-serve-stale-data no"),
            "logs_in",
            Kind.NOT_READY,
            "is a replica whose master is down",
        ),
    ],
    ids=["replicas are missing", "its master is"],
)
def test_a_server_that_serves_nothing_for_want_of_others_is_told_so(
    password: SecretStr, settings: tuple[str, ...], level: str, kind: Kind, words: str
) -> None:
    """The password is right, and the components' writes fail all the same."""
    wanted(redis_server.available())
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}, password=password, settings=settings).wait():
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
    found = getattr(seen, level)
    assert (found.ok, found.kind) == (False, kind)
    assert words in found.words


def test_a_server_that_takes_no_more_clients_says_so_unasked(password: SecretStr) -> None:
    """Its reason is told, and not that it spoke before its turn; protected mode turns away in the same way."""
    wanted(redis_server.available())
    port = free_port()
    server = redis_server.start("127.0.0.1", {"redis": port}, password=password, settings=("maxclients 1",))
    with server.wait(), ExitStack() as held:
        answer = b""
        while not answer.startswith(b"-NOAUTH"):  # who asked whether it is up may still be its one client
            client = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            with suppress(ConnectionError):
                client.sendall(b"PING\r\n")
                answer = client.recv(100)
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
    assert seen.speaks.ok is False
    assert "max number of clients reached" in seen.speaks.words


def test_a_server_that_cannot_save_has_accepted_the_login_and_is_not_usable(
    password: SecretStr, tmp_path: Path
) -> None:
    """It answers even PING with MISCONF, as on a full disk; nobody need look for another password."""
    folder = tmp_path / "data"
    folder.mkdir()
    with own_server(password, f"dir {folder}") as (port, client):
        client.config_set("save", "3600 1")
        client.set("any", "thing")
        folder.rmdir()
        client.bgsave()
        with pytest.raises(redis.exceptions.ResponseError, match="MISCONF"):
            ping_until_it_fails(client)
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
    assert seen.logs_in.ok is True
    assert seen.usable.kind is Kind.UNUSABLE
    assert "its last background save failed" in seen.usable.words


def test_a_server_that_takes_writes_although_it_could_not_save_is_usable(password: SecretStr, tmp_path: Path) -> None:
    """Without ``save``, as where it appends to a file instead, a failed save keeps no write out; it is noted."""
    folder = tmp_path / "data"
    folder.mkdir()
    with own_server(password, f"dir {folder}") as (port, client):
        folder.rmdir()
        client.bgsave()
        ends = time.monotonic() + 10
        while client.info()["rdb_last_bgsave_status"] == "ok" and time.monotonic() < ends:
            time.sleep(0.02)
        client.set("any", "thing")
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
        assert client.keys() == [b"any"]
    assert seen.usable.ok is True
    assert seen.untold == (f"{seen.address} takes writes, although its last background save failed",)


@pytest.mark.parametrize(("policy", "usable"), [("volatile-lru", False), ("allkeys-lru", True)])
def test_full_memory_from_which_no_key_may_be_evicted_is_found(password: SecretStr, policy: str, usable: bool) -> None:
    """A ``volatile`` policy evicts keys with an end only, of which there may be none: nothing is evicted then."""
    with own_server(password, "maxmemory 3mb", f"maxmemory-policy {policy}") as (port, client):
        with suppress(redis.exceptions.OutOfMemoryError):
            for one in range(400):
                client.set(f"key{one}", "x" * 10_000)
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
        assert not client.exists(PROBE_USER)
    assert seen.usable.ok is usable
    assert usable or f"and the policy {policy} finds no key to evict, so writes fail" in seen.usable.words


def test_a_server_that_runs_a_script_without_end_serves_nobody(password: SecretStr) -> None:
    """The login is accepted then, too, and the script is named."""
    script = "local begin = redis.call('TIME')[1]; while redis.call('TIME')[1] - begin < 60 do end"
    with own_server(password, "busy-reply-threshold 50") as (port, client):
        running = threading.Thread(target=run_in_vain, args=(client, script))
        running.start()
        with pytest.raises(redis.exceptions.ResponseError, match="BUSY"):
            ping_until_it_fails(client)
        seen = redis_store.observe(target("redis", port), Credentials(password=password))
        client.script_kill()
        running.join()
    assert seen.logs_in.ok is True
    assert seen.usable.kind is Kind.NOT_READY
    assert "runs a script that does not end" in seen.usable.words


@pytest.mark.parametrize(
    ("may", "refused"), [("+ping", True), ("-@all", True), ("+@all", False), ("+ping +get ~app:*", False)]
)
def test_a_server_is_open_to_those_who_may_more_than_ping_it(password: SecretStr, may: str, refused: bool) -> None:
    """An ACL may let the default user do nothing but PING, for whoever probes the server without its password."""
    app = f'user app on ">{password.get_secret_value()}" ~* +@all'
    with own_server(None, f"user default on nopass -@all {may}", app) as (port, _):
        seen = redis_store.observe(target("redis", port), Credentials(username="app", password=password))
    assert (seen.logs_in.ok, seen.usable.ok) == (True, True)
    assert seen.refuses_anonymous.ok is refused


def test_a_cluster_without_a_node_for_its_keys_is_not_usable(password: SecretStr) -> None:
    """Its server is a master and loaded, and answers every read and write with CLUSTERDOWN."""
    # Without it the nodes' own port is 10,000 higher, which free ports leave no room for.
    with own_server(password, "cluster-enabled yes", f"cluster-port {free_port()}") as (port, client):
        with pytest.raises(redis.exceptions.ClusterDownError):
            client.set("any", "thing")
        down = redis_store.observe(target("redis", port), Credentials(password=password))
        client.cluster("addslots", *range(16384))
        ends = time.monotonic() + 10
        while client.cluster("info")["cluster_state"] != "ok" and time.monotonic() < ends:
            time.sleep(0.05)
        up = redis_store.observe(target("redis", port), Credentials(password=password))
    assert (down.logs_in.ok, down.usable.kind) == (True, Kind.UNUSABLE)
    assert "its cluster is fail" in down.usable.words
    assert up.usable.ok is True


@contextmanager
def own_server(password: SecretStr | None, *settings: str) -> Iterator[tuple[int, redis.Redis]]:
    """Give the port of a Redis of its own, and a client of it."""
    wanted(redis_server.available())
    port = free_port()
    secret = password.get_secret_value() if password else None
    server = redis_server.start("127.0.0.1", {"redis": port}, password=password, settings=settings)
    with server.wait(), closing(redis.Redis(port=port, password=secret)) as client:
        yield port, client


def run_in_vain(client: redis.Redis, script: str) -> None:
    """Run a script until it is killed."""
    with suppress(redis.exceptions.ResponseError):
        client.eval(script, 0)


def ping_until_it_fails(client: redis.Redis) -> None:
    """Ask for up to ten seconds."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        client.ping()
        time.sleep(0.02)


def test_full_memory_and_an_open_door_are_both_found(full: int) -> None:
    """Memory at its limit with noeviction fails writes; a Redis without a password answers anybody."""
    seen = redis_store.observe(target("redis", full), Credentials(username="default", password=SecretStr("any")))
    assert "memory is full" in seen.usable.words
    assert seen.refuses_anonymous.ok is False
    assert seen.refuses_anonymous.kind is Kind.OPEN
    assert seen.refuses_wrong_password.ok is True


def test_a_sentinel_knows_its_master(sentinel: int, plain: int) -> None:
    """A Sentinel that sees the promised master is usable, and says where the master is."""
    seen = redis_store.observe_sentinel(target("redis", sentinel))
    assert f"knows master expertflow at 127.0.0.1:{plain}" in seen.usable.words
    assert seen.usable.ok is True


def test_a_sentinel_without_the_master_is_not_usable(sentinel: int) -> None:
    """A master of another name is not known."""
    seen = redis_store.observe_sentinel(target("redis", sentinel), master="mymaster")
    assert seen.usable.kind is Kind.UNUSABLE
    assert "Sentinel says of master mymaster" in seen.usable.words
