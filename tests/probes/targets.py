"""Listeners on loopback that behave in one way each: what a caller may meet behind a name and a port."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def silent(peer: socket.socket) -> None:
    """Say nothing until the other side goes."""
    peer.recv(1)


def greets(peer: socket.socket) -> None:
    """Speak first, then wait."""
    peer.sendall(b"220 hello\r\n")
    peer.recv(1)


def ends(peer: socket.socket) -> None:
    """End at once, in good order."""


def resets(peer: socket.socket) -> None:
    """Reset at once."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection with ``answer`` on the port that is yielded."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)

    def serve(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            answer(peer)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextlib.contextmanager
def never_answering() -> Iterator[socket.socket]:
    """Yield a listener whose queue is full: the kernel answers no further connection until it is accepted from."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        stack.enter_context(socket.create_connection(listener.getsockname()))
        yield listener


def closed_port() -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
