"""What may come instead of a TLS handshake: records that are well formed as far as they go, and lead nowhere."""

import struct
from collections.abc import Callable

from tests.hostile.servers import MIB, Behaviour, drip, flood

_ALERT, _HANDSHAKE, _DATA = 21, 22, 23
_HELLO_REQUEST, _SERVER_HELLO, _CERTIFICATE = 0, 2, 11


def _record(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body) if length is None else length) + body


def _message(kind: int, body: bytes, length: int | None = None) -> bytes:
    return bytes([kind]) + struct.pack("!I", len(body) if length is None else length)[1:] + body


_HELLO = _message(_SERVER_HELLO, b"\x03\x03" + b"\x07" * 32 + b"\x00" + b"\xc0\x2f" + b"\x00")
"""A ServerHello of TLS 1.2 with ECDHE-RSA-AES128-GCM-SHA256 and nothing else."""
_CHAIN = _message(_CERTIFICATE, b"", (1 << 24) - 1)


def _endless(piece: bytes, begin: bytes = b"") -> Behaviour:
    many = piece * max(1, MIB // len(piece))
    return flood(begin, many, 1 << 20)


HANDSHAKES: dict[str, Callable[[], Behaviour]] = {
    "nothing": lambda: drip(b"", b""),
    "a record that drips": lambda: drip(_record(_HANDSHAKE, b"\x02", 0x3000), b"\x00"),
    "records of a byte that drip": lambda: drip(b"", _record(_HANDSHAKE, b"\x00")),
    "requests to say hello": lambda: _endless(_record(_HANDSHAKE, _message(_HELLO_REQUEST, b"") * 1000)),
    "warnings": lambda: _endless(_record(_ALERT, b"\x01\x00")),
    "empty records": lambda: _endless(_record(_HANDSHAKE, b"")),
    "data before any handshake": lambda: _endless(_record(_DATA, b"x" * 16_000)),
    "certificates without end": lambda: _endless(
        _record(_HANDSHAKE, b"\x30" * 16_000), _record(_HANDSHAKE, _HELLO + _CHAIN)
    ),
    "certificates that drip": lambda: drip(_record(_HANDSHAKE, _HELLO + _CHAIN), _record(_HANDSHAKE, b"\x30")),
    "noise": lambda: _endless(b"\x16\x03\x03\x00\x00\xff" * 100),
}
