"""SPDY/3.1 frames, as far as Kubernetes speaks it: streams that are opened, written, half-closed and reset.

Says what to send and tells what came; moves no bytes itself. Flow control is left out, as in the library that API
servers and kubelets use for it (moby/spdystream), which neither sends nor heeds window updates for streams of its own.
Source: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONTROL, _VERSION = 0x80000000, 3
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY, _HEADERS = 1, 2, 3, 6, 7, 8
_ABOUT_ONE: Final = frozenset({_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING})
"""Frames that begin with the number of a stream, or of a ping."""
_FIN = 1
_CANCEL = 5
_LARGEST_CONTROL: Final = 64 * 1024
"""Bytes of a control frame, and of the headers in it."""
_LARGEST_DATA: Final = (1 << 24) - 1
_LARGEST_PIECE: Final = 32 * 1024
"""Bytes of a stream that are passed on at once."""

_NAMES: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_TEXT: Final = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    "Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    "00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY: Final = (
    b"".join(
        struct.pack("!I", len(word)) + word.encode()
        for word in (*_NAMES.split(), "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive")
    )
    + b"\0\0\0\6origin"
    + _TEXT.encode()
)
"""What headers are compressed with, from section 2.6.10.1 of the specification."""


class SpdyError(ValueError):
    """The other side does not speak SPDY/3.1."""


class Opened(Struct, frozen=True):
    """A stream was opened; ``headers`` have names in lower case."""

    stream: int
    headers: Mapping[str, str]
    ended: bool


class Replied(Struct, frozen=True):
    """A stream of one's own was accepted."""

    stream: int
    ended: bool


class Data(Struct, frozen=True):
    """Bytes of a stream; ``ended``: the last ones."""

    stream: int
    payload: bytes
    ended: bool


class Reset(Struct, frozen=True):
    """A stream was ended at once, in both directions."""

    stream: int


class Ping(Struct, frozen=True):
    """To be sent back as it came, where the other side began it."""

    number: int


class GoAway(Struct, frozen=True):
    """No further stream is accepted."""


Frame = Opened | Replied | Data | Reset | Ping | GoAway


class Spdy:
    """One side of a connection."""

    def __init__(self) -> None:
        """Begin at the first byte of both directions."""
        # A small window: headers are short, and a run has a connection for each pod.
        self._deflate = zlib.compressobj(9, zlib.DEFLATED, 11, 1, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
        self._inflate = zlib.decompressobj(zdict=DICTIONARY)
        self._came = bytearray()
        self._data: tuple[int, int, bool] | None = None
        """Of the data frame that is being read: its stream, how much of it is to come, whether it is the last."""

    def receive(self, data: bytes) -> Iterator[Frame]:
        """Yield what has come as a whole with ``data``; bytes of a stream as they come. Raises SpdyError."""
        self._came += data
        while (frame := self._next()) is not None:
            if not isinstance(frame, _Other):
                yield frame

    def opening(self, stream: int, headers: Mapping[str, str]) -> bytes:
        """Return what opens a stream; odd numbers are the client's, and they only grow."""
        return _control(_SYN_STREAM, struct.pack("!IIH", stream, 0, 0) + self._packed(headers))

    def reply(self, stream: int) -> bytes:
        """Return what accepts a stream of the other side's."""
        return _control(_SYN_REPLY, struct.pack("!I", stream) + self._packed({}))

    @staticmethod
    def data(stream: int, payload: bytes = b"", *, last: bool = False) -> bytes:
        """Return what carries ``payload``; the ``last`` says that no more will come."""
        parts = [payload[at : at + _LARGEST_DATA] for at in range(0, len(payload), _LARGEST_DATA)] or [b""]
        return b"".join(
            struct.pack("!II", stream, ((_FIN if last and part is parts[-1] else 0) << 24) | len(part)) + part
            for part in parts
        )

    @staticmethod
    def reset(stream: int) -> bytes:
        """Return what ends a stream at once."""
        return _control(_RST_STREAM, struct.pack("!II", stream, _CANCEL))

    @staticmethod
    def ping(number: int) -> bytes:
        """Return a ping, or what answers one."""
        return _control(_PING, struct.pack("!I", number))

    def _next(self) -> Frame | _Other | None:
        if self._data is not None:
            return self._more(*self._data)
        if len(self._came) < 8:
            return None
        first, second = struct.unpack_from("!II", self._came)
        flags, length = second >> 24, second & 0xFFFFFF
        if not first & _CONTROL:
            del self._came[:8]
            self._data = first, length, bool(flags & _FIN)
            return self._more(*self._data)
        if first >> 16 & 0x7FFF != _VERSION or length > _LARGEST_CONTROL:
            raise SpdyError("what came is no frame of SPDY/3.1")
        if len(self._came) < 8 + length:
            return None
        body = bytes(self._came[8 : 8 + length])
        del self._came[: 8 + length]
        try:
            return self._read(first & 0xFFFF, bool(flags & _FIN), body)
        except (struct.error, zlib.error) as error:
            raise SpdyError(f"a frame of SPDY cannot be read: {error}") from None

    def _more(self, stream: int, left: int, last: bool) -> Frame | None:
        if left and not self._came:
            return None
        payload = bytes(self._came[: min(left, _LARGEST_PIECE)])
        del self._came[: len(payload)]
        left -= len(payload)
        self._data = (stream, left, last) if left else None
        return Data(stream, payload, last and not left)

    def _read(self, kind: int, last: bool, body: bytes) -> Frame | _Other:
        number = struct.unpack_from("!I", body)[0] if kind in _ABOUT_ONE else 0
        found: Frame | _Other = _Other()
        if kind == _SYN_STREAM:
            found = Opened(number, self._unpacked(body[10:]), last)
        elif kind == _SYN_REPLY:
            self._unpacked(body[4:])
            found = Replied(number, last)
        elif kind == _RST_STREAM:
            found = Reset(number)
        elif kind == _PING:
            found = Ping(number)
        elif kind == _GOAWAY:
            found = GoAway()
        elif kind == _HEADERS:
            self._unpacked(body[4:])  # nobody sends these, but the compression has a memory
        return found

    def _packed(self, headers: Mapping[str, str]) -> bytes:
        block = struct.pack("!I", len(headers)) + b"".join(
            struct.pack("!I", len(text)) + text for pair in headers.items() for text in (one.encode() for one in pair)
        )
        return self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def _unpacked(self, packed: bytes) -> dict[str, str]:
        block = self._inflate.decompress(packed, _LARGEST_CONTROL)
        if self._inflate.unconsumed_tail:
            raise SpdyError("the headers of a stream are too long")
        (count,), at = struct.unpack_from("!I", block), 4
        texts: list[str] = []
        for _ in range(2 * count):
            (size,) = struct.unpack_from("!I", block, at)
            texts.append(block[at + 4 : at + 4 + size].decode(errors="replace"))
            at += 4 + size
        return dict(zip(texts[::2], texts[1::2], strict=True))


class _Other:
    """A frame that says nothing to this side: settings, window updates."""


def _control(kind: int, body: bytes) -> bytes:
    return struct.pack("!II", _CONTROL | _VERSION << 16 | kind, len(body)) + body
