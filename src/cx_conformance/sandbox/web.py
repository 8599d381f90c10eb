"""A small HTTP/1.1 and WebSocket server on asyncio: h11 and wsproto speak the protocols, this moves the bytes.

It serves the API and the simulated components. It is written out rather than taken from a framework because it must
be up within a quarter of a second on one core, imports included.
"""

import asyncio
import base64
import contextlib
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
from msgspec import Struct, field
from wsproto.connection import Connection as FrameConnection
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

READ_SIZE = 65536
IDLE_SECONDS = 120.0
_WEBSOCKET_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_GONE = (
    ConnectionError,
    asyncio.IncompleteReadError,
    ssl.SSLError,
    h11.RemoteProtocolError,
    h11.LocalProtocolError,
    TimeoutError,
)


class Request(Struct, frozen=True):
    """One request; header names are in lower case, ``query`` holds the last value of a name, ``pairs`` all."""

    method: str
    target: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""
    certificate: Mapping[str, Any] | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters by name."""
        return dict(self.pairs)

    @property
    def wants_websocket(self) -> bool:
        """Whether the client asks for a WebSocket."""
        return self.headers.get("upgrade", "").lower() == "websocket"

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """The WebSocket subprotocols that the client offers, best first."""
        offered = self.headers.get("sec-websocket-protocol", "")
        return tuple(filter(None, (each.strip() for each in offered.split(","))))


class Response(Struct, frozen=True):
    """One answer; a ``body`` that is an iterator is sent in chunks as it comes."""

    status: int
    body: bytes | AsyncIterator[bytes] = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Switch(Struct, frozen=True):
    """The answer that turns the connection into a WebSocket, and what is done with it then."""

    run: "Callable[[WebSocket], Awaitable[None]]"
    subprotocol: str | None = None


class Hijack(Struct, frozen=True):
    """The answer that leaves the bare connection to ``run``: for servers that misbehave on purpose."""

    run: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


Answer = Response | Switch | Hijack
Handler = Callable[[Request], Awaitable[Answer]]


class WebSocket:
    """The server's side of one WebSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, early: bytes) -> None:
        """Take over a connection whose handshake is done; ``early`` is what the client already sent after it."""
        self._reader, self._writer = reader, writer
        self._frames = FrameConnection(ConnectionType.SERVER)
        if early:
            self._frames.receive_data(early)
        self._parts: list[bytes] = []

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield each whole message; ends when the client closes or goes away."""
        while True:
            for event in self._frames.events():
                if isinstance(event, CloseConnection):
                    return
                if isinstance(event, Ping):
                    await self._send(event.response())
                elif isinstance(event, BytesMessage | TextMessage):
                    self._parts.append(event.data.encode() if isinstance(event.data, str) else bytes(event.data))
                    if event.message_finished:
                        whole, self._parts = b"".join(self._parts), []
                        yield whole
            try:
                data = await self._reader.read(READ_SIZE)
            except _GONE:
                return
            if not data:
                return
            self._frames.receive_data(data)

    async def send(self, message: bytes) -> None:
        """Send one binary message; a client that is gone raises ConnectionError."""
        await self._send(BytesMessage(data=message))

    async def close(self, code: int = 1000) -> None:
        """Say goodbye; a client that is already gone is not told."""
        with contextlib.suppress(*_GONE):
            await self._send(CloseConnection(code=code))

    async def _send(self, event: Any) -> None:
        self._writer.write(self._frames.send(event))
        await self._writer.drain()


class _Exchange(Struct):
    """One connection's requests, one after the other."""

    handler: Handler
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: h11.Connection = field(default_factory=lambda: h11.Connection(h11.SERVER))

    async def run(self) -> None:
        while await self._one():
            self.protocol.start_next_cycle()

    async def _one(self) -> bool:
        request = await self._request()
        if request is None:
            return False
        answer = await self.handler(request)
        if isinstance(answer, Hijack):
            await answer.run(self.reader, self.writer)
            return False
        if isinstance(answer, Switch):
            await self._switch(request, answer)
            return False
        await self._respond(request, answer)
        return self.protocol.our_state is h11.DONE and self.protocol.their_state is h11.DONE

    async def _request(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while not isinstance(event := await self._event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Data):
                body += event.data
        target = head.target.decode("latin-1")
        parts = urlsplit(target)
        return Request(
            method=head.method.decode("latin-1"),
            target=target,
            path=unquote(parts.path),
            pairs=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers},
            body=bytes(body),
            certificate=self.writer.get_extra_info("peercert"),
        )

    async def _event(self) -> Any:
        while (event := self.protocol.next_event()) is h11.NEED_DATA:
            if self.protocol.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                self.writer.write(self.protocol.send(go_on) or b"")
            async with asyncio.timeout(IDLE_SECONDS):
                self.protocol.receive_data(await self.reader.read(READ_SIZE))
        return event

    async def _respond(self, request: Request, answer: Response) -> None:
        headers = [("content-type", answer.content_type), *answer.headers]
        whole = answer.body if isinstance(answer.body, bytes) else None
        if whole is not None:
            headers.append(("content-length", str(len(whole))))
        self._write(h11.Response(status_code=answer.status, headers=headers))
        if request.method != "HEAD":
            if whole is not None:
                self._write(h11.Data(data=whole))
            elif not isinstance(answer.body, bytes):
                async for chunk in answer.body:
                    self._write(h11.Data(data=chunk))
                    await self.writer.drain()
        self._write(h11.EndOfMessage())
        await self.writer.drain()

    async def _switch(self, request: Request, answer: Switch) -> None:
        key = request.headers.get("sec-websocket-key", "").encode()
        accepted = base64.b64encode(hashlib.sha1(key + _WEBSOCKET_KEY, usedforsecurity=False).digest()).decode()
        headers = [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", accepted)]
        if answer.subprotocol is not None:
            headers.append(("sec-websocket-protocol", answer.subprotocol))
        self._write(h11.InformationalResponse(status_code=101, headers=headers, reason=b"Switching Protocols"))
        await self.writer.drain()
        socket = WebSocket(self.reader, self.writer, self.protocol.trailing_data[0])
        await answer.run(socket)
        await socket.close()

    def _write(self, event: Any) -> None:
        self.writer.write(self.protocol.send(event) or b"")


def serve(handler: Handler) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return the callback of ``asyncio.start_server`` that answers with ``handler``."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(*_GONE):
                await _Exchange(handler, reader, writer).run()
        except asyncio.CancelledError:
            # The end of the server cuts the connection: nobody waits for a client's good-bye over TLS.
            writer.transport.abort()
        finally:
            writer.close()
            with contextlib.suppress(*_GONE):
                await writer.wait_closed()

    return connected
