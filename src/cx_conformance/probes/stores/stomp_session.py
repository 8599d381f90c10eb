"""One STOMP 1.2 session of stomp.py on a line: no reconnecting, no thread left, errors with their reason.

Facts: frames and headers are those of https://stomp.github.io/stomp-specification-1.2.html.
"""

import logging
import queue
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

import stomp
from stomp.protocol import Protocol12
from stomp.transport import Transport
from stomp.utils import Frame

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.target import Credentials
from cx_conformance.probes.stores.trouble import Kind, Trouble

_HEARTBEATS = "10000,10000"
"""Asked for in CONNECT, in milliseconds; longer than any session here lasts, so none needs to be sent."""

_REFUSED = ("password", "authenticat", "authoriz", "credential", "security", "login account")
"""By what an ERROR frame of ActiveMQ (SecurityException), or of Artemis, is told to be about who asks."""

# stomp.py 9 logs whole frames at DEBUG, and the expression that is to mask the passcode does not match them.
logging.getLogger("stomp.py").addFilter(lambda _: False)


class Session:
    """A connection that has not logged in yet; leave it to close it and to end its thread."""

    def __init__(self, line: Line) -> None:
        """Open the connection; raise Trouble when it cannot be."""
        self._line = line
        self._frames: queue.SimpleQueue[tuple[str, Frame | None]] = queue.SimpleQueue()
        self._transport = _Transport(line.open(), line.target.host)
        self._transport.set_listener("frames", _Listener(self._frames))
        self._protocol = Protocol12(self._transport)
        self._transport.start()

    def __enter__(self) -> Self:
        """Hand out the session."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection and wait for the thread to end."""
        self._transport.hang_up()

    def connect(self, credentials: Credentials | None) -> dict[str, str]:
        """Log in, or try without a login; return the headers of CONNECTED."""
        username = credentials.username if credentials else None
        password = credentials.password if credentials else None
        with self._sending():
            self._protocol.connect(
                username,
                password.get_secret_value() if password else None,
                wait=False,
                headers={"heart-beat": _HEARTBEATS},
            )
        return dict(self._awaited("connected").headers)

    def subscribe(self, destination: str, number: str) -> None:
        """Subscribe and wait for the receipt, so that a refusal is seen."""
        with self._sending():
            self._protocol.subscribe(destination, number, headers={"receipt": number})
        self._awaited("receipt", patiently=True)

    def round_trip(self, destination: str, body: str) -> None:
        """Send a message to a destination that is subscribed to, and wait until it comes back."""
        with self._sending():
            self._protocol.send(destination, body)
        if self._awaited("message", patiently=True).body != body:
            raise Trouble(Kind.ODD, f"{self._line.target.address} gives back another message than was sent")

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Raise what the receiver met when the connection ends under a frame: that is the reason."""
        try:
            yield
        except OSError as error:
            self._transport.hang_up()
            raise self._transport.ended_by or error from None

    def _awaited(self, wanted: str, *, patiently: bool = False) -> Frame:
        """Return the next frame; raise Trouble for an ERROR, another frame, or none.

        ``patiently`` waits as long as two questions are: what it answers cannot be asked again.
        """
        line = self._line
        line.begin()
        most = min(line.target.limits.silences * line.target.limits.answer_s, line.remaining())
        try:
            kind, frame = self._frames.get(timeout=most if patiently else line.patience())
        except queue.Empty:
            raise TimeoutError from None
        if kind == wanted and frame is not None:
            return frame
        if kind == "error" and frame is not None:
            raise self._refusal(frame)
        if frame is None:
            raise self._transport.ended_by or EOFError
        raise Trouble(Kind.ODD, f"{self._line.target.address} answers with a {kind} frame where {wanted} is due")

    def _refusal(self, frame: Frame) -> Trouble:
        body = str(frame.body or "").strip()
        said = self._line.said.sentence(frame.headers.get("message") or (body.splitlines() or ["no reason"])[0])
        plain = f"{said} {body}".lower()
        if any(sign in plain for sign in _REFUSED):
            return Trouble(Kind.UNAUTHORIZED, f"ActiveMQ says: {said}")
        return Trouble(Kind.ODD, f"{self._line.target.address} answers with an error: {said}")


class _Listener(stomp.ConnectionListener):  # type: ignore[misc] # stomp.py publishes no types
    """Puts every frame into a queue; a frame of None means that the connection has ended."""

    def __init__(self, frames: "queue.SimpleQueue[tuple[str, Frame | None]]") -> None:
        self._frames = frames

    def on_connected(self, frame: Frame) -> None:
        self._frames.put(("connected", frame))

    def on_receipt(self, frame: Frame) -> None:
        self._frames.put(("receipt", frame))

    def on_message(self, frame: Frame) -> None:
        self._frames.put(("message", frame))

    def on_error(self, frame: Frame) -> None:
        self._frames.put(("error", frame))

    def on_disconnected(self) -> None:
        self._frames.put(("end", None))


class _Transport(Transport):  # type: ignore[misc] # stomp.py publishes no types
    """stomp.py's transport on an open connection.

    Its own TLS mode can leave the receiver thread waiting for ever when the other thread hangs up, and a blocking TLS
    socket must not be read and written at once: here both take a lock, and nobody waits while holding it.
    """

    def __init__(self, sock: socket.socket, host: str) -> None:
        super().__init__([], prefer_localhost=False, try_loopback_connect=False, vhost=host)
        sock.settimeout(0)
        self._given = sock
        self._turn = threading.Lock()
        self.ended_by: OSError | None = None

    def attempt_connection(self) -> None:
        self.socket = self._given
        self.current_host_and_port = ("", 0)

    def receive(self) -> bytes:
        while True:
            try:
                with self._turn:
                    return self._given.recv(16384)
            except (ssl.SSLWantReadError, BlockingIOError):
                _await(self._given, selectors.EVENT_READ)
            except OSError as error:
                self.ended_by = error
                return b""

    def send(self, encoded_frame: bytes) -> None:
        rest = memoryview(encoded_frame)
        while rest:
            try:
                with self._turn:
                    rest = rest[self._given.send(rest) :]
            except (ssl.SSLWantWriteError, BlockingIOError):
                _await(self._given, selectors.EVENT_WRITE)

    def cleanup(self) -> None:
        """Leave the socket open when the receiver thread ends: the other thread may be writing to it."""

    def disconnect_socket(self) -> None:
        self.running = False
        with suppress(OSError):
            socket.socket.shutdown(self._given, socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """End the connection; the receiver thread sees its end and is waited for."""
        self.disconnect_socket()
        if self.io_thread is not None:
            self.io_thread.join()
        self._given.close()


def _await(sock: socket.socket, event: int) -> None:
    """Return when a socket can be read or written, or has ended; not by ``select``, which knows 1,024 files only."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, event)
        selector.select()
