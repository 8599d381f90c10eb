"""ActiveMQ, asked by stomp.py, against the real broker."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pytest
from msgspec.structs import replace
from pydantic import SecretStr

from cx_conformance.probes.stores import activemq
from cx_conformance.probes.stores.activemq import Port
from cx_conformance.probes.stores.masking import Masking
from cx_conformance.probes.stores.target import Credentials, Limits, TlsExpectation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores import activemq_server
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn
from tests.probes.stores.asking import PATIENT, PROMISED, WRONG, all_well, marks, target
from tests.probes.stores.faults import half_close, hang, http, say
from tests.sandbox.stores.wanted import wanted


@pytest.fixture(scope="module")
def ports(
    password: SecretStr, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, int]]:
    """Give the ports of a broker with a login on all, and TLS on those that promise it."""
    wanted(activemq_server.available())
    chosen = {name: free_port() for name in (*activemq_server.PORTS, "auto")}
    files = authority.write(tmp_path_factory.mktemp("activemq"), PROMISED["activemq"][0])
    with activemq_server.start("127.0.0.1", chosen, username="cx", password=password, tls=files).wait():
        yield chosen


@pytest.fixture(scope="module")
def open_ports(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, int]]:
    """Give the ports of a broker that lets everybody in, over mutual TLS on one of them."""
    wanted(activemq_server.available())
    chosen = {name: free_port() for name in ("stomp", "stomp+ssl")}
    files = authority.write(tmp_path_factory.mktemp("open"), PROMISED["activemq"][0], ask_clients=True)
    with activemq_server.start("127.0.0.1", chosen, tls=files).wait():
        yield chosen


@pytest.fixture
def login(password: SecretStr) -> Credentials:
    """Give the credentials of the components."""
    return Credentials(username="cx", password=password)


@pytest.mark.parametrize("writes", [False, True], ids=["read-only", "with writes"])
def test_plain_with_the_password_is_all_well(ports: Mapping[str, int], login: Credentials, *, writes: bool) -> None:
    """A broker that keeps its promises is fine; a message is passed only where writes are allowed."""
    seen = activemq.observe(target("activemq", ports["stomp"]), login, allow_writes=writes)
    assert marks(seen) == all_well(tls=False)
    assert [("a message to temporary queue" in one) for one in seen.writes] == ([True] if writes else [])
    assert seen.version is not None
    assert seen.version.startswith("ActiveMQ/")


def test_tls_with_the_password_is_all_well(ports: Mapping[str, int], trust: TlsExpectation, login: Credentials) -> None:
    """The same holds over TLS, verified against the promised name."""
    seen = activemq.observe(target("activemq", ports["stomp+ssl"], trust), login, allow_writes=True)
    assert marks(seen) == all_well(tls=True)


def test_mutual_tls_is_all_well_but_for_the_open_door(
    open_ports: Mapping[str, int], mutual: TlsExpectation, login: Credentials
) -> None:
    """A client certificate opens the connection; that anybody who has one may log in is found."""
    seen = activemq.observe(target("activemq", open_ports["stomp+ssl"], mutual), login)
    assert seen.usable.ok is True
    assert seen.refuses_anonymous.kind is Kind.OPEN
    assert seen.refuses_wrong_password.kind is Kind.OPEN


@pytest.mark.parametrize("writes", [False, True])
def test_a_broker_whose_memory_is_full_delivers_nothing(login: Credentials, writes: bool) -> None:
    """It takes logins and subscriptions, and lets whoever sends wait; that shows where a message may be sent only."""
    wanted(activemq_server.available())
    port = free_port()
    password = login.password.get_secret_value() if login.password else ""
    message = f"SEND\ndestination:/queue/full\nreceipt:any\n\n{'x' * 10_000}\0".encode()
    full = activemq_server.start("127.0.0.1", {"stomp": port}, username="cx", password=login.password, memory="64 kb")
    with full.wait(60), socket.create_connection(("127.0.0.1", port), timeout=3) as sender:
        sender.sendall(f"CONNECT\nlogin:cx\npasscode:{password}\n\n\0".encode())
        sender.recv(512)
        with suppress(TimeoutError):  # from some time on none is taken
            for _ in range(100):
                sender.sendall(message)
                sender.recv(512)
        limits = Limits(connect_s=10, answer_s=3, total_s=60)
        seen = activemq.observe(target("activemq", port, limits=limits), login, allow_writes=writes)
    assert (seen.logs_in.ok, seen.usable.ok) == (True, not writes)
    assert not writes or "delivers no message to it; a broker that has reached its memory limit" in seen.usable.words


def test_a_missing_client_certificate_is_named(open_ports: Mapping[str, int], trust: TlsExpectation) -> None:
    """Java says bad certificate where none was shown, or just resets; the words say what lacks."""
    seen = activemq.observe(target("activemq", open_ports["stomp+ssl"], trust))
    assert seen.tls.kind is Kind.TLS, seen.findings
    assert "a client certificate" in seen.tls.words
    assert "none is given" in seen.tls.words


def test_a_wrong_password_is_not_authorised(ports: Mapping[str, int]) -> None:
    """The ERROR frame's reason is in the words, which stomp.py's own exception has not."""
    seen = activemq.observe(target("activemq", ports["stomp"]), Credentials(username="cx", password=WRONG))
    assert seen.logs_in.kind is Kind.UNAUTHORIZED
    assert "User name [cx] or password is invalid" in seen.logs_in.words


@pytest.mark.parametrize("words", ["The login account is not valid.", "Security Error occurred: AMQ229031"])
def test_artemis_refuses_in_words_of_its_own(words: str) -> None:
    """It has another message for who may not log in; it is a broker that refuses, not one that speaks no STOMP."""
    port = free_port()
    frame = f"ERROR\nversion:1.2\nmessage:Failed to connect\n\n{words}\n\0".encode()
    with StandIn("127.0.0.1", {port: say(frame)}).wait():
        seen = activemq.observe(target("activemq", port), Credentials(username="cx", password=WRONG))
    assert (seen.speaks.ok, seen.refuses_anonymous.ok, seen.logs_in.kind) == (True, True, Kind.UNAUTHORIZED)


def test_each_port_says_what_it_speaks(ports: Mapping[str, int], trust: TlsExpectation, login: Credentials) -> None:
    """Every promised port is asked for its own protocol, at the same time as STOMP."""
    promised = {"ws": "HTTP", "stomp+ssl": "STOMP", "openwire": "OpenWire", "ssl": "OpenWire", "console": "HTTP"}
    others = [
        Port(target=target("activemq", ports[name], trust if "ssl" in name else None), speaks=speaks)
        for name, speaks in promised.items()
    ]
    seen = activemq.observe(target("activemq", ports["stomp"]), login, others=others)
    assert [port.speaks for port in seen.ports] == list(promised.values())
    assert all(port.finding.ok for port in seen.ports)
    assert [port.certificate is not None for port in seen.ports] == ["ssl" in name for name in promised]


def test_a_port_that_takes_several_protocols_speaks_openwire_to_whoever_does(ports: Mapping[str, int]) -> None:
    """It waits for the client's first words (a connector ``auto``), where one of OpenWire alone greets unasked."""
    looked = activemq.look(Port(target=target("activemq", ports["auto"]), speaks="OpenWire"), Masking([]))
    assert (looked.finding.ok, looked.speaks) == (True, "OpenWire")
    seen = activemq.observe(target("activemq", ports["auto"]))
    assert seen.speaks.ok is True


