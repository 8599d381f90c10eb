"""Tunnels to pods, against servers on loopback behind a port-forward of a kubelet's frames."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from cx_conformance.api.tunnel import TroubleReason, Tunnels, _close_by_reset
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, Unreachable
from tests.api.stream_server import (
    Seen,
    StreamServer,
    bridge,
    closed_port,
    recorded,
    refusing,
    replay,
    silent,
)
from tests.probes.targets import listening

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.server import ServerConnection

SESSIONS = recorded("portforward")


def echo(peer: socket.socket) -> None:
    """Send back what comes."""
    while data := peer.recv(65536):
        peer.sendall(data)


def test_a_driver_talks_to_the_pod_through_a_local_address() -> None:
    """A recorded Redis answers PING through the tunnel."""
    with StreamServer(replay(SESSIONS["redis PING"])) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 6379)
        assert tunnel.address[0] == "127.0.0.1"
        with socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.sendall(b"PING\r\n")
            assert driver.recv(100) == b"+PONG\r\n"
    (seen,) = server.sessions
    assert (seen.path, seen.query) == ("/api/v1/namespaces/shop/pods/db-0/portforward", {"ports": ["6379"]})
    assert tunnel.trouble is None


def test_a_closed_port_resets_the_driver_and_is_named() -> None:
    """The recorded refusal of a kubelet is a closed port, which was looked at."""
    with StreamServer(replay(SESSIONS["closed port"])) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 1)
        with pytest.raises(ConnectionResetError), socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.recv(1)
        assert tunnel.trouble is not None
        assert tunnel.trouble.reason is TroubleReason.CLOSED_PORT
        assert "port 1 of pod shop/db-0 is closed" in tunnel.trouble.words
        tunnel.raise_trouble()


@pytest.mark.parametrize(
    ("session", "file", "kind", "reason"),
    [
        ("pod not running", "portforward", NoVantage, TroubleReason.NO_POD),
        ("pod that does not exist", "portforward", NoVantage, TroubleReason.NO_POD),
        ("forbidden", "exec", Forbidden, TroubleReason.FORBIDDEN),
    ],
)
def test_refusals_are_told_apart(session: str, file: str, kind: type[CouldNotLook], reason: TroubleReason) -> None:
    """A pod that is gone and a permission that lacks are not closed ports."""
    with refusing(recorded(file)[session]) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 80)
        with pytest.raises(ConnectionResetError), socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.recv(1)
        assert tunnel.trouble is not None
        assert tunnel.trouble.reason is reason
        with pytest.raises(kind):
            tunnel.raise_trouble()
        with pytest.raises(kind):
            tunnel.accepts()


def test_accepts_tells_an_open_port_from_a_closed_one() -> None:
    """A silent open port accepts; a closed one does not, and both are looked at."""
    with (
        listening(ignore) as port,
        StreamServer(bridge) as server,
        Tunnels(server.configuration) as tunnels,
    ):
        assert tunnels.open("shop", "db-0", port).accepts(0.2)
        closed = tunnels.open("shop", "db-0", closed_port())
        assert not closed.accepts(5)
        assert closed.trouble is not None
        assert closed.trouble.reason is TroubleReason.CLOSED_PORT


async def cut(connection: ServerConnection, seen: Seen) -> None:
    """End at once, as a proxy that lets the upgrade through and nothing after it."""
    await connection.close()


@pytest.mark.parametrize("play", [cut, silent])
def test_a_port_forward_that_never_begins_was_not_looked_at(
    play: Callable[[ServerConnection, Seen], Awaitable[None]],
) -> None:
    """A kubelet tells the port first; where it did not, nobody asked the pod, and no port is open for it."""
    with StreamServer(play) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 80)
        with pytest.raises(Unreachable, match=r"port 80 of pod shop/db-0 was opened and never began"):
            tunnel.accepts(0.2)


def test_a_cut_port_forward_resets_the_driver_and_is_named() -> None:
    """What the driver takes for a server that hangs up is the way there."""
    with StreamServer(cut) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 80)
        with pytest.raises(ConnectionResetError), socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.recv(1)
        with pytest.raises(Unreachable):
            tunnel.raise_trouble()


@pytest.mark.parametrize(("wait", "tells"), [(60.0, False), (0.0, True)], ids=["within a wait", "long past"])
def test_silence_behind_a_way_that_was_long_in_opening_tells_nothing(
    wait: float, *, tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver waits from the moment on that the local end accepts; what the way took of that, the pod did not have."""
    monkeypatch.setattr("cx_conformance.api.tunnel._LATE_SECONDS", 0.1)
    monkeypatch.setattr("cx_conformance.api.tunnel._LONGEST_WAIT_SECONDS", wait)
    with (
        listening(echo) as port,
        StreamServer(bridge, slowness=0.5) as server,
        Tunnels(server.configuration) as tunnels,
    ):
        tunnel = tunnels.open("shop", "db-0", port)
        with socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.sendall(b"x")
            assert driver.recv(1) == b"x"
        assert tunnel.disturbances == 1
        with nullcontext() if tells else pytest.raises(Unreachable, match="opening port-forward to pod shop") as late:
            tunnel.raise_trouble()
        assert tells or (late and "db-0" not in late.value.cause and "was long in opening" in late.value.cause)
        tunnel.raise_trouble(silent=False)


def test_a_slow_node_is_given_longer_to_refuse() -> None:
    """A busy node takes its time for both, the port-forward and the refusal."""

    async def late(connection: ServerConnection, seen: Seen) -> None:
        for message in (b"\x00\x50\x00", b"\x01\x50\x00"):
            await connection.send(message)
        await asyncio.sleep(0.5)
        await connection.send(b"\x01connection refused")

    with StreamServer(late, slowness=0.5) as server, Tunnels(server.configuration) as tunnels:
        assert not tunnels.open("shop", "db-0", 80).accepts(0.1)


