"""Servers that mean harm: they drip, never end, swell when unpacked, nest too deep; and what that took of memory."""

import gzip
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

Behaviour = Callable[[socket.socket], None]
MIB = 1 << 20
BOUND = 160 * MIB
"""What one answer may take at its worst, beside what the process has anyway: a full run stays under 256 MiB."""
GRACE_S = float(os.environ.get("CX_CONFORMANCE_GRACE_S", "10"))
"""Whatever is asked ends two seconds after its limit; on a machine that is five times slower, so late."""


@contextmanager
def server(behaviour: Behaviour) -> Iterator[tuple[str, int]]:
    """Serve ``behaviour`` on loopback, for each connection in a thread of its own; yield the address."""
    over = threading.Event()
    open_ones: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behaviour(connection)

    def accept(listener: socket.socket) -> None:
        while not over.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                open_ones.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield listener.getsockname()[:2]
        finally:
            over.set()
            for one in (listener, *open_ones):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


@contextmanager
def web(answer: Behaviour) -> Iterator[str]:
    """Serve HTTP: each request is read to the end of its head, then ``answer`` has the connection."""

    def behave(connection: socket.socket) -> None:
        request_head(connection)
        answer(connection)

    with server(behave) as (host, port):
        yield f"http://{host}:{port}"


def request_head(connection: socket.socket) -> bytes:
    """Read the head of a request, and nothing behind it."""
    asked = b""
    while not asked.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise ConnectionResetError
        asked += piece
    return asked


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer that ends with the connection."""
    every = (f"HTTP/1.1 {status}", "Connection: close", "Content-Type: application/json", *lines)
    return "".join(f"{line}\r\n" for line in every).encode() + b"\r\n"


def flood(begin: bytes, piece: bytes = b" " * MIB, times: int = 4096) -> Behaviour:
    """Send ``begin``, and then four gigabytes."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(begin)
        for _ in range(times):
            connection.sendall(piece)

    return behave


def drip(begin: bytes, drop: bytes, pause: float = 0.05) -> Behaviour:
    """Send ``begin``, and then a ``drop`` now and then, for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(begin)
        over = threading.Event()
        while not over.wait(pause):
            connection.sendall(drop)

    return behave


def say(*pieces: bytes) -> Behaviour:
    """Send ``pieces`` and end."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)

    return behave


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """Return 400 MiB of blanks, in a megabyte or two of gzip."""
    return gzip.compress(b" " * MIB, compresslevel=9) * 400


ANSWERS: dict[str, Callable[[], Behaviour]] = {
    "endless": lambda: flood(head()),
    "endless chunks": lambda: flood(head("Transfer-Encoding: chunked"), b"100000\r\n" + b" " * MIB + b"\r\n"),
    "endless chunk size": lambda: flood(head("Transfer-Encoding: chunked"), b"0" * MIB),
    "endless header": lambda: flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a" * MIB),
    "endless headers": lambda: flood(b"HTTP/1.1 200 OK\r\n", b"X-Long: a\r\n" * 10_000),
    "endless trailers": lambda: flood(head("Transfer-Encoding: chunked") + b"0\r\n", b"X-Long: a\r\n" * 10_000, 20),
    "zipped": lambda: say(head("Content-Encoding: gzip"), bomb()),
    "doubly zipped": lambda: say(head("Content-Encoding: gzip, gzip"), gzip.compress(bomb())),
    "deflated": lambda: say(head("Content-Encoding: deflate"), b"\0" * 100),
    "nested": lambda: say(head(), b"[" * 900_000),
    "many values": lambda: say(head(), b"[" + b"[]," * 340_000 + b"[]]"),
}
"""What a web server may answer to hurt; each is whole within some seconds, or has to be broken off."""

DRIPS: dict[str, Callable[[], Behaviour]] = {
    "status line": lambda: drip(b"H", b"T"),
    "headers": lambda: drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "a header": lambda: drip(b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
    "interim answers": lambda: drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": lambda: drip(head(), b" "),
    "chunks": lambda: drip(head("Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "nothing": lambda: drip(b"", b""),
}
"""How a web server may hold whoever waits for each byte anew."""


@contextmanager
def in_time(limit: float) -> Iterator[None]:
    """Hold the block to ``limit`` seconds, as exactly as a busy machine can."""
    began = time.monotonic()
    yield
    taken = time.monotonic() - began
    assert taken < limit + GRACE_S, f"it took {taken:.1f} s of {limit:g}"


@contextmanager
def memory(most: int = BOUND) -> Iterator[None]:
    """Hold the block to ``most`` bytes of memory more than the process has when it begins."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts anew
    before = _kibibytes("VmRSS")
    yield
    taken = (_kibibytes("VmHWM") - before) * 1024
    assert taken <= most, f"{taken // MIB} MiB of memory were taken"


def _kibibytes(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])