def test_a_port_that_hangs_up_on_everybody_is_found() -> None:
    """So does a broker whose connector has as many connections as it may (maximumConnections); no client gets in."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say nothing."""

    port = free_port()
    with StandIn("127.0.0.1", {port: hang_up}):
        looked = activemq.look(Port(target=target("activemq", port), speaks="OpenWire"), Masking([]))
    assert (looked.finding.ok, looked.finding.kind) == (False, Kind.CLOSED)
    assert "closed the connection instead of answering" in looked.finding.words


def test_ports_that_speak_something_else_are_named(ports: Mapping[str, int], trust: TlsExpectation) -> None:
    """Crossed ports, TLS on the wrong one and a closed one are told apart."""
    silent = replace(PATIENT, connect_s=1, answer_s=1)
    others = [
        Port(target=target("activemq", ports["openwire"]), speaks="STOMP"),
        Port(target=target("activemq", ports["ssl"], limits=silent), speaks="OpenWire"),
        Port(target=target("activemq", ports["stomp"], trust, limits=silent), speaks="STOMP"),
        Port(target=target("activemq", free_port()), speaks=None),
    ]
    seen = activemq.observe(target("activemq", ports["stomp"]), others=others)
    crossed, wants_tls, plain, closed = (port.finding for port in seen.ports)
    assert "does not speak STOMP, it speaks OpenWire" in crossed.words
    assert "does not speak OpenWire, it speaks TLS" in wants_tls.words
    assert "speaks STOMP in plain where TLS is promised" in plain.words
    assert closed.kind is Kind.REFUSED


