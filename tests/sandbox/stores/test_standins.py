"""The stand-ins, asked by the very clients that ask the real stores."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores import activemq, mongo, postgresql, redis_store, s3
from cx_conformance.probes.stores.activemq import Port
from cx_conformance.probes.stores.observation import Level, StoreObservation
from cx_conformance.probes.stores.target import Credentials, Target, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import (
    activemq_server,
    activemq_standin,
    kinds,
    mongo_standin,
    postgresql_standin,
    redis_standin,
    s3_standin,
)
from cx_conformance.sandbox.stores.certificates import Authority, CertificateFiles
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import SAYS_SO, StandIn

HOST = "store.ef-external.svc"
PASSWORD = SecretStr("Pl4nted+Secret/=&? %ü")
USERS = {"activemq": "expertflow", "mongo": "root", "postgresql": "sa", "redis": None, "s3": "minio"}
START: Mapping[str, Callable[..., StandIn]] = {
    "activemq": activemq_standin.start,
    "mongo": mongo_standin.start,
    "postgresql": postgresql_standin.start,
    "redis": redis_standin.start,
    "s3": s3_standin.start,
}
OBSERVE: Mapping[str, Callable[[Target, Credentials], StoreObservation]] = {
    "activemq": activemq.observe,
    "mongo": mongo.observe,
    "postgresql": postgresql.observe,
    "redis": redis_store.observe,
    "s3": s3.observe,
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    """Give the CA of the servers."""
    return Authority()


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> CertificateFiles:
    """Give a server's certificate."""
    return authority.write(tmp_path, HOST)


def ask(kind: str, port: int, password: SecretStr = PASSWORD, tls: TlsExpectation | None = None) -> StoreObservation:
    """Ask a stand-in on this machine."""
    target = Target(host=HOST, port=1, connect_to=("127.0.0.1", port), tls=tls)
    return OBSERVE[kind](target, Credentials(username=USERS[kind], password=password))


def unwell(seen: StoreObservation) -> dict[Level, str]:
    """Return what is not as it should be, in words."""
    asked = {level: finding for level, finding in seen.findings.items() if finding.kind is not None}
    return {level: finding.words for level, finding in asked.items()}


@pytest.mark.parametrize("kind", list(START))
def test_a_stand_in_passes_for_the_store(kind: str) -> None:
    """Every question of a look is answered as the real store answers it."""
    port = free_port()
    with START[kind]("127.0.0.1", {"stomp" if kind == "activemq" else kind: port}, password=PASSWORD):
        seen = ask(kind, port)
    assert unwell(seen) == {}
    assert seen.logs_in.ok is seen.usable.ok is True


@pytest.mark.parametrize("kind", list(START))
def test_a_stand_in_speaks_tls(kind: str, authority: Authority, files: CertificateFiles) -> None:
    """The same over TLS, where PostgreSQL begins it by its own request."""
    port = free_port()
    name = "stomp+ssl" if kind == "activemq" else kind
    with START[kind]("127.0.0.1", {name: port}, password=PASSWORD, tls=files):
        seen = ask(kind, port, tls=TlsExpectation(ca_pem=authority.ca_pem))
    assert unwell(seen) == {}
    assert seen.tls.ok is True


@pytest.mark.parametrize("kind", list(START))
def test_a_stand_in_refuses_a_wrong_password(kind: str) -> None:
    """A stand-in that let everybody in would prove nothing."""
    port = free_port()
    with START[kind]("127.0.0.1", {"stomp" if kind == "activemq" else kind: port}, password=PASSWORD):
        seen = ask(kind, port, SecretStr("another"))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED


def test_the_brokers_other_ports_answer(authority: Authority, files: CertificateFiles) -> None:
    """OpenWire greets, with and without TLS, and the console speaks HTTP."""
    chosen = {name: free_port() for name in activemq_server.PORTS}
    trust = TlsExpectation(ca_pem=authority.ca_pem)
    promised = (("openwire", "OpenWire", False), ("ssl", "OpenWire", True), ("console", "HTTP", False))
    others = [
        Port(
            target=Target(host=HOST, port=1, connect_to=("127.0.0.1", chosen[name]), tls=trust if tls else None),
            speaks=speaks,
        )
        for name, speaks, tls in promised
    ]
    with activemq_standin.start("127.0.0.1", chosen, password=PASSWORD, tls=files):
        stomp = Target(host=HOST, port=1, connect_to=("127.0.0.1", chosen["stomp"]))
        credentials = Credentials(username="expertflow", password=PASSWORD)
        seen = activemq.observe(stomp, credentials, others=others, allow_writes=True)
    assert [port.finding.ok for port in seen.ports] == [True, True, True]
    assert seen.version == SAYS_SO
    assert len(seen.writes) == 1


def test_s3_keeps_no_objects_and_says_so() -> None:
    """What a stand-in does not do is refused in words that name it."""
    port = free_port()
    with s3_standin.start("127.0.0.1", {"s3": port}, password=PASSWORD):
        target = Target(host=HOST, port=1, connect_to=("127.0.0.1", port))
        seen = s3.observe(target, Credentials(username="minio", password=PASSWORD), allow_writes=True)
    assert SAYS_SO in seen.usable.words


@pytest.mark.parametrize("kind", list(kinds.KINDS))
def test_a_stand_in_takes_the_place_of_what_is_not_installed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the real server is missing the stand-in serves, and the note says why."""
    name = kinds.KINDS[kind].server
    if name is not None:
        monkeypatch.setattr(f"cx_conformance.sandbox.stores.{name}.available", lambda: "it is not installed")
    port = free_port()
    ports = {"stomp" if kind == "activemq" else kind: port}
    started = kinds.start(kind, "127.0.0.1", ports=ports, password=PASSWORD)
    with started.server.wait():
        assert ask(kind, port).logs_in.ok is True
    assert started.note is not None
    assert started.note.endswith("; a stand-in takes its place")
