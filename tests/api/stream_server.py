"""An API server that speaks exec and port-forward only, by scripts of frames, recorded or written."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import Configuration
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from tests.api.loop_thread import LoopThread

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"


def recorded(name: str) -> dict[str, dict[str, Any]]:
    """Return the sessions of a recording file (``exec`` or ``portforward``) by their titles."""
    sessions: dict[str, dict[str, Any]] = json.loads(gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()))
    return sessions


@dataclass
class Seen:
    """What a client sent in one session: its path, query, headers and messages."""

    path: str
    query: dict[str, list[str]]
    authorization: str | None
    protocol: str | None
    messages: list[bytes] = field(default_factory=list)


class StreamServer(LoopThread):
    """Serves WebSockets on loopback in a thread; ``play`` speaks the server's part of each session."""

    def __init__(
        self,
        play: Callable[[ServerConnection, Seen], Awaitable[None]],
        *,
        refuse: tuple[int, str] | None = None,
        location: str | None = None,
        protocols: tuple[str, ...] = ("v5.channel.k8s.io", "v4.channel.k8s.io"),
        tls: ssl.SSLContext | None = None,
        slowness: float = 0,
        refusals: int | None = None,
    ) -> None:
        """Play with ``play``, or refuse each upgrade with a status, a body and a ``location`` to go to.

        Each upgrade takes ``slowness`` seconds; ``refusals`` is how many are refused, None: all of them.
        """
        super().__init__()
        self.sessions: list[Seen] = []
        self._play = play
        self._refuse = refuse
        self._location = location
        self._protocols = protocols
        self._tls = tls
        self._slowness = slowness
        self._refusals = refusals
        self.port = 0

    @property
    def configuration(self) -> Any:
        """Return a configuration that leads here, with a token."""
        configuration = Configuration(host=f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}")
        configuration.api_key = {"authorization": "Bearer planted-token"}
        configuration.proxy = None
        return configuration

    async def _start(self) -> None:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            subprotocols=[Subprotocol(each) for each in self._protocols],
            select_subprotocol=self._select,
            process_request=self._process,
            compression=None,
            ssl=self._tls,
            ping_interval=None,
            close_timeout=0.1,
            max_size=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for connection in tuple(self._server.connections):
            connection.transport.abort()
        await self._server.wait_closed()
        await self._loop.shutdown_default_executor()

    def _select(self, _: ServerConnection, offered: Any) -> Subprotocol | None:
        return next((Subprotocol(each) for each in self._protocols if each in offered), None)

    async def _process(self, _: ServerConnection, request: Request) -> Response | None:
        await asyncio.sleep(self._slowness)
        # What is no token by RFC 6455 the library refuses to read; this server does not speak it.
        offered = [one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        if any("/" in one for one in offered):
            del request.headers["Sec-WebSocket-Protocol"]
            request.headers["Sec-WebSocket-Protocol"] = ", ".join(one for one in offered if "/" not in one)
        if self._refuse is None or len(self.sessions) == self._refusals:
            return None
        self.sessions.append(_seen(request, None))
        status, body = self._refuse
        headers = Headers({"Content-Length": str(len(body.encode())), "Connection": "close"})
        if self._location:
            headers["Location"] = self._location
        return Response(status, HTTPStatus(status).phrase, headers, body.encode())

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        seen = _seen(connection.request, connection.subprotocol)
        self.sessions.append(seen)
        await self._play(connection, seen)


def _seen(request: Request, protocol: str | None) -> Seen:
    parts = urlsplit(request.path)
    return Seen(
        path=parts.path,
        query=parse_qs(parts.query),
        authorization=request.headers.get("authorization"),
        protocol=protocol,
    )


def replay(session: dict[str, Any]) -> Callable[[ServerConnection, Seen], Awaitable[None]]:
    """Return a play of the server's frames of a recorded session, after the client's have come."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        for frame in session["frames"]:
            if frame["from"] == "client":
                seen.messages.append(_bytes(await connection.recv()))
            elif frame["opcode"] == 8:
                await connection.close()
            elif "hex" in frame:
                await connection.send(bytes.fromhex(frame["hex"].removesuffix("...")))
            else:
                await connection.send(bytes([frame["channel"]]) + frame["text"].encode())

    return play


def refusing(session: dict[str, Any]) -> StreamServer:
    """Return a server that refuses as a recorded session was refused."""
    return StreamServer(silent, refuse=(session["refused"]["status"], session["refused"]["body"]))


async def silent(connection: ServerConnection, seen: Seen) -> None:
    """Say nothing until the client goes."""
    async for message in connection:
        seen.messages.append(_bytes(message))


async def bridge(connection: ServerConnection, seen: Seen) -> None:
    """Forward to the asked port on loopback, with the frames of a kubelet."""
    port = int(seen.query["ports"][0])
    for channel in (0, 1):
        await connection.send(bytes([channel]) + port.to_bytes(2, "little"))
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        await connection.send(b"\x01error forwarding port: failed to connect to localhost: connection refused")
        return

    async def down() -> None:
        while data := await reader.read(32768):
            await connection.send(b"\0" + data)
        await connection.close()

    copying = asyncio.create_task(down())
    try:
        async for message in connection:
            writer.write(_bytes(message)[1:])
            await writer.drain()
    finally:
        copying.cancel()
        await asyncio.gather(copying, return_exceptions=True)
        writer.close()


def closed_port() -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message
