"""Installations by other charts: what is legitimate passes, what is broken is found, and the rest is asked anyway."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.outcome.outcome import Result
from cx_conformance.sandbox.stores import mongo_standin, postgresql_server, redis_server
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.checks.installation import Installation
from tests.probes import targets
from tests.probes.stores.faults import either
from tests.sandbox.stores.wanted import wanted
from tests.vantage.stores import EXTERNAL, ask, judged, put, tell

PASSWORD = SecretStr("Pl4nted+Secret/=&? %ü")
SERVICE = "redis-master.ef-external.svc"


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Give the CA that the components trust."""
    return Authority()


@pytest.fixture
def installation(authority: Authority) -> Installation:
    """Give the reference installation with this password and CA."""
    made = Installation()
    put(made, "redis", **{"redis-password": PASSWORD})
    client = authority.issue("client")
    put(made, "redis-crt", ca_crt=authority.ca_pem, tls_crt=client.certificate_pem, tls_key=SecretStr(client.key_pem))
    put(made, "ef-postgresql", password=PASSWORD)
    put(made, "ef-postgresql-crt", ca_crt=authority.ca_pem)
    return made


def secured(authority: Authority, folder: Path, *names: str) -> Iterator[int]:
    """Run a Redis with TLS only, whose certificate is for these names."""
    wanted(redis_server.available())
    port = free_port()
    files = authority.write(folder, *names, ask_clients=True)
    with redis_server.start("127.0.0.1", {"redis": port}, password=PASSWORD, tls=files).wait():
        yield port


@pytest.fixture(scope="module")
def of_chart(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a Redis with a certificate as the chart makes it: with the cluster's domain."""
    names = ("*.redis-headless.ef-external.svc.cluster.local", "redis-master.ef-external.svc.cluster.local")
    yield from secured(authority, tmp_path_factory.mktemp("chart"), *names)


@pytest.fixture(scope="module")
def opened() -> Iterator[int]:
    """Give the port of a Redis without a password."""
    wanted(redis_server.available())
    port = free_port()
    with redis_server.start("127.0.0.1", {"redis": port}).wait():
        yield port


def test_a_certificate_for_another_name_of_the_service_passes_with_a_note(
    installation: Installation, of_chart: int
) -> None:
    """Charts put the cluster's domain behind it; where components are told no host, any name of it will do."""
    tell(installation, REDIS_HOST="")
    asked = ask(installation, "redis", {("redis", 6379): of_chart})
    ended = judged(installation, "CX806", "redis", asked)
    assert ended.result is Result.PASS, ended.message
    assert "redis-master.ef-external.svc.cluster.local, another name of the same store" in ended.evidence["notes"][0]
    assert asked.observation.usable.ok is True


def test_the_name_that_components_are_told_is_the_one_that_counts(installation: Installation, of_chart: int) -> None:
    """The certificate must cover it; that it does not keeps nobody from looking at the rest."""
    tell(installation, REDIS_HOST="redis-master.ef-external.svc.cluster.local")
    told = ask(installation, "redis", {("redis", 6379): of_chart})
    assert judged(installation, "CX806", "redis", told).result is Result.PASS
    assert told.certificate_note is None

    tell(installation, REDIS_HOST=SERVICE)
    told = ask(installation, "redis", {("redis", 6379): of_chart})
    ended = judged(installation, "CX806", "redis", told)
    assert ended.result is Result.FAIL
    assert f"not for {SERVICE}" in ended.message
    assert (told.observation.logs_in.ok, told.observation.usable.ok) == (True, True)


def in_mesh(installation: Installation) -> None:
    """Put Istio's proxy into the pods of Redis."""
    proxy = {"name": "istio-proxy", "image": "istio/proxyv2"}
    installation.live("Pod", "redis-", lambda pod: pod["spec"]["containers"].append(proxy))


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_store_whose_mesh_may_have_hung_up_is_not_known(installation: Installation, over_tls: bool) -> None:
    """Istio's proxy resets whoever is not of its mesh where mTLS is STRICT, over TLS in the handshake."""
    in_mesh(installation)
    tell(installation, REDIS_SSL_ENABLED="true" if over_tls else "false")
    with targets.listening(targets.resets) as port, pytest.raises(NoVantage, match=r"proxy \(container istio-proxy\)"):
        ask(installation, "redis", {("redis", 6379): port})


def test_a_store_of_a_mesh_is_judged_by_what_it_says(installation: Installation, of_chart: int) -> None:
    """Where the proxy lets the run in, as by default, a wrong certificate is the store's own; so is a refusal."""
    in_mesh(installation)
    tell(installation, REDIS_HOST=SERVICE)
    told = ask(installation, "redis", {("redis", 6379): of_chart})
    assert judged(installation, "CX806", "redis", told).result is Result.FAIL
    refused = ask(installation, "redis", {})
    assert judged(installation, "CX801", "redis", refused).result is Result.FAIL


def test_a_certificate_for_nothing_of_the_store_fails(
    installation: Installation, authority: Authority, tmp_path: Path
) -> None:
    """Even where components are told no host."""
    tell(installation, REDIS_HOST="")
    (asked,) = [
        ask(installation, "redis", {("redis", 6379): port})
        for port in secured(authority, tmp_path, "somebody.else.svc")
    ]
    assert judged(installation, "CX806", "redis", asked).result is Result.FAIL
    assert asked.observation.usable.ok is True


def test_an_unknown_ca_is_no_fault_of_the_store(installation: Installation, of_chart: int) -> None:
    """Without the Secret that charts name, the certificate cannot be judged; all else is asked."""
    data = installation.find("Secret", "redis-crt", EXTERNAL)["data"]
    del data["ca.crt"]
    asked = ask(installation, "redis", {("redis", 6379): of_chart})
    ended = judged(installation, "CX806", "redis", asked)
    assert ended.result is Result.ERROR
    assert "was not verified: Secret ef-external/redis-crt has no key ca.crt" in ended.message
    assert "name its CA in the site file" in ended.message
    assert (asked.observation.logs_in.ok, asked.observation.usable.ok) == (True, True)


def test_an_open_store_is_found_where_no_password_is_known(installation: Installation, opened: int) -> None:
    """A chart with authentication switched off makes no Secret either."""
    installation.remove("Secret", "redis", EXTERNAL)
    installation.find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0].pop("env")
    tell(installation, REDIS_PASSWORD="")
    asked = ask(installation, "redis", {("redis", 6379): opened})
    assert asked.without_login is not None
    ended = judged(installation, "CX805", "redis", asked)
    assert ended.result is Result.FAIL
    assert "answers PING without a login" in ended.message


