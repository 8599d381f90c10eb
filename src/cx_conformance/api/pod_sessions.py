"""Sessions of port-forward: one to a pod for all connections to it, where the API server can do that.

What it can do is seen from what it chooses of both protocols, which are offered together: Kubernetes before 1.31 knows
the older one alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from cx_conformance.api.port_channel import SHARED, SINGLE, PortChannel, SharedSession, SingleChannel
from cx_conformance.outcome.looking import Unreachable

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from cx_conformance.api.stream import ApiStreams
    from cx_conformance.api.stream_refusals import StreamTarget

Pod = tuple[str, str]


class PodSessions:
    """Opens sessions when they are needed; lives in one event loop."""

    def __init__(self, streams: ApiStreams, connect_seconds: float) -> None:
        """Open by ``streams``, each within ``connect_seconds``."""
        self._streams = streams
        self._connect_seconds = connect_seconds
        self._sessions: dict[Pod, SharedSession] = {}
        self._one_at_a_time: dict[Pod, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._cannot_share = False
        streams.relieve = self._close_idle

    async def connect(self, target: StreamTarget, port: int) -> PortChannel:
        """Return a connection to ``port`` of a pod; raises the CouldNotLook that says why there is none."""
        if not self._cannot_share:
            async with self._one_at_a_time[target.namespace, target.pod]:
                found = await self._session(target, port)
            if isinstance(found, SingleChannel):
                return found
            if found is not None:
                channel = await self._begun(found, target, port)
                if channel.begun or channel.said:
                    return channel
                # The session ended in this very moment: another one is tried, once.
                async with self._one_at_a_time[target.namespace, target.pod]:
                    found = await self._session(target, port)
                return await self._begun(found, target, port) if isinstance(found, SharedSession) else channel
        return SingleChannel(await self._dial(target, port))

    async def close(self) -> None:
        """End every session."""
        sessions = tuple(self._sessions.values())
        self._sessions.clear()
        await asyncio.gather(*(each.close() for each in sessions))

    async def _session(self, target: StreamTarget, port: int) -> SharedSession | SingleChannel | None:
        """Return the session to the pod, or the connection that was opened where none can be shared, or neither."""
        pod = target.namespace, target.pod
        known = self._sessions.get(pod)
        if known is not None and not known.over:
            return known
        if self._cannot_share:  # seen while others of the pod were waited for
            return None
        connection = await self._dial(target, port)
        if connection.subprotocol != SHARED:
            self._cannot_share = True
            return SingleChannel(connection)
        session = self._sessions[pod] = SharedSession(connection)
        return session

    async def _begun(self, session: SharedSession, target: StreamTarget, port: int) -> PortChannel:
        try:
            async with asyncio.timeout(self._connect_seconds):
                return await session.open(port)
        except TimeoutError:
            session.over = True
            raise Unreachable(
                f"the node did not take up a connection to port {port} of {target} within {self._connect_seconds:g} s"
            ) from None

    async def _dial(self, target: StreamTarget, port: int) -> ClientConnection:
        # A kubeconfig's exec plug-in may run here, and takes its time.
        headers = await asyncio.to_thread(self._streams.credentials)
        query = [("ports", str(port))]  # the newer protocol tells the port of each connection
        protocols = (SINGLE,) if self._cannot_share else (SHARED, SINGLE)
        return await self._streams.open(target, query, protocols, headers, self._connect_seconds)

    async def _close_idle(self) -> None:
        """Make room: the API server lets no more in."""
        for pod, session in tuple(self._sessions.items()):
            if session.idle:
                del self._sessions[pod]
                await session.close()
