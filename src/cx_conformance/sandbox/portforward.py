"""Port-forward over WebSocket: ``v4.channel.k8s.io``, for each port a data and an error channel.

Where a client offers the newer protocol as well, that one is chosen, as API servers do from Kubernetes 1.31 on
(``shared_forwarding``). Source: the recorded sessions of a Kubernetes 1.36.
"""

import asyncio
import contextlib

from msgspec import Struct, field

from cx_conformance.sandbox import pods, shared_forwarding
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.forwarded_port import heard, unreachable, was_reset
from cx_conformance.sandbox.shared_forwarding import SharedForwarding
from cx_conformance.sandbox.starvation import HERE, Held
from cx_conformance.sandbox.statuses import PlainRefusal, not_implemented
from cx_conformance.sandbox.web import Request, Switch, WebSocket

PROTOCOL = "v4.channel.k8s.io"


class Forwarding(Struct):
    """One session to one pod."""

    pod: Object
    ports: tuple[int, ...]
    _writers: dict[int, asyncio.StreamWriter] = field(default_factory=dict)

    async def run(self, socket: WebSocket) -> None:
        """Serve until every forwarded connection has ended, or the client went away."""
        for index, port in enumerate(self.ports):
            for channel in (2 * index, 2 * index + 1):
                await socket.send(bytes([channel]) + port.to_bytes(2, "little"))
        opened = [await self._open(socket, index, port) for index, port in enumerate(self.ports)]
        copying = asyncio.gather(
            *(self._copy(socket, i, reader) for i, reader in enumerate(opened) if reader is not None)
        )
        listening = asyncio.ensure_future(self._feed(socket))
        try:
            await asyncio.wait((copying, listening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            copying.cancel()
            listening.cancel()
            await asyncio.gather(copying, listening, return_exceptions=True)
            for writer in self._writers.values():
                writer.close()

    async def _open(self, socket: WebSocket, index: int, port: int) -> asyncio.StreamReader | None:
        await HERE.hold(Held.TUNNEL, self.pod["metadata"]["name"])
        try:
            reader, writer = await asyncio.open_connection(self.pod["status"]["podIP"], port)
        except OSError:
            await socket.send(bytes([2 * index + 1]) + unreachable(self.pod, port).encode())
            return None
        self._writers[index] = writer
        return reader

    async def _copy(self, socket: WebSocket, index: int, reader: asyncio.StreamReader) -> None:
        first = True
        with contextlib.suppress(ConnectionError):
            while data := await heard(reader):
                if first:
                    await HERE.hold(Held.FIRST_WORDS, self.pod["metadata"]["name"])
                    first = False
                await socket.send(bytes([2 * index]) + data)
            if data is None:
                await socket.send(bytes([2 * index + 1]) + was_reset(self.pod, self.ports[index]).encode())

    async def _feed(self, socket: WebSocket) -> None:
        async for message in socket.messages():
            writer = self._writers.get(message[0] // 2) if message and message[0] % 2 == 0 else None
            if writer is not None:
                writer.write(message[1:])
                with contextlib.suppress(ConnectionError):
                    await writer.drain()


def accept(pod: Object, request: Request, *, old: bool = False) -> Switch:
    """Return the switch to a port-forward session; an ``old`` API server knows the older protocol alone.

    Raises a refusal, worded as the API server's or the kubelet's, for whatever is wrong with the request.
    """
    pods.require_host(pod)
    if not request.wants_websocket:
        raise not_implemented("port-forward over SPDY without a WebSocket (kubectl before 1.31)")
    if shared_forwarding.PROTOCOL in request.subprotocols and not old:
        return Switch(SharedForwarding(pod).run, shared_forwarding.PROTOCOL)
    if PROTOCOL not in request.subprotocols:
        raise not_implemented(f"port-forward over {', '.join(request.subprotocols) or 'no protocol'}")
    ports = [value for name, value in request.pairs if name == "ports"]
    if not ports:
        raise PlainRefusal(400, 'query parameter "port" is required')
    numbers = tuple(int(port) for each in ports for port in each.split(",") if port.isdigit())
    if not numbers or not all(0 < number < 65536 for number in numbers):
        raise PlainRefusal(400, f"unable to parse {ports[0]!r} as a port")
    return Switch(Forwarding(pod, numbers).run, PROTOCOL)