def ignore(peer: socket.socket) -> None:
    """Accept and say nothing."""
    peer.recv(1)


def test_the_end_of_the_pods_data_reaches_the_driver_as_an_end() -> None:
    """A server that answers and closes is an end of data, not a reset."""
    with (
        listening(lambda peer: peer.sendall(b"bye")) as port,
        StreamServer(bridge) as server,
        Tunnels(server.configuration) as tunnels,
        socket.create_connection(tunnels.open("shop", "db-0", port).address, timeout=5) as driver,
    ):
        assert driver.recv(100) == b"bye"
        assert driver.recv(100) == b""


def test_two_hundred_connections_at_once_each_keep_their_own_data() -> None:
    """One tunnel carries 200 open connections, none of which sees another's bytes."""
    with listening(echo) as port, StreamServer(bridge) as server, Tunnels(server.configuration) as tunnels:
        address = tunnels.open("shop", "db-0", port).address
        everyone = threading.Barrier(200)

        def talk(number: int) -> bool:
            said = f"{number:04}".encode() * 256
            with socket.create_connection(address, timeout=30) as driver:
                driver.sendall(said)
                heard = _receive(driver, len(said))
                everyone.wait(60)
                return heard == said

        with ThreadPoolExecutor(200) as pool:
            assert all(pool.map(talk, range(200)))


def test_a_hundred_megabytes_come_through_unchanged() -> None:
    """100 MB through one connection keep their hash."""
    block = os.urandom(1_000_000)
    expected = hashlib.sha256(block * 100).hexdigest()

    def pour(peer: socket.socket) -> None:
        for _ in range(100):
            peer.sendall(block)

    with (
        listening(pour) as port,
        StreamServer(bridge) as server,
        Tunnels(server.configuration) as tunnels,
        socket.create_connection(tunnels.open("shop", "db-0", port).address, timeout=30) as driver,
    ):
        digest = hashlib.sha256()
        while data := driver.recv(1 << 20):
            digest.update(data)
    assert digest.hexdigest() == expected


def test_nothing_is_left_after_the_close_also_with_open_connections() -> None:
    """Threads and file descriptors are as before, though drivers still held their ends."""
    threads, files = threading.active_count(), _open_files()
    with StreamServer(silent) as server:
        with Tunnels(server.configuration) as tunnels:
            address = tunnels.open("shop", "db-0", 80).address
            drivers = [socket.create_connection(address, timeout=5) for _ in range(5)]
            drivers[0].sendall(b"x")
        for driver in drivers:
            with driver, suppress(ConnectionResetError):
                assert driver.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=5)
    assert threading.active_count() == threads
    assert _open_files() == files


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("socat[7] E connect(5, AF=2 127.0.0.1:80, 16): Connection refused", TroubleReason.CLOSED_PORT),
        ("unable to do port forwarding: socat not found", TroubleReason.OTHER),
        ("failed to connect to localhost:80 inside namespace x: i/o timeout", TroubleReason.OTHER),
    ],
)
def test_what_a_node_tells_is_read(said: str, reason: TroubleReason) -> None:
    """Only a refused connection is a closed port; whatever kept the node from trying is not."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        for message in (b"\x00\x50\x00", b"\x01\x50\x00", b"\x01" + said.encode()):
            await connection.send(message)

    with StreamServer(play) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 80)
        with suppress(CouldNotLook):
            tunnel.accepts(5)
        assert tunnel.trouble is not None
        assert tunnel.trouble.reason is reason


@pytest.mark.parametrize(
    "said",
    [
        "failed to execute portforward for x: read tcp4 127.0.0.1:4->127.0.0.1:80: read: connection reset by peer",
        "write tcp4 127.0.0.1:46540->127.0.0.1:80: write: broken pipe",
        "socat[7] E read(5, 0x55, 8192): Connection reset by peer",
    ],
)
def test_a_connection_that_the_pod_resets_is_reset_and_no_trouble_of_the_way(said: str) -> None:
    """A node that tells of it has connected: the port accepts, and what it does next is its own."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        for message in (b"\x00\x50\x00", b"\x01\x50\x00", b"\x01" + said.encode()):
            await connection.send(message)

    with StreamServer(play) as server, Tunnels(server.configuration) as tunnels:
        tunnel = tunnels.open("shop", "db-0", 80)
        with pytest.raises(ConnectionResetError), socket.create_connection(tunnel.address, timeout=5) as driver:
            driver.recv(1)
        assert tunnel.accepts(5)
        assert tunnel.trouble is None
        assert tunnel.disturbances == 0


def test_the_same_port_of_the_same_pod_is_one_tunnel() -> None:
    """Two probes of one target share its listener."""
    with StreamServer(silent) as server, Tunnels(server.configuration) as tunnels:
        assert tunnels.open("shop", "db-0", 80) is tunnels.open("shop", "db-0", 80)
        assert tunnels.open("shop", "db-0", 80) is not tunnels.open("shop", "db-1", 80)


def _receive(driver: socket.socket, size: int) -> bytes:
    heard = b""
    while len(heard) < size and (data := driver.recv(size - len(heard))):
        heard += data
    return heard


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_driver_that_has_left_is_not_reset() -> None:
    """Tunnels that end while drivers leave say nothing of it."""
    gone, peer = socket.socketpair()
    writer: Any = SimpleNamespace(get_extra_info=lambda _: gone)
    with peer:
        gone.close()
        _close_by_reset(writer)
        assert peer.recv(1) == b""
