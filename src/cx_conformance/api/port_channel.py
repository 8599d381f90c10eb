"""One connection to a port of a pod, in either protocol of port-forward.

``SPDY/3.1+portforward.k8s.io`` (Kubernetes 1.31 and later) carries any number of connections to one pod in one session:
for each a data and an error stream. ``v4.channel.k8s.io`` carries one, and no half-close: channel 0 is the data,
channel 1 what went wrong, and the first message of each is the port.
Source: https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Protocol

from websockets.exceptions import ConnectionClosed

from cx_conformance.api.spdy import Data, Frame, GoAway, Opened, Ping, Replied, Reset, Spdy, SpdyError
from cx_conformance.api.web_socket import drop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection

SHARED: Final = "SPDY/3.1+portforward.k8s.io"
SINGLE: Final = "v4.channel.k8s.io"

_HELD: Final = 8
"""Pieces of one connection that may wait for its local side, of 32 KiB at most."""
_PATIENCE_SECONDS: Final = 5.0
"""How long the others of a session wait for one whose local side takes nothing, and a session for such a node."""
_LAST_WORD_SECONDS: Final = 0.25
"""How long a connection that ended without a byte is listened to for the reason."""
_LONGEST_REASON: Final = 64 * 1024
_MOST_FOR_NOBODY: Final = 4 * 1024 * 1024
"""Bytes of a session that are for no connection: what was on its way when one was closed, and no more."""
_FRAME_BYTES: Final = 1024  # what such a frame counts for besides its bytes: it takes time, too


class PortChannel(Protocol):
    """A connection to a port; iterating over it yields what the pod sends, to the end."""

    @property
    def begun(self) -> bool:
        """Whether the node has taken it up; what ends before has never come so far."""

    @property
    def said(self) -> str:
        """What went wrong, as the node says it; empty while nothing did."""

    @property
    def cut(self) -> bool:
        """Whether it ended because the way to the node did, and not by the pod or this side."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what comes from the pod."""

    async def send(self, data: bytes) -> None:
        """Send to the pod; what is gone takes nothing, without a word."""

    async def finish(self) -> None:
        """Say that nothing more will be sent."""

    async def close(self) -> None:
        """End it at once, in both directions."""


