"""Listeners on loopback that behave in one way each: what a caller may meet behind a name and a port."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


def silent(peer: socket.socket) -> None:
    """Say nothing until the other side goes."""
    while peer.recv(65536):
        pass


def greets(peer: socket.socket) -> None:
    """Speak first, then wait."""
    peer.sendall(b"220 hello\r\n")
    silent(peer)


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


def answering(answer: bytes, *, hold: bool = False) -> Callable[[socket.socket], None]:
    """Answer each request with the bytes of ``answer``; then close, or ``hold`` the connection open."""

    def talk(peer: socket.socket) -> None:
        if request_head(peer):
            peer.sendall(answer)
            if hold:
                silent(peer)

    return talk


def request_head(peer: socket.socket) -> bytes:
    """Read the head of an HTTP request; empty when the peer went away first."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = peer.recv(65536)
        if not data:
            return b""
        head += data
    return head


def over_tls(context: ssl.SSLContext, answer: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Speak TLS first; a peer that does not is cut off."""

    def talk(peer: socket.socket) -> None:
        peer.settimeout(10)
        try:
            secure = context.wrap_socket(peer.dup(), server_side=True)
        except OSError:
            return
        with secure:
            answer(secure)

    return talk


def http(status: str, body: bytes = b"", **headers: str) -> bytes:
    """Return an HTTP answer; underscores in the names of ``headers`` stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
