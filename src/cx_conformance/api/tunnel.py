"""Local addresses that lead to ports of pods, over the API server's port-forward.

A tunnel listens on 127.0.0.1 and opens one WebSocket for each connection it accepts, so that any driver can be pointed
at it. All tunnels of a run share one thread. The protocol is ``v4.channel.k8s.io``: channel 0 carries the data,
channel 1 what went wrong, and the first message of each is the port. It knows no half-close: when the local side stops
sending, the connection ends. The file is long because the thread, its listeners and their connections end together.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from websockets.exceptions import ConnectionClosed

from cx_conformance.api.stream import ApiStreams, StreamTarget, drop
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, Unauthorized, Unreachable

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

    from websockets.asyncio.client import ClientConnection

    from cx_conformance.api.tally import Tally

T = TypeVar("T")

_PROTOCOLS = ("v4.channel.k8s.io",)
_CHUNK = 64 * 1024
_BACKLOG = 512
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TroubleReason(StrEnum):
    """Why a connection through a tunnel failed."""

    CLOSED_PORT = "closed port"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    NO_POD = "no pod"
    UNREACHABLE = "unreachable"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """What befell the last connection that failed; ``error`` is None for a closed port, which was looked at."""

    reason: TroubleReason
    words: str
    error: CouldNotLook | None = None


class Tunnel:
    """One local listener for one port of one pod; made by ``Tunnels.open``."""

    def __init__(self, tunnels: Tunnels, target: StreamTarget, port: int) -> None:
        """Take what it leads to; ``Tunnels`` starts it."""
        self.namespace = target.namespace
        self.pod = target.pod
        self.port = port
        self.trouble: Trouble | None = None
        """What befell the last connection that failed, set before its local side is reset."""
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        """Where a driver connects to."""
        self._tunnels = tunnels
        self._target = target
        self._server: asyncio.Server | None = None
        self._bridges: set[asyncio.Task[None]] = set()

    def raise_trouble(self) -> None:
        """Raise the ``CouldNotLook`` of the last failed connection, if it is one; a closed port is none."""
        if self.trouble and self.trouble.error:
            raise self.trouble.error

    def why_closed(self) -> str | None:
        """Return what befell the last connection that failed, in words; None when none did."""
        return self.trouble.words if self.trouble else None

    def accepts(self, seconds: float = 0.5) -> bool:
        """Tell whether the pod's port accepts a connection: no refusal has come ``seconds`` after it was asked for.

        Port-forward tells a refused connection, never an accepted one; a node that was slow to open it is given longer.
        False sets ``trouble`` to a closed port; raises the ``CouldNotLook`` that kept it from looking.
        """
        refusal = self._tunnels.wait_for(self._refusal(seconds))
        if refusal is None:
            return True
        self.trouble = refusal
        self.raise_trouble()
        return False

    async def start(self) -> None:
        """Listen; runs in the tunnels' thread."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=_BACKLOG, limit=_CHUNK)
        self.address = self._server.sockets[0].getsockname()[:2]

    async def stop(self) -> None:
        """Stop listening and cut what is open; runs in the tunnels' thread."""
        if self._server:
            self._server.close()
        bridges = tuple(self._bridges)
        for bridge in bridges:
            bridge.cancel()
        await asyncio.gather(*bridges, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bridge = asyncio.current_task()
        if bridge is None:  # a stream callback always runs in a task
            return
        self._bridges.add(bridge)
        try:
            trouble = await self._bridge(reader, writer)
            if trouble:
                self.trouble = trouble
                _close_by_reset(writer)
        except asyncio.CancelledError:
            # Only `stop` cancels, and waits; raised further, asyncio's stream callback would log it as an error.
            _close_by_reset(writer)
        finally:
            self._bridges.discard(bridge)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _open(self) -> ClientConnection:
        streams = self._tunnels.streams
        # A kubeconfig's exec plug-in may run here, and takes its time.
        headers = await asyncio.to_thread(streams.credentials)
        query = [("ports", str(self.port))]
        return await streams.open(self._target, query, _PROTOCOLS, headers, self._tunnels.connect_seconds)

    async def _bridge(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Trouble | None:
        try:
            connection = await self._open()
        except CouldNotLook as error:
            return _trouble(error)
        up = asyncio.create_task(_upwards(reader, connection))
        down = asyncio.create_task(self._downwards(connection, writer, set()))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if not down.done():
                await connection.close()
                return None
            return down.result()
        finally:
            drop(connection)
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _downwards(
        self, connection: ClientConnection, writer: asyncio.StreamWriter | None, announced: set[int]
    ) -> Trouble | None:
        """Copy from the pod to the local side until either ends; return what the error channel told.

        ``announced`` are the channels that the kubelet has opened; what ends before it has never came so far.
        """
        with contextlib.suppress(ConnectionClosed, ConnectionError):
            async for message in connection:
                data = message.encode() if isinstance(message, str) else message
                channel = data[0] if data else 0
                if channel not in announced:
                    announced.add(channel)  # the first message of a channel tells its port
                elif channel == 1:
                    return self._told(data[1:].decode(errors="replace"))
                elif writer:
                    writer.write(data[1:])
                    await writer.drain()
        return None if announced else self._cut()

    async def _refusal(self, seconds: float) -> Trouble | None:
        began = time.monotonic()
        try:
            connection = await self._open()
        except CouldNotLook as error:
            return _trouble(error)
        opening = min(time.monotonic() - began, self._tunnels.connect_seconds)
        announced: set[int] = set()
        try:
            async with asyncio.timeout(max(seconds, 2 * opening)):
                return await self._downwards(connection, None, announced)
        except TimeoutError:
            return None if announced else self._cut()
        finally:
            drop(connection)

    def _cut(self) -> Trouble:
        return _trouble(
            Unreachable(
                f"the port-forward to port {self.port} of pod {self.namespace}/{self.pod} was opened and never began; "
                f"look at what stands before the API server {self._tunnels.streams.server}: it may cut WebSockets"
            )
        )

    def _told(self, said: str) -> Trouble:
        where = f"port {self.port} of pod {self.namespace}/{self.pod}"
        # containerd names the namespace before the reason and cuts long texts; socat and CRI-O give the reason alone.
        if "refused" in said or ("failed to connect to localhost" in said and "time" not in said):
            words = f"{where} is closed: nothing listens there on the pod's loopback"
            return Trouble(reason=TroubleReason.CLOSED_PORT, words=words)
        error = NoVantage(f"the node could not connect to {where}: {' '.join(said.split())[-300:]}")
        return Trouble(reason=TroubleReason.OTHER, words=str(error), error=error)


class Tunnels:
    """All tunnels of a run: opened on demand, closed together, served by one thread.

    A context manager; after it no thread, socket or connection of it is left.
    """

    def __init__(self, configuration: Any, *, tally: Tally | None = None, connect_seconds: float = 5.0) -> None:
        """Take the official client's ``configuration``; a WebSocket must be open within ``connect_seconds``.

        ``tally`` counts the sessions.
        """
        self.streams = ApiStreams(configuration, tally)
        self.connect_seconds = connect_seconds
        self._tunnels: dict[tuple[str, str, int], Tunnel] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self, namespace: str, pod: str, port: int) -> Tunnel:
        """Return the tunnel to ``port`` of a pod, listening already; connects to nothing yet. For any thread."""
        key = (namespace, pod, port)
        with self._lock:
            tunnel = self._tunnels.get(key)
            if tunnel is None:
                self._start()
                target = StreamTarget(namespace=namespace, pod=pod, subresource="portforward")
                tunnel = Tunnel(self, target, port)
                self.wait_for(tunnel.start())
                self._tunnels[key] = tunnel
            return tunnel

    def close(self) -> None:
        """Close every tunnel and what runs through it, and end the thread."""
        with self._lock:
            loop, thread, tunnels = self._loop, self._thread, tuple(self._tunnels.values())
            self._tunnels.clear()
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_stop_all(tunnels), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` in the tunnels' thread and return its result."""
        if self._loop is None:
            work.close()
            raise RuntimeError("the tunnels are closed")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _start(self) -> None:
        if self._loop is not None:
            return
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop,), name="tunnels", daemon=True)
        self._thread.start()


def _close_by_reset(writer: asyncio.StreamWriter) -> None:
    """Let the local end close by a reset, not an end of data: a driver must not take a closed port for a short answer.

    One that the driver has closed before needs nothing.
    """
    local: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        local.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()


async def _stop_all(tunnels: tuple[Tunnel, ...]) -> None:
    await asyncio.gather(*(each.stop() for each in tunnels))


async def _upwards(reader: asyncio.StreamReader, connection: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, ConnectionError):
        while data := await reader.read(_CHUNK):
            await connection.send(b"\0" + data)


def _trouble(error: CouldNotLook) -> Trouble:
    reasons = {
        Forbidden: TroubleReason.FORBIDDEN,
        Unauthorized: TroubleReason.UNAUTHORIZED,
        NoVantage: TroubleReason.NO_POD,
        Unreachable: TroubleReason.UNREACHABLE,
    }
    return Trouble(reason=reasons.get(type(error), TroubleReason.OTHER), words=str(error), error=error)
