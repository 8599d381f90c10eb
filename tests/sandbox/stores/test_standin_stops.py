"""Stand-ins end without a trace."""

import asyncio
import gc
import socket

from cx_conformance.sandbox.stores.running import free_port
from cx_conformance.sandbox.stores.standin import StandIn


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for a word."""
    await reader.read(1)


def ended(client: socket.socket) -> bool:
    """Tell whether the other side has ended a connection, in order or not; it is closed then."""
    with client:
        client.settimeout(5)
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return True


def test_what_is_accepted_while_a_stand_in_stops_is_closed() -> None:
    """Python complains of a socket that nobody closed, and asyncio of a conversation that never began."""
    for _ in range(20):
        port = free_port()
        stand_in = StandIn("127.0.0.1", {port: silent})
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        stand_in.stop()
        assert all(map(ended, clients))
        gc.collect()
