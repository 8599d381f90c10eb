"""Port-forward that means harm, in both of its protocols: what comes after the upgrade was granted."""

import socket
import struct
import time

from cx_conformance.api.spdy import Spdy
from tests.hostile.servers import MIB, Behaviour, drip
from tests.hostile.streams import FRAMES, endless, frame

_ERROR, _DATA, _NOBODY = 1, 3, 99
_SYN_STREAM, _GOAWAY = 1, 7


def _control(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack("!II", 0x80030000 | kind, len(body) if length is None else length) + body


def _taken_up() -> bytes:
    """Return what takes up the first connection of a session: a reply to each of its two streams."""
    node = Spdy()
    return frame(node.reply(_ERROR) + node.reply(_DATA))


def _swelling() -> bytes:
    """Return the opening of a stream whose headers are 10 MB, packed into 10 kB."""
    return Spdy().opening(_NOBODY - 1, {"x": "y" * 10_000_000})


def _takes_nothing(begin: bytes) -> Behaviour:
    """Send ``begin``, and read nothing of what is sent."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(begin)
        time.sleep(60)

    return behave


SHARED: dict[str, Behaviour] = FRAMES | {
    "data of a stream that nobody opened": endless(frame(Spdy.data(_NOBODY, b"x" * 32_000))),
    "data without end": endless(frame(Spdy.data(_DATA, b"x" * 32_000)), _taken_up()),
    "data in frames of 12 MiB": endless(frame(Spdy.data(_DATA, b"x" * (12 * MIB))), _taken_up()),
    "data byte by byte": endless(frame(Spdy.data(_DATA, b"x") * 1000), _taken_up()),
    "errors without end": endless(frame(Spdy.data(_ERROR, b"x" * 32_000)), _taken_up()),
    "pings of its own": endless(frame(Spdy.ping(2) * 2000), _taken_up()),
    "pings before it is taken up": endless(frame(Spdy.ping(2) * 2000)),
    "resets": endless(frame(Spdy.reset(_NOBODY) * 2000)),
    "headers that swell": endless(frame(_swelling())),
    "a control frame of 16 MiB": endless(frame(_control(_SYN_STREAM, b"x" * 100_000, (1 << 24) - 1))),
    "a control frame that drips": drip(frame(_control(_SYN_STREAM, b"", 60_000)), frame(b"x")),
    "one reply of two": drip(frame(Spdy().reply(_ERROR)), frame(Spdy.ping(2))),
    "replies again and again": endless(_taken_up()),
    "farewells": endless(frame(_control(_GOAWAY, b"\0" * 8) * 1000)),
    "ears that are shut": _takes_nothing(_taken_up()),
}
"""Of a session that many connections share."""

_ANNOUNCED = frame(b"\0\x50\0") + frame(b"\1\x50\0")
SINGLE: dict[str, Behaviour] = FRAMES | {
    "data without end": endless(frame(b"\0" + b"x" * 32_000), _ANNOUNCED),
    "data in messages of 12 MiB": endless(frame(b"\0" + b"x" * (12 * MIB)), _ANNOUNCED),
    "an error of 12 MiB": endless(frame(b"\1" + b"x" * (12 * MIB)), _ANNOUNCED),
    "all channels there are": endless(b"".join(frame(bytes([one])) for one in range(256))),
    "ears that are shut": _takes_nothing(_ANNOUNCED),
}
"""Of a session of one connection."""