class SingleChannel:
    """A connection in a session of its own."""

    def __init__(self, connection: ClientConnection) -> None:
        """Take over an open WebSocket."""
        self._connection = connection
        self._announced: set[int] = set()
        self.said = ""
        self.cut = False

    @property
    def begun(self) -> bool:
        """Whether a channel was announced."""
        return bool(self._announced)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the data until either side ends, or something went wrong; a node that ends it says good-bye."""
        try:
            async for message in self._connection:
                data = message.encode() if isinstance(message, str) else message
                channel = data[0] if data else 0
                if channel not in self._announced:
                    self._announced.add(channel)  # the first message of a channel tells its port
                elif channel == 1:
                    self.said = data[1:].decode(errors="replace")
                    return
                else:
                    yield data[1:]
        except ConnectionClosed:
            self.cut = True

    async def send(self, data: bytes) -> None:
        """Send on the data channel."""
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(b"\0" + data)

    async def finish(self) -> None:
        """End the connection: the protocol knows no half-close."""
        await self._connection.close()

    async def close(self) -> None:
        """Cut it."""
        drop(self._connection)


class SharedChannel:
    """A connection in a session with others."""

    def __init__(self, session: SharedSession, error: int, data: int) -> None:
        """Use the two streams."""
        self._session = session
        self._error, self._data = error, data
        self._replies: set[int] = set()
        self._taken = asyncio.Event()
        self._came: asyncio.Queue[bytes | None] = asyncio.Queue(_HELD)
        self._told = asyncio.Event()
        self._silent = True
        self._ended = self._closed = False
        self.begun = self.cut = False
        self.said = ""

    async def taken(self) -> None:
        """Wait until both streams were accepted, or the session ended."""
        await self._taken.wait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the data until the pod ends it, or something went wrong."""
        while not (self._ended and self._came.empty()) and (data := await self._came.get()) is not None:
            yield data
        if self._silent and not self.said and not self._session.over:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORD_SECONDS):
                    await self._told.wait()

    async def send(self, data: bytes) -> None:
        """Send on the data stream."""
        if not self._closed:
            await self._session.send(Spdy.data(self._data, data))

    async def finish(self) -> None:
        """Close the data stream in this direction."""
        await self._session.send(Spdy.data(self._data, last=True))

    async def close(self) -> None:
        """Reset both streams; does not wait for a node that takes nothing."""
        if not self._closed:
            self._closed = True
            self._end()
            self._session.forget(self._error, self._data)
            self._session.send_later(Spdy.reset(self._data) + Spdy.reset(self._error))

    async def heard(self, frame: Replied | Data | Reset) -> None:
        """Take what has come for one of the two streams."""
        if isinstance(frame, Replied):
            self._replies.add(frame.stream)
            self.begun = len(self._replies) == 2
            if self.begun:
                self._taken.set()
        elif isinstance(frame, Reset):
            self.end()
        elif frame.stream == self._error:
            self.said = (self.said + frame.payload.decode(errors="replace"))[:_LONGEST_REASON]
            if frame.ended:
                self._told.set()
                if self.said:
                    self._end()
        else:
            if frame.payload:
                self._silent = False
                await self._hold(frame.payload)
            if frame.ended:
                self._end()

    def end(self) -> None:
        """Let it end: the session has, or the node wants it so."""
        self.cut = self._session.over and not self._ended
        self._taken.set()
        self._told.set()
        self._end()

    def _end(self) -> None:
        """Let whoever iterates come to an end after what is held for it."""
        self._ended = True
        with contextlib.suppress(asyncio.QueueFull):
            self._came.put_nowait(None)

    async def _hold(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._came.put(data)
        except TimeoutError:
            await self.close()


class SharedSession:
    """A session to one pod, for any number of connections to any of its ports."""

    def __init__(self, connection: ClientConnection) -> None:
        """Take over an open WebSocket."""
        self._connection = connection
        self._spdy = Spdy()
        self._sending = asyncio.Lock()
        self._channels: dict[int, SharedChannel] = {}
        self._next_stream = 1
        self._next_request = 0
        self.over = False
        """Whether it takes no more connections."""
        self._for_nobody = 0
        self._listening = asyncio.create_task(self._listen())
        self._last_words: set[asyncio.Task[None]] = set()

    @property
    def idle(self) -> bool:
        """Whether nothing runs through it."""
        return not self._channels

    async def open(self, port: int) -> SharedChannel:
        """Begin a connection to ``port``; it is ``begun`` when the node has taken it up."""
        async with self._sending:
            error, data = self._next_stream, self._next_stream + 2
            request, self._next_stream, self._next_request = self._next_request, data + 2, self._next_request + 1
            channel = SharedChannel(self, error, data)
            self._channels |= {error: channel, data: channel}
            about = {"port": str(port), "requestid": str(request)}
            opening = self._spdy.opening(error, {"streamtype": "error"} | about)
            opening += self._spdy.opening(data, {"streamtype": "data"} | about)
            await self._write(opening)
        if self.over:
            channel.end()
        await channel.taken()  # a stream that is not accepted yet loses what it is sent
        if channel.begun:
            await self.send(Spdy.data(error, last=True))
        return channel

    async def send(self, frames: bytes) -> None:
        """Send whole frames; a session that is over takes nothing, without a word."""
        async with self._sending:
            await self._write(frames)

    def send_later(self, frames: bytes) -> None:
        """Send whole frames as soon as they are taken, without waiting for it."""
        sending = asyncio.create_task(self.send(frames))
        self._last_words.add(sending)
        sending.add_done_callback(self._last_words.discard)

    def forget(self, *streams: int) -> None:
        """Pass nothing more on to these streams."""
        for one in streams:
            self._channels.pop(one, None)

    async def close(self) -> None:
        """End it, and whatever runs through it."""
        self.over = True
        running = (self._listening, *self._last_words)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        drop(self._connection)

    async def _write(self, frames: bytes) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                with contextlib.suppress(ConnectionClosed):
                    await self._connection.send(frames)
        except TimeoutError:
            self.over = True
            drop(self._connection)

    async def _listen(self) -> None:
        try:
            with contextlib.suppress(ConnectionClosed, SpdyError):
                async for message in self._connection:
                    for frame in self._spdy.receive(message.encode() if isinstance(message, str) else message):
                        await self._heard(frame)
                    await asyncio.sleep(0)  # a node that floods shall not keep the other sessions from their turn
        finally:
            self.over = True
            drop(self._connection)
            for one in set(self._channels.values()):
                one.end()

    async def _heard(self, frame: Frame) -> None:
        if isinstance(frame, Replied | Data | Reset) and (channel := self._channels.get(frame.stream)):
            await channel.heard(frame)
            return
        self._for_nobody += _FRAME_BYTES + (len(frame.payload) if isinstance(frame, Data) else 0)
        if self._for_nobody > _MOST_FOR_NOBODY:
            raise SpdyError("it sends without end what is for no connection")
        if isinstance(frame, Ping):
            if not frame.number % 2:
                await self.send(Spdy.ping(frame.number))
        elif isinstance(frame, Opened | GoAway):
            self.over = True
