"""Whether a port speaks TLS is known by an answer, never by the lack of one."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from cx_conformance.blueprint.store import Protocol
from cx_conformance.sandbox.stores.certificates import Authority
from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import Conversation, StandIn, server_context
from cx_conformance.vantage.secure import Security, security_of, shakes_hands
from tests.probes.stores import faults

Serve = Callable[..., tuple[str, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve conversations on ports of their own; they end with the test."""
    running: list[StandIn] = []

    def begin(talk: Conversation) -> tuple[str, int]:
        port = free_port()
        running.append(StandIn("127.0.0.1", {port: talk}))
        return "127.0.0.1", port

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Give the port of a server that speaks nothing but TLS."""
    files = Authority().write(tmp_path_factory.mktemp("tls"), "minio")
    port = free_port()
    with StandIn("127.0.0.1", {port: faults.hang}, {port: server_context(files)}):
        yield port


def starved(port: int, seconds: float) -> Conversation:
    """Lead to a server whose every answer comes ``seconds`` late, as under a CPU limit; it hangs up on plain words."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        if first[:1] != b"\x16":
            return
        await asyncio.sleep(seconds)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        to_server.write(first)
        writer.write(await from_server.read(65536))
        await writer.drain()
        to_server.close()

    return talk


def test_a_slow_handshake_is_waited_for(serve: Serve, tls: int) -> None:
    """A store with a tenth of a CPU takes longer than a second for it, and hangs up on whoever asks in plain."""
    assert security_of(serve(starved(tls, 1.2)), Protocol.S3) is Security.TLS


def test_a_handshake_that_does_not_come_is_not_taken_for_plain(serve: Serve, tls: int) -> None:
    """It is not known then, whatever came of asking in plain."""
    door = serve(starved(tls, 1.0))
    assert security_of(door, Protocol.S3, 0.3) is Security.NOT_KNOWN
    assert shakes_hands(door, 0.3) is None
    assert security_of(serve(faults.hang), Protocol.S3, 0.3) is Security.NOT_KNOWN


@pytest.mark.parametrize(
    ("talk", "protocol", "security"),
    [
        (faults.say(b"+PONG\r\n"), Protocol.REDIS, Security.PLAIN),
        (faults.say(b"N"), Protocol.POSTGRESQL, Security.PLAIN),
        (faults.say(b"S"), Protocol.POSTGRESQL, Security.TLS),
        (faults.hang, Protocol.POSTGRESQL, Security.NOT_KNOWN),
        (
            faults.say(b"HTTP/1.0 400 \r\n\r\nClient sent an HTTP request to an HTTPS server."),
            Protocol.S3,
            Security.TLS,
        ),
        (faults.half_close, Protocol.REDIS, Security.NEITHER),
        (faults.reset, Protocol.REDIS, Security.NEITHER),
    ],
)
def test_an_answer_remains_what_it_is(serve: Serve, talk: Conversation, protocol: Protocol, security: Security) -> None:
    """Words and refusals decide at once; only silence leaves it open."""
    assert security_of(serve(talk), protocol, 1.0) is security


def test_a_port_that_nobody_listens_on_refuses() -> None:
    """What is refused twice is no question of TLS."""
    assert security_of(("127.0.0.1", free_port()), Protocol.S3) is Security.NEITHER


def test_a_tls_server_is_known_by_its_alert(tls: int) -> None:
    """It answers the plain question with an alert, or by hanging up, and the hello in TLS."""
    assert security_of(("127.0.0.1", tls), Protocol.REDIS) is Security.TLS
    assert shakes_hands(("127.0.0.1", tls)) is True
