"""WebSockets that mean harm: what an API server may do after an upgrade was asked for, or was granted."""

import base64
import hashlib
import json
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubernetes.client import Configuration

from tests.hostile.servers import MIB, Behaviour, drip, flood, request_head, server

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
EXEC = "v5.channel.k8s.io"
BINARY, CONTINUED, TEXT, CLOSE, PING = 2, 0, 1, 8, 9


@contextmanager
def streaming(*then: Behaviour, protocol: str = EXEC) -> Iterator[Any]:
    """Grant every upgrade to ``protocol``, and then behave; yield a configuration of the official client."""
    with server(granting(*then, protocol=protocol)) as (host, port):
        yield configuration(f"http://{host}:{port}")


def granting(*then: Behaviour, protocol: str = EXEC) -> Behaviour:
    """Return what grants an upgrade to ``protocol``, and then behaves."""

    def behave(connection: socket.socket) -> None:
        grant(connection, protocol)
        for one in then:
            one(connection)

    return behave


@contextmanager
def nothing_granted(address: str) -> Iterator[Any]:
    """Yield a configuration that leads to a server which is up already."""
    yield configuration(address)


def kubeconfig(folder: Path, address: str) -> Path:
    """Write a kubeconfig that leads to ``address``, whoever signed its certificate."""
    named = {
        "clusters": [{"name": "x", "cluster": {"server": address, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "x", "user": {"token": "x"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "current-context": "x", **named}))
    return path


def configuration(address: str) -> Any:
    """Return a configuration that leads to ``address``."""
    made = Configuration(host=address)
    made.proxy = None
    return made


def grant(connection: socket.socket, protocol: str) -> None:
    """Read the head of a request, and answer it by 101."""
    found = re.search(rb"(?i)sec-websocket-key: *(\S+)", request_head(connection))
    assert found is not None
    accepted = base64.b64encode(hashlib.sha1(found[1] + _GUID, usedforsecurity=False).digest()).decode()
    head = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accepted}",
        f"Sec-WebSocket-Protocol: {protocol}",
    ]
    connection.sendall("".join(f"{line}\r\n" for line in head).encode() + b"\r\n")


def frame(payload: bytes, kind: int = BINARY, *, more: bool = False, length: int | None = None) -> bytes:
    """Return a frame as a server sends it; ``length`` is what it says of itself, ``more`` that it is no last one."""
    size = len(payload) if length is None else length
    begin = bytes([kind if more else kind | 0x80])
    if size < 126:
        return begin + bytes([size]) + payload
    if size < 65536:
        return begin + struct.pack("!BH", 126, size) + payload
    return begin + struct.pack("!BQ", 127, size) + payload


def endless(piece: bytes, begin: bytes = b"") -> Behaviour:
    """Send ``begin``, and then ``piece`` for four gigabytes, in pieces of about a mebibyte."""
    many = piece * max(1, MIB // len(piece))
    return flood(begin, many, (4096 * MIB) // len(many))


FRAMES: dict[str, Behaviour] = {
    "a frame without end": endless(b"x" * MIB, frame(b"", length=2**63 - 1)),
    "a frame of 16 MiB that drips": drip(frame(b"\x01", length=16 * MIB), b"x"),
    "a message without end": endless(frame(b"x" * 65536, CONTINUED, more=True), frame(b"\x01", more=True)),
    "empty fragments without end": endless(frame(b"", CONTINUED, more=True), frame(b"\x01", more=True)),
    "messages of 15 MiB": endless(frame(b"\x07" + b"x" * (15 * MIB))),
    "messages of a byte": endless(frame(b"\x07")),
    "empty messages": endless(frame(b"")),
    "texts that are none": endless(frame(b"\xff\xff", TEXT)),
    "pings": endless(frame(b"x" * 125, PING)),
    "a good-bye, and then more": endless(frame(b"x" * 65536), frame(struct.pack("!H", 1000), CLOSE)),
    "a good-bye with a word without end": endless(b"x" * MIB, frame(b"", CLOSE, length=2**62)),
    "zipped frames": endless(b"\xc2\x05hello"),
    "no frames": endless(b"HTTP/1.1 200 OK\r\n\r\n"),
    "nothing": drip(b"", b""),
    "pings that drip": drip(b"", frame(b"", PING)),
}
"""What may be sent over a WebSocket that was granted, whatever is spoken over it."""

OUTPUT: dict[str, Behaviour] = {
    "output without end": endless(frame(b"\x01" + b"y\n" * 16_000)),
    "errors without end": endless(frame(b"\x02" + b"y\n" * 16_000)),
    "what was sent, sent back without end": endless(frame(b"\x00" + b"x" * 32_000)),
    "a channel that nobody knows, without end": endless(frame(b"\x09" + b"x" * 32_000)),
    "a status without end": endless(frame(b"[" * 65_536, CONTINUED, more=True), frame(b"\x03", more=True)),
}
"""What an exec may print."""
