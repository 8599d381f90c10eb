"""Local addresses that lead to ports of pods, over the API server's port-forward.

A tunnel listens on 127.0.0.1, so that any driver can be pointed at it. All tunnels to one pod share one session where
the API server can do that, else each connection opens one of its own (``port_channel``). All tunnels of a run share one
thread. The file is long because the thread, its listeners and their connections end together.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from msgspec import Struct

from cx_conformance.api.pod_sessions import PodSessions
from cx_conformance.api.stream import ApiStreams
from cx_conformance.api.stream_refusals import StreamTarget
from cx_conformance.objects.admitted import quoted
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, OutOfTime, Unauthorized, Unreachable
from cx_conformance.wire.event_loop import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from cx_conformance.api.port_channel import PortChannel
    from cx_conformance.api.tally import Tally

T = TypeVar("T")

_CHUNK = 64 * 1024
_BACKLOG = 512
_AFTER_END_SECONDS = 2.0
"""How long the pod's last words are waited for when the local side sends no more."""
_LATE_SECONDS = 1.0
"""What a way takes to open that shortens its driver's wait for an answer: the local side is open from the beginning."""
_LONGEST_WAIT_SECONDS = 10.0
"""How long a driver waits for an answer; a way that was late before that shortened nobody's wait."""
_LAST_SECONDS = 1.0
"""How long the thread is waited for; it waits for nothing but a kubeconfig's plug-in, which may hang for ever."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class TroubleReason(StrEnum):
    """Why a connection through a tunnel failed."""

    CLOSED_PORT = "closed port"
    RESET = "reset"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    NO_POD = "no pod"
    UNREACHABLE = "unreachable"
    OTHER = "other"


class Trouble(Struct, frozen=True, kw_only=True):
    """What befell the last connection that failed; ``error`` is None for what the port itself did."""

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
        self._opening = 0
        self._late_until = 0.0
        self.disturbances = 0
        """How many connections failed on the way to the pod's node, or were long in opening; never fewer."""

    def raise_trouble(self, *, silent: bool = True) -> None:
        """Raise the ``CouldNotLook`` of the last failed connection, if it is one; a closed port is none.

        Nothing is known of silence, either, where the way was still opening, or had been long in opening, as where the
        API server lets few in at a time; not ``silent`` is what the pod's side has ended.
        """
        if self.trouble and self.trouble.error:
            raise self.trouble.error
        if self.trouble or not silent:
            return
        if self._opening or time.monotonic() < self._late_until:
            told = "was still opening" if self._opening else "was long in opening"
            server = f"the API server {self._tunnels.streams.server}"
            raise Unreachable(
                f"{server} {told} port-forward to pod {self.namespace}/{self.pod} when the time to wait was over; "
                "give it more time, or look at what limits it",
                f"{server} was long in opening port-forwards, for which the time to wait was over; give it more time, "
                "or look at what limits it",
            )

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
                _close_by_reset(writer)
                if trouble.reason is not TroubleReason.RESET:  # which is the port's answer, as the driver sees it
                    self.disturbances += trouble.error is not None
                    self.trouble = trouble
        except asyncio.CancelledError:
            # Only `stop` cancels, and waits; raised further, asyncio's stream callback would log it as an error.
            _close_by_reset(writer)
        finally:
            self._bridges.discard(bridge)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _open(self) -> PortChannel:
        self._opening += 1
        late = asyncio.get_running_loop().call_later(_LATE_SECONDS, self._disturb)
        try:
            return await self._tunnels.sessions.connect(self._target, self.port)
        finally:
            if late.when() <= asyncio.get_running_loop().time():
                self._late_until = time.monotonic() + _LONGEST_WAIT_SECONDS
            late.cancel()
            self._opening -= 1

    def _disturb(self) -> None:
        self.disturbances += 1

    async def _bridge(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Trouble | None:
        try:
            channel = await self._open()
        except CouldNotLook as error:
            return _trouble(error)
        up = asyncio.create_task(_upwards(reader, channel))
        down = asyncio.create_task(self._downwards(channel, writer))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if down.done():
                return down.result()
            await channel.finish()
            await asyncio.wait((down,), timeout=_AFTER_END_SECONDS)
            return self._told(channel.said) if channel.said else None
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            await channel.close()

    async def _downwards(self, channel: PortChannel, writer: asyncio.StreamWriter | None) -> Trouble | None:
        """Copy from the pod to the local side until either ends; return what the node says went wrong."""
        with contextlib.suppress(ConnectionError):
            async for data in channel:
                if writer:
                    writer.write(data)
                    await writer.drain()
        if channel.said:
            return self._told(channel.said)
        if not channel.begun:
            return self._cut()
        return self._cut_off() if channel.cut and writer else None

    async def _refusal(self, seconds: float) -> Trouble | None:
        began = time.monotonic()
        try:
            channel = await self._open()
        except CouldNotLook as error:
            return _trouble(error)
        opening = min(time.monotonic() - began, self._tunnels.connect_seconds)
        try:
            async with asyncio.timeout(max(seconds, 2 * opening)):
                ended = await self._downwards(channel, None)
                return None if ended and ended.reason is TroubleReason.RESET else ended
        except TimeoutError:
            return None if channel.begun else self._cut()
        finally:
            await channel.close()

    def _cut(self) -> Trouble:
        return _trouble(
            Unreachable(
                f"the port-forward to port {self.port} of pod {self.namespace}/{self.pod} was opened and never began; "
                f"look at what stands before the API server {self._tunnels.streams.server}: it may cut WebSockets"
            )
        )

    def _cut_off(self) -> Trouble:
        return _trouble(
            Unreachable(
                f"the port-forward to port {self.port} of pod {self.namespace}/{self.pod} was cut off while it was "
                f"used; look at what stands before the API server {self._tunnels.streams.server}: it may cut WebSockets"
            )
        )

    def _told(self, said: str) -> Trouble:
        where, lower = f"port {self.port} of pod {self.namespace}/{self.pod}", said.lower()
        # containerd names the namespace before the reason and cuts long texts; socat and CRI-O give the reason alone.
        if "refused" in lower or ("failed to connect to localhost" in lower and "time" not in lower):
            words = f"{where} is closed: nothing listens there on the pod's loopback"
            return Trouble(reason=TroubleReason.CLOSED_PORT, words=words)
        # Of reading and writing, with or without the kubelet's own SPDY: https://github.com/containerd/containerd/issues/9875
        if "connection reset by peer" in lower or "broken pipe" in lower:
            return Trouble(reason=TroubleReason.RESET, words=f"{where} accepted the connection and reset it")
        error = NoVantage(
            f"the node could not connect to {where}: {quoted(said[-300:], 300, (self.namespace, self.pod))}"
        )
        return Trouble(reason=TroubleReason.OTHER, words=str(error), error=error)


class Tunnels:
    """All tunnels of a run: opened on demand, closed together, served by one thread.

    A context manager; after it no thread, socket or connection of it is left.
    """

    def __init__(
        self,
        configuration: Any,
        *,
        tally: Tally | None = None,
        renewed: Callable[[Any], Any | None] = lambda _refused: None,
        connect_seconds: float = 5.0,
    ) -> None:
        """Take the official client's ``configuration``; a WebSocket must be open within ``connect_seconds``.

        ``tally`` counts the sessions, ``renewed`` gives newer credentials, as ``ApiStreams`` has it.
        """
        self.streams = ApiStreams(configuration, tally, renewed)
        self.connect_seconds = connect_seconds
        self.sessions = PodSessions(self.streams, connect_seconds)
        self._tunnels: dict[tuple[str, str, int], Tunnel] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def open(self, namespace: str, pod: str, port: int) -> Tunnel:
        """Return the tunnel to ``port`` of a pod, listening already; connects to nothing yet. For any thread.

        Raises OutOfTime when all are closed.
        """
        key = (namespace, pod, port)
        with self._lock:
            if self._closed:
                raise OutOfTime(f"out of time: the run ended before a tunnel to pod {namespace}/{pod} was opened")
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
            self._closed = True
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._stop_all(tunnels), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_LAST_SECONDS)

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

    async def _stop_all(self, tunnels: tuple[Tunnel, ...]) -> None:
        await asyncio.gather(*(each.stop() for each in tunnels))
        await self.sessions.close()

    def _start(self) -> None:
        if self._loop is not None:
            return
        self._loop = Loop()
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
        runner.get_loop().set_exception_handler(_told_of)
        runner.get_loop().run_forever()


def _told_of(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Tell of what went wrong in a callback; that a connection was ended with all others is nothing to tell."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


async def _upwards(reader: asyncio.StreamReader, channel: PortChannel) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            await channel.send(data)


def _trouble(error: CouldNotLook) -> Trouble:
    reasons = {
        Forbidden: TroubleReason.FORBIDDEN,
        Unauthorized: TroubleReason.UNAUTHORIZED,
        NoVantage: TroubleReason.NO_POD,
        Unreachable: TroubleReason.UNREACHABLE,
    }
    reason = next((told for kind, told in reasons.items() if isinstance(error, kind)), TroubleReason.OTHER)
    return Trouble(reason=reason, words=str(error), error=error)
