"""A tunnel whose API server, node or pod means harm: others get their turn, it closes at once, and takes little."""

import asyncio
import socket
import threading
import time
from contextlib import suppress

import pytest

from cx_conformance.api.port_channel import SHARED, SINGLE
from cx_conformance.api.tunnel import Tunnel, Tunnels
from cx_conformance.outcome.looking import CouldNotLook
from tests.hostile import servers, spdy_frames, streams
from tests.hostile.servers import ANSWERS, DRIPS, MIB, Behaviour

CONNECT_S = 0.4
READS_S = 0.4
MOST = 12 * MIB
"""Of one tunnel; a run has forty."""
MUCH = b"x" * (8 * MIB)
"""More than all buffers of the machine hold on the way."""
CASES: list[tuple[str, str, Behaviour]] = [
    *((SHARED, sent, behaviour) for sent, behaviour in spdy_frames.SHARED.items()),
    *((SINGLE, sent, behaviour) for sent, behaviour in spdy_frames.SINGLE.items()),
]


def using(tunnel: Tunnel, sends: bytes, *, reads: bool = False) -> threading.Thread:
    """Use a tunnel as a driver does, in a thread: send, and read as long as its patience lasts, or nothing."""

    def use() -> None:
        ends = time.monotonic() + READS_S
        with suppress(OSError), socket.create_connection(tunnel.address, timeout=READS_S) as driver:
            driver.sendall(sends)
            while reads and time.monotonic() < ends and driver.recv(65536):
                pass
            time.sleep(max(0.0, ends - time.monotonic()))

    thread = threading.Thread(target=use)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("protocol", "behaviour"), [one[::2] for one in CASES], ids=[f"{a[:6]} {b}" for a, b, _ in CASES]
)
def test_nothing_that_comes_hangs_a_tunnel_or_fills_the_memory(protocol: str, behaviour: Behaviour) -> None:
    """Whether its driver reads, is deaf, or sends much; and then all tunnels close."""
    with (
        streams.streaming(behaviour, protocol=protocol) as configuration,
        servers.memory(MOST),
        servers.in_time(2 * CONNECT_S + READS_S),
        Tunnels(configuration, connect_seconds=CONNECT_S) as tunnels,
    ):
        tunnel = tunnels.open("shop", "db-0", 80)
        drivers = [using(tunnel, b"hello", reads=True), using(tunnel, b"hello"), using(tunnel, MUCH)]
        with suppress(CouldNotLook):
            tunnel.accepts(READS_S)
        for one in drivers:
            one.join()


@pytest.mark.parametrize("answer", ANSWERS | DRIPS)
def test_no_answer_to_the_upgrade_hangs_a_tunnel_or_fills_the_memory(answer: str) -> None:
    """A server that answers anything but 101: it could not be looked at."""
    with (
        servers.web((ANSWERS | DRIPS)[answer]()) as address,
        servers.memory(MOST),
        servers.in_time(2 * CONNECT_S),
        Tunnels(streams.configuration(address), connect_seconds=CONNECT_S) as tunnels,
        pytest.raises(CouldNotLook),
    ):
        tunnels.open("shop", "db-0", 80).accepts()


@pytest.mark.parametrize("sent", ["data of a stream that nobody opened", "pings of its own"])
def test_a_session_that_sends_for_nobody_ends(sent: str) -> None:
    """It would take the processor from all other tunnels; whoever still uses it is cut off."""
    with (
        streams.streaming(spdy_frames.SHARED[sent], protocol=SHARED) as configuration,
        Tunnels(configuration, connect_seconds=60.0) as tunnels,
    ):
        tunnel = tunnels.open("shop", "db-0", 80)
        with socket.create_connection(tunnel.address, timeout=60.0) as driver, suppress(ConnectionResetError):
            assert driver.recv(1) == b""


def test_pods_that_flood_do_not_keep_others_from_their_turn() -> None:
    """All tunnels share one thread, and none of them may have it for long."""
    with (
        streams.streaming(spdy_frames.SHARED["messages of a byte"], protocol=SHARED) as configuration,
        Tunnels(configuration, connect_seconds=2.0) as tunnels,
    ):
        flooded = [using(tunnels.open("shop", f"db-{number}", 80), b"hello", reads=True) for number in range(8)]
        with servers.in_time(0.5):
            for _ in range(20):
                tunnels.wait_for(asyncio.sleep(0))
        for one in flooded:
            one.join()
