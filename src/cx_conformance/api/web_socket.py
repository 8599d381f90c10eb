"""A WebSocket as Kubernetes speaks it, that holds no more than it must of what the other side sends.

The library reads 256 KiB at a time and makes an object of each frame in it, of which an empty one has two bytes; and it
answers pings whether anybody takes the answers or not. Many streams are open at once, and all tunnels share one thread.
"""

from __future__ import annotations

import contextlib
from asyncio import sslproto
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import NegotiationError
from websockets.typing import Subprotocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from websockets.client import ClientProtocol
    from websockets.datastructures import Headers
    from websockets.protocol import Event

MESSAGE_LIMIT: Final = 256 * 1024
"""Bytes in one message; kubelets and API servers send 32 KiB at a time."""
WAITING_FRAMES: Final = 4
"""How many frames may wait for whoever reads, before no more is taken from the network."""
_READ: Final = 64 * 1024
_READ_OVER_TLS: Final = 32 * 1024
"""Two records. asyncio has a buffer of 256 KiB for each connection, and makes another for each record it reads."""
_PIECE: Final = 4 * 1024
_FRAMES_OF_GRACE: Final = 2_000
_SMALL_BYTES: Final = 16
"""Of a frame. After the first two thousand, a connection whose frames are smaller than this by the mean says nothing:
it keeps the reader busy, and all that runs beside."""
_MOST_AT_THE_END: Final = 4_000
"""Frames that are kept when a connection ends; a kubelet puts what a program prints together."""
_UNSENT: Final = 1 << 20
"""Bytes that may wait to be taken by the other side; what is sent of one's own waits at 64 KiB."""


sslproto.SSLProtocol.max_size = _READ_OVER_TLS  # there is no other way to it: it is used when the protocol is made


class Connect(connect):
    """A connect that follows no redirect: the API server sends none, and the credentials are for it alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Return what ends it."""
        return exc


class Connection(ClientConnection):
    """A connection that offers subprotocols as Kubernetes names them: ``SPDY/3.1+...`` is no token for the library."""

    def __init__(self, protocol: ClientProtocol, *, offered: Sequence[str], **rest: Any) -> None:
        """Offer these."""
        protocol.available_subprotocols = [Subprotocol(each) for each in offered]
        setattr(protocol, "process_subprotocol", partial(_chosen, offered))  # noqa: B010 - a method of the library
        super().__init__(protocol, **rest)
        self._came = b""
        self._bytes = self._frames = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; what has come is read on before more is taken from the network."""
        super().connection_made(transport)
        setattr(transport, "max_size", _READ)  # noqa: B010 - of asyncio's sockets, that of TLS has its own
        self.recv_messages.resume = lambda: self.loop.call_soon(self._read_on)

    def data_received(self, data: bytes) -> None:
        """Take what has come, as far as somebody reads it."""
        self._came += data
        self._read()

    def eof_received(self) -> None:
        """End, after what has come: over TLS the end comes together with the last bytes, read or not."""
        self._read_all()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, after what has come."""
        self._read_all()
        super().connection_lost(exc)

    def _read_all(self) -> None:
        while self._came and len(self.recv_messages.frames) < _MOST_AT_THE_END:
            piece, self._came = self._came[:_PIECE], self._came[_PIECE:]
            super().data_received(piece)
        self._came = b""

    def _read_on(self) -> None:
        self._read()
        if not self._came and not self.recv_messages.paused:
            self.transport.resume_reading()

    def _read(self) -> None:
        while self._came and not self.recv_messages.paused:
            piece, self._came = self._came[:_PIECE], self._came[_PIECE:]
            super().data_received(piece)
            self._bytes += len(piece)
            if self._is_over or self._says_nothing:
                self._came = b""
                drop(self)

    @property
    def _is_over(self) -> bool:
        # The library waits for the other side to end it, and throws away what still comes: without end, where it likes.
        protocol = self.protocol
        broken = protocol.handshake_exc or protocol.parser_exc
        return broken is not None or (protocol.close_rcvd is not None and self._came != b"")

    @property
    def _says_nothing(self) -> bool:
        unsent = cast("asyncio.WriteTransport", self.transport).get_write_buffer_size()
        return unsent > _UNSENT or self._frames > _FRAMES_OF_GRACE + self._bytes // _SMALL_BYTES

    def process_event(self, event: Event) -> None:
        """Count the frames that come."""
        self._frames += 1
        super().process_event(event)


def drop(connection: ClientConnection) -> None:
    """Cut ``connection`` at once, for a server that would go on sending."""
    with contextlib.suppress(AttributeError):  # the transport is gone when the connection is
        connection.transport.abort()


def _chosen(offered: Sequence[str], headers: Headers) -> Subprotocol | None:
    """Return which of the offered subprotocols a server has chosen; raises NegotiationError for another."""
    said = [each.strip() for each in headers.get_all("Sec-WebSocket-Protocol")]
    if not said:
        return None
    for each in offered:
        if [each.lower()] == [one.lower() for one in said]:
            return Subprotocol(each)
    raise NegotiationError(f"unsupported subprotocol: {', '.join(said)[:100]}")