def test_an_acl_user_of_the_site_logs_in() -> None:
    """The site's reference gives the name; a user who may not even PING is logged in all the same."""
    wanted(redis_server.available())
    given = {"username": "cx", "password": {"secret": "redis-users", "key": "cx"}}
    installation = Installation({"credentials": {"redis": {"login": given}}})
    put(installation, "redis-users", cx="of-cx-alone")
    port = free_port()
    rules = ("user default off", "user cx on >of-cx-alone ~* +info")
    with redis_server.start("127.0.0.1", {"redis": port}, settings=rules).wait():
        seen = ask(installation, "redis", {("redis", 6379): port}).observation
    assert "accepts the credentials of cx" in seen.logs_in.words
    assert seen.usable.ok is True


def test_postgresql_compares_no_name_unless_components_do(
    installation: Installation, authority: Authority, tmp_path: Path
) -> None:
    """The documented mode is verify-ca; verify-full in the URL compares it."""
    wanted(postgresql_server.available())
    port = free_port()
    files = authority.write(tmp_path, "ef-postgresql")
    url = installation.find("ConfigMap", "ef-licence-manager-cm")["data"]
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=PASSWORD, tls=files).wait():
        asked = ask(installation, "postgresql", {("ef-postgresql", 5432): port})
        url["DB_URL"] += "?sslmode=verify-full"
        compared = ask(installation, "postgresql", {("ef-postgresql", 5432): port})
    assert (asked.secure, asked.observation.tls.ok, asked.observation.logs_in.ok) == (True, True, True)
    assert judged(installation, "CX806", "postgresql", asked).result is Result.PASS
    assert judged(installation, "CX806", "postgresql", compared).result is Result.FAIL


def test_a_postgresql_that_demands_tls_is_asked_over_it_without_a_ca(
    installation: Installation, authority: Authority, tmp_path: Path
) -> None:
    """Nobody gets in without TLS there, and the certificate is not judged."""
    wanted(postgresql_server.available())
    installation.remove("Secret", "ef-postgresql-crt", EXTERNAL)
    port = free_port()
    files = authority.write(tmp_path, "ef-postgresql")
    with postgresql_server.start("127.0.0.1", {"postgresql": port}, password=PASSWORD, tls=files).wait():
        asked = ask(installation, "postgresql", {("ef-postgresql", 5432): port})
    assert (asked.secure, asked.observation.tls.ok, asked.observation.logs_in.ok) == (True, None, True)
    assert "Secret ef-external/ef-postgresql-crt does not exist" in asked.observation.tls.words


def test_mongo_that_takes_both_is_asked_as_components_are_told(
    installation: Installation, authority: Authority, tmp_path: Path
) -> None:
    """Its preferTLS answers in plain too; the certificate that the components meet is judged."""
    put(installation, "mongo-mongodb", **{"mongodb-root-password": PASSWORD})
    put(installation, "mongo-mongodb-ca", **{"mongodb-ca-cert": authority.ca_pem, "client-pem": ""})
    plain, over_tls, both = free_port(), free_port(), free_port()
    files = authority.write(tmp_path, "mongo-mongodb.ef-external.svc")

    with (
        mongo_standin.start("127.0.0.1", {"mongo": plain}, password=PASSWORD),
        mongo_standin.start("127.0.0.1", {"mongo": over_tls}, password=PASSWORD, tls=files),
        StandIn("127.0.0.1", {both: either(plain, over_tls)}).wait(),
    ):
        tell(installation, MONGODB_ENABLE_SSL="false")
        asked = ask(installation, "mongo", {("mongo", 27017): both})
        tell(installation, MONGODB_ENABLE_SSL="true")
        told = ask(installation, "mongo", {("mongo", 27017): both})
    assert (asked.secure, told.secure) == (False, True)
    assert told.observation.tls.ok is True
    assert told.observation.refuses_plaintext.ok is False
    assert [judged(installation, "CX812", "mongo", one).result for one in (asked, told)] == [Result.FAIL, Result.PASS]
