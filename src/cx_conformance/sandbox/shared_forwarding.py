"""Port-forward as Kubernetes 1.31 and later has it: SPDY/3.1 over one WebSocket, any number of connections to one pod.

As ``kubectl port-forward`` wants it: for each connection an error and a data stream with one request ID; each is
accepted before the port is tried, and what is wrong with the port is said on the error stream. Where the pod resets a
connection, the node resets both streams: https://github.com/containerd/containerd/pull/8418
"""

import asyncio
import contextlib

from msgspec import Struct, field

from cx_conformance.api.spdy import Data, Opened, Ping, Reset, Spdy, SpdyError
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.forwarded_port import heard, unreachable
from cx_conformance.sandbox.starvation import HERE, Held
from cx_conformance.sandbox.web import WebSocket

PROTOCOL = "SPDY/3.1+portforward.k8s.io"


class _Pair(Struct):
    """The two streams of one connection, as far as they have come."""

    port: int
    error: int = 0
    data: int = 0
    writer: asyncio.StreamWriter | None = None
    early: list[bytes | None] = field(default_factory=list)
    """What came before the port was open; None: the end."""


class SharedForwarding(Struct):
    """One session to one pod."""

    pod: Object
    _spdy: Spdy = field(default_factory=Spdy)
    _pairs: dict[str, _Pair] = field(default_factory=dict)
    _by_data: dict[int, _Pair] = field(default_factory=dict)
    _copying: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, socket: WebSocket) -> None:
        """Serve until the client goes away."""
        try:
            with contextlib.suppress(SpdyError, ConnectionError):
                async for message in socket.messages():
                    for frame in self._spdy.receive(message):
                        await self._heard(frame, socket)
        finally:
            for task in self._copying:
                task.cancel()
            await asyncio.gather(*self._copying, return_exceptions=True)

    async def _heard(self, frame: object, socket: WebSocket) -> None:
        if isinstance(frame, Opened):
            await self._opened(frame, socket)
        elif isinstance(frame, Ping) and frame.number % 2:
            await socket.send(Spdy.ping(frame.number))
        elif isinstance(frame, Data | Reset) and (pair := self._by_data.get(frame.stream)):
            if isinstance(frame, Reset):
                self._ended(pair)
            else:
                await self._passed_on(pair, frame)

    async def _opened(self, frame: Opened, socket: WebSocket) -> None:
        kind, port = frame.headers.get("streamtype"), frame.headers.get("port", "")
        if kind not in ("error", "data") or not port.isdecimal() or not 0 < int(port) < 65536:
            await socket.send(Spdy.reset(frame.stream))
            return
        await socket.send(self._spdy.reply(frame.stream))
        request = frame.headers.get("requestid", "")
        pair = self._pairs.setdefault(request, _Pair(int(port)))
        if kind == "error":
            pair.error = frame.stream
        else:
            pair.data = frame.stream
            self._by_data[frame.stream] = pair
        if pair.error and pair.data:
            del self._pairs[request]
            task = asyncio.create_task(self._forward(pair, socket))
            self._copying.add(task)
            task.add_done_callback(self._copying.discard)

    async def _forward(self, pair: _Pair, socket: WebSocket) -> None:
        said, place, first, was_reset = b"", self.pod["metadata"]["name"], True, False
        await HERE.hold(Held.TUNNEL, place)
        try:
            reader, writer = await asyncio.open_connection(self.pod["status"]["podIP"], pair.port)
        except OSError:
            said = unreachable(self.pod, pair.port).encode()
        else:
            pair.writer = writer
            try:
                for early in pair.early:
                    await self._passed_on(pair, Data(pair.data, early or b"", early is None))
                with contextlib.suppress(ConnectionError):
                    while data := await heard(reader):
                        if first:
                            await HERE.hold(Held.FIRST_WORDS, place)
                            first = False
                        await socket.send(Spdy.data(pair.data, data))
                    was_reset = data is None
            finally:
                writer.close()
        self._by_data.pop(pair.data, None)
        frames = Spdy.data(pair.error, said) if said else b""
        frames += Spdy.data(pair.data, last=True) + Spdy.data(pair.error, last=True)
        with contextlib.suppress(ConnectionError):
            await socket.send(Spdy.reset(pair.data) + Spdy.reset(pair.error) if was_reset else frames)

    async def _passed_on(self, pair: _Pair, frame: Data) -> None:
        if pair.writer is None:
            pair.early += [frame.payload] if frame.payload else []
            pair.early += [None] if frame.ended else []
            return
        with contextlib.suppress(ConnectionError, OSError):
            pair.writer.write(frame.payload)
            await pair.writer.drain()
            if frame.ended and pair.writer.can_write_eof():
                pair.writer.write_eof()

    def _ended(self, pair: _Pair) -> None:
        if pair.writer is not None:
            pair.writer.transport.abort()
