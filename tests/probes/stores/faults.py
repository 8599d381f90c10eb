"""A fault proxy: what stands in the way of a store, or in its place.

Each fault is a conversation for ``StandIn``; those that take a port stand between a client and the server there.
"""

import asyncio
import contextlib
import socket
import struct
from contextlib import suppress

from cx_conformance.sandbox.stores.standin import Conversation

GARBAGE = bytes(range(128, 256)) * 2
"""No protocol's first words."""


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(65536):
        pass


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset a connection once it was asked something: earlier, the client may not even have it."""
    with suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1), timeout=0.5)
    _reset(writer)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first words with bytes of no protocol."""
    await reader.read(65536)
    writer.write(GARBAGE)
    await writer.drain()


async def half_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the server's side at once and keep reading the client's."""
    writer.write_eof()
    await hang(reader, writer)


def say(answer: bytes) -> Conversation:
    """Return a conversation that always gives the same answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            writer.write(answer)
            await writer.drain()

    return talk


async def postgresql_starting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer as a PostgreSQL that starts: no TLS, and no login yet."""
    words = b"SFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00"
    while asked := await reader.read(65536):
        writer.write(b"N" if len(asked) == 8 else b"E" + struct.pack("!i", len(words) + 4) + words)
        await writer.drain()


def http(status: str, body: bytes, kind: str = "application/json") -> Conversation:
    """Return a conversation that gives this HTTP answer once."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.encode() + body)
        await writer.drain()

    return talk


def reset_after(port: int, count: int) -> Conversation:
    """Pass ``count`` bytes of the server's answers on, then reset."""
    return _between(port, count)


def _between(port: int, reset_after: int) -> Conversation:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        there = asyncio.create_task(_pass_on(reader, to_server))
        left = reset_after
        try:
            while data := await from_server.read(65536):
                if len(data) >= left:
                    writer.write(data[:left])
                    await writer.drain()
                    _reset(writer)
                    return
                left -= len(data)
                writer.write(data)
                await writer.drain()
        finally:
            there.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await there
            to_server.close()

    return talk


def losing_answers(port: int, to: bytes, *, passed_on: bool = True) -> Conversation:
    """Reset the connection where the answer to requests that begin with ``to`` is due.

    The server has done what was asked then, unless they are not even ``passed_on``.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        losing = asyncio.Event()

        async def answer() -> None:
            while data := await from_server.read(65536):
                if losing.is_set():
                    _reset(writer)
                    return
                writer.write(data)
                await writer.drain()

        back = asyncio.create_task(answer())
        try:
            while data := await reader.read(65536):
                if data.startswith(to):
                    losing.set()
                    if not passed_on:
                        _reset(writer)
                        return
                to_server.write(data)
                await to_server.drain()
        finally:
            to_server.close()
            back.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await back

    return talk


def either(plain: int, over_tls: int) -> Conversation:
    """Lead to one server or the other, as a server does that takes both; by the first byte of a TLS handshake."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        inner = over_tls if first[:1] == b"\x16" else plain
        from_server, to_server = await asyncio.open_connection("127.0.0.1", inner)
        to_server.write(first)
        there = asyncio.create_task(_pass_on(reader, to_server))
        try:
            await _pass_on(from_server, writer)
        finally:
            there.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await there
            to_server.close()

    return talk


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say one byte after the other without an end: what begins like HTTP and never comes to a body."""
    await reader.read(65536)
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
