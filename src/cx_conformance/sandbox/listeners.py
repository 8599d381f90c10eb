"""What can stand behind a port: a simulated component, a bridge to an endpoint, a server that misbehaves."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from cx_conformance.sandbox.web import READ_SIZE, Answer, Request, Response, Switch, WebSocket, serve

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is done with one accepted connection."""

_SERVED: set[asyncio.Task[Any] | None] = set()
"""The connections at work: the event loop itself keeps no hold of them."""
_GARBAGE = b"\x00\xffthis is no protocol at all\r\n\r\n" * 40
_AT_ONCE_CLOSED = struct.pack("ii", 1, 0)


def guarded(connected: Connected) -> Connected:
    """Let a connection end in silence when its client is gone, or the server's end cuts it off."""

    async def ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        _SERVED.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await connected(reader, writer)
        finally:
            _SERVED.discard(task)
            writer.close()

    return ended


def http(
    paths: Mapping[str, Mapping[str, Any]],
    behaviour: str = "",
    *,
    web_socket: bool = False,
    account: tuple[str, str] = ("", ""),
) -> Connected:
    """Answer the documented paths, and 404 for all others; ``account`` is the one that paths with a login accept.

    ``behaviour`` may be ``status:503`` (every path), ``slow:3`` (seconds before each answer) or ``endless`` (a body
    that never ends). With ``web_socket`` WebSockets are opened below any path that ends with ``/socket.io/``.
    """
    kind, _, value = behaviour.partition(":")

    async def answer(request: Request) -> Answer:
        if kind == "slow":
            await asyncio.sleep(float(value))
        if kind == "status":
            return Response(int(value), b'{"status":"DOWN"}\n')
        if kind == "endless":
            return Response(200, _endless())
        if web_socket and request.wants_websocket and "/socket.io/" in request.path:
            return Switch(_silent)
        found = paths.get(request.path)
        if found is None:
            return Response(404, b"not simulated\n", "text/plain")
        if _logs_in(found, request, account):
            found = found["granted"]
        body = str(found.get("body", ""))
        return Response(int(found.get("status", 200)), body.encode(), _content_type(body))

    return serve(answer)


def _logs_in(found: Mapping[str, Any], request: Request, account: tuple[str, str]) -> bool:
    """Whether a path that wants a login gets it: the account in a form, or the token that such a form got."""
    if found.get("login") == "form":
        form = dict(parse_qsl(request.body.decode(errors="replace")))
        return (form.get("username", ""), form.get("password", "")) == account
    return found.get("login") == "bearer" and request.headers.get("authorization") == f"Bearer {found['token']}"


async def _silent(socket: WebSocket) -> None:
    """Listen until the client leaves."""
    async for _ in socket.messages():
        pass


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, read and say nothing, until the client leaves."""
    with contextlib.suppress(OSError):
        while await reader.read(READ_SIZE):
            pass
    await _close(writer)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Drop the connection with a reset as soon as the client has said something."""
    with contextlib.suppress(OSError):
        await reader.read(1)
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE_CLOSED)
    writer.transport.abort()


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer whatever comes with what no protocol knows."""
    with contextlib.suppress(OSError):
        await reader.read(READ_SIZE)
        writer.write(_GARBAGE)
        await writer.drain()
    await _close(writer)


def bridge(backends: Sequence[tuple[str, int]]) -> Connected:
    """Pass each connection on to the next backend in turn, as kube-proxy does."""
    turn = itertools.cycle(backends)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*next(turn))
        except OSError:
            await reset(reader, writer)
            return
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        await asyncio.gather(_close(writer), _close(far_writer))

    return connected


def narrow(place: tuple[str, int], largest: int) -> Connected:
    """Pass each connection on to ``place``; 0, or else what comes back in more than ``largest`` bytes is lost.

    So it is where a network passes smaller packets than both ends take to be the largest, and tells neither.
    """

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*place)
        except OSError:
            await reset(reader, writer)
            return
        back = _copy(far_reader, writer) if not largest else _copy_small(far_reader, writer, largest)
        await asyncio.gather(_copy(reader, far_writer), back)
        await asyncio.gather(_close(writer), _close(far_writer))

    return connected


async def _copy_small(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, largest: int) -> None:
    """Pass on what comes in few bytes; the first of more, and all behind them, never arrive."""
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_SIZE):
            if len(data) > largest:
                await asyncio.Event().wait()
            writer.write(data)
            await writer.drain()
        writer.write_eof()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what one side says, its end, and that it dropped the connection."""
    try:
        while data := await reader.read(READ_SIZE):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _endless() -> Any:
    while True:
        yield b"x" * READ_SIZE
        await asyncio.sleep(0.01)


def _content_type(body: str) -> str:
    if body.startswith(("{", "[")):
        return "application/json"
    return "text/html" if body.startswith("<") else "text/plain"