def test_a_listener_is_named_by_what_it_speaks(ports: Mapping[str, int]) -> None:
    """Where no protocol is promised any listener will do; a tunnel to a closed port accepts and is none."""
    local_end = free_port()
    tunnelled = replace(target("activemq", local_end), why_closed=lambda: "port 61614 refuses")
    others = [
        Port(target=target("activemq", ports["openwire"]), speaks=None),
        Port(target=tunnelled, speaks=None),
    ]
    with StandIn("127.0.0.1", {local_end: half_close}).wait():
        seen = activemq.observe(target("activemq", ports["stomp"]), others=others)
    named, closed = (port.finding for port in seen.ports)
    assert named.ok
    assert "accepts connections; it speaks OpenWire" in named.words
    assert closed.kind is Kind.REFUSED
    assert "port 61614 refuses" in closed.words


def test_the_certificate_of_a_port_that_wants_tls_is_verified(ports: Mapping[str, int], trust: TlsExpectation) -> None:
    """Whether a further port uses TLS differs between releases; where it does, by the components' CA."""
    strange = TlsExpectation(ca_pem=Authority("another CA").ca_pem)
    others = [
        Port(target=target("activemq", ports["ssl"]), speaks=None, over_tls="OpenWire", tls=trust),
        Port(target=target("activemq", ports["stomp+ssl"]), speaks=None, over_tls="STOMP", tls=trust),
        Port(target=target("activemq", ports["ssl"]), speaks=None, over_tls="OpenWire", tls=strange),
        Port(target=target("activemq", ports["openwire"]), speaks=None, over_tls="OpenWire", tls=strange),
    ]
    seen = activemq.observe(target("activemq", ports["stomp"]), others=others)
    assert [(port.speaks, port.finding.ok) for port in seen.ports] == [
        ("OpenWire", True),
        ("STOMP", True),
        (None, False),
        ("OpenWire", True),
    ]
    assert [port.certificate is not None for port in seen.ports] == [True, True, True, False]
    assert seen.ports[2].finding.kind is Kind.TLS
    assert "which is not what the components trust" in seen.ports[2].finding.words


def test_no_thread_is_left(ports: Mapping[str, int], trust: TlsExpectation, login: Credentials) -> None:
    """Receiver threads end with their session, over TLS too."""
    before = threading.active_count()
    activemq.observe(target("activemq", ports["stomp"]), login)
    activemq.observe(target("activemq", ports["stomp+ssl"], trust), login)
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("status", "kind"),
    [("500 Server Error", Kind.UNUSABLE), ("503 Starting", Kind.UNUSABLE), ("401 Unauthorized", None)],
)
def test_a_console_that_only_answers_with_errors_is_found(status: str, kind: Kind | None) -> None:
    """A status line is HTTP, and below 500 it will do: the console wants a login; above it nobody gets any further."""
    port = free_port()
    with StandIn("127.0.0.1", {port: http(status, b"")}).wait():
        looked = activemq.look(Port(target=target("activemq", port), speaks="HTTP"), Masking([]))
    assert (looked.finding.ok, looked.finding.kind) == (kind is None, kind)
    assert kind is None or f"answers GET / with {status[:3]}" in looked.finding.words


def test_a_listener_that_hangs_up_and_does_not_tell_whether_it_wants_tls_is_not_known() -> None:
    """Its certificate would be verified if it did; one that is silent from the start is a listener, which will do."""

    async def starved(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.read(65536))[:1] == b"\x16":
            await hang(reader, writer)

    limits = replace(PATIENT, answer_s=0.3)
    found = []
    for talk in (starved, hang):
        port = free_port()
        with StandIn("127.0.0.1", {port: talk}).wait():
            door = target("activemq", port, limits=limits)
            found.append(activemq.look(Port(target=door, speaks=None), Masking([])).finding)
    assert [one.ok for one in found] == [None, True]
    assert "whether it wants TLS was not known in time" in found[0].words
