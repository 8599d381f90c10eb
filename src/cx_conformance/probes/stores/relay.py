"""The way of a library to a store that opens its sockets itself and keeps whatever it is sent: a local address.

Its other end is the line: cut at the deadline, and held to its bytes. What goes through it is not looked at.
"""

import socket
import threading
from contextlib import suppress
from typing import Self

from cx_conformance.probes.stores.line import Line

_PIECE = 1 << 16


class Relay:
    """Listens on loopback while it is entered; each connection to it is one to the target."""

    def __init__(self, line: Line) -> None:
        """Lead to the target of ``line``."""
        line.broken = None
        self._line = line
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Listen."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """Cut what is open, and wait for what reads from it."""
        _shut(*self._open)
        for thread in self._threads:
            thread.join()
        for sock in self._open:
            sock.close()

    def _start(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type] # any function
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._open.append(near)
                self._start(self._bridge, near)

    def _bridge(self, near: socket.socket) -> None:
        left = threading.Event()  # the library is: how the store takes that is no trouble
        try:
            far = self._line.dial()
            far.settimeout(None)
            self._open.append(far)
            self._start(_copy_up, near, far, left)
            while piece := far.recv(_PIECE):
                if not _passed(piece, near):
                    break
        except Exception as error:  # noqa: BLE001 - told in words by whoever asked
            if not left.is_set():
                self._line.broken = self._line.broken or self._line.explain(error)
        finally:
            _shut(near)


def _copy_up(near: socket.socket, far: socket.socket, left: threading.Event) -> None:
    """Pass on what the library says, until either side ends; note whether it was the library."""
    while piece := _heard(near):
        if not _passed(piece, far):
            break
    else:
        left.set()
    _shut(far)


def _heard(near: socket.socket) -> bytes:
    try:
        return near.recv(_PIECE)
    except OSError:
        return b""


def _passed(piece: bytes, sock: socket.socket) -> bool:
    """Pass a piece on; returns False where nobody listens any more."""
    try:
        sock.sendall(piece)
    except OSError:
        return False
    return True


def _shut(*socks: socket.socket) -> None:
    for sock in socks:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
