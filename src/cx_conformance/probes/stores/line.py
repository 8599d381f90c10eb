"""The way to a store: connections that share one deadline and are all closed at its end."""

import socket
import ssl
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from cx_conformance.probes.stores import tls
from cx_conformance.probes.stores.masking import Masking
from cx_conformance.probes.stores.observation import Certificate
from cx_conformance.probes.stores.target import Target, TlsExpectation
from cx_conformance.probes.stores.trouble import TRANSIENT, Kind, Trouble, chain, explain_network, seconds
from cx_conformance.wire.bounds import NotAskedFor, TooMuch
from cx_conformance.wire.counted import Counted
from cx_conformance.wire.fuse import Fuse

T = TypeVar("T")
Prelude = Callable[[socket.socket], None]
_PAUSE_S = 0.1
"""Between two tries."""
_GRAIN_S = 0.05
"""What a time limit may end early by."""
_NO_TLS_ERROR: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What Python's TLS says of an end that came from elsewhere: the connection was closed, or the wait was over."""


class Line:
    """Connections to one target.

    A fuse cuts every connection at the total limit, so that a server which answers byte by byte, or stops in the
    middle, cannot hold a client that counts its own time limit anew with each byte; and no connection receives more
    than 1 MiB.
    """

    def __init__(self, target: Target, said: Masking) -> None:
        """Start the clock; ``said`` makes foreign text fit to be shown."""
        self.target = target
        self.said = said
        self.tries = 0
        self.connect_ms: float | None = None
        self.certificate: Certificate | None = None
        self.broken: Trouble | None = None
        """What befell a connection that a library had over a relay, and so cannot tell."""
        self._asked = time.monotonic()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._context: ssl.SSLContext | None = None
        self.fuse = Fuse(target.limits.total_s)
        """Cuts every connection that the line has to do with."""

    def close(self) -> None:
        """Stop the clock and close what is still open."""
        self.fuse.close()
        for sock in list(self._sockets):
            sock.close()

    def remaining(self) -> float:
        """Return the seconds left; raise Trouble when there are none."""
        left = self.left()
        if left <= 0:
            raise self._out_of_time()
        return left

    def left(self) -> float:
        """Return the seconds left; none, or fewer, when it is over."""
        return self.fuse.left()

    def patience(self) -> float:
        """Return how long the next answer is waited for, in seconds."""
        return min(self.target.limits.answer_s, self.remaining())

    def begin(self) -> None:
        """Begin a question: its silence counts only when it had its whole patience."""
        self._asked = time.monotonic()

    def _had(self, patience: float) -> bool:
        """Whether the question of now has waited that long; a clock's grain is forgiven."""
        return time.monotonic() - self._asked >= patience - _GRAIN_S

    def watch(self, sock: socket.socket) -> None:
        """Have a socket cut at the deadline that some library opened itself."""
        self._sockets.add(sock)
        self.fuse.watch(sock)

    def dial(self) -> socket.socket:
        """Return a TCP connection to where the target's socket goes."""
        self.begin()
        limit = min(self.target.limits.connect_s, self.remaining())
        began = time.monotonic()
        try:
            sock: socket.socket = socket.create_connection(self.target.socket_address, limit)
        except OSError as error:
            raise self._not_connected(error, limit) from None
        self.connect_ms = (time.monotonic() - began) * 1000
        sock = Counted.instead_of(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(self.patience())
        self.watch(sock)
        return sock

    def _not_connected(self, error: OSError, limit: float) -> Trouble:
        address = self.target.address
        if isinstance(error, TimeoutError):
            words = f"{address} accepted no connection within {seconds(round(limit, 1))}"
            if limit < self.target.limits.connect_s:
                return Trouble(Kind.GAVE_UP, f"{words}, and more time was not left")
            return Trouble(Kind.TIMED_OUT, f"{words}; a firewall or network policy may drop it")
        if trouble := explain_network(error, address, waited_s=limit):
            return trouble
        return Trouble(Kind.NO_ROUTE, f"{address} cannot be connected to: {self.said(error.strerror or error)}")

    def context(self) -> ssl.SSLContext:
        """Return the verifying TLS context of this target, made once."""
        if self._context is None:
            if self.target.tls is None:
                raise ValueError(f"no TLS is expected of {self.target.address}")
            self._context = tls.client_context(self.target.tls)
        return self._context

    def open(self, prelude: Prelude | None = None) -> socket.socket:
        """Return a connection that a protocol can be spoken on: TCP, and TLS where it is promised.

        ``prelude`` is spoken before TLS begins, where the protocol has one.
        """
        sock = self.dial()
        if self.target.tls is None:
            return sock
        try:
            if prelude is not None:
                prelude(sock)
            return self._secured(sock, self.target.tls, prelude)
        except BaseException:
            sock.close()
            raise

    def _secured(self, sock: socket.socket, expected: TlsExpectation, prelude: Prelude | None) -> ssl.SSLSocket:
        sock.settimeout(min(self.target.limits.connect_s, self.remaining()))
        try:
            with self.fuse.watching(sock):
                secure = self.context().wrap_socket(sock, server_hostname=self.target.host)
                self.watch(secure)
        except ssl.SSLCertVerificationError as error:
            self.certificate = self._presented(expected, prelude)
            raise self._explained(error) from None
        secure.settimeout(self.patience())
        if self.certificate is None and (der := secure.getpeercert(binary_form=True)):
            self.certificate = tls.facts(der)
        return secure

    def _presented(self, expected: TlsExpectation, prelude: Prelude | None) -> Certificate | None:
        try:
            sock = self.dial()
            if prelude is not None:
                prelude(sock)
        except (OSError, Trouble):
            return None
        with self.fuse.watching(sock):
            return tls.presented(sock, self.target.host, expected)

    def late_alert(self, prelude: Prelude | None = None) -> Trouble | None:
        """Tell whether the server ends TLS right after the handshake, and why.

        With TLS 1.3 a server judges the client's certificate when the client already believes to be connected; the
        alert is lost when the client has begun to write, or the server resets the connection behind it. It comes with
        the end of the handshake, which takes a busy Java server a while.
        """
        try:
            with self.open(prelude) as sock:
                ended = not sock.recv(1)
        except (TimeoutError, Trouble):
            return None
        except ssl.SSLError as error:
            if not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
                return self._explained(error)
            ended = True
        except OSError:
            ended = True
        if not ended or self._shown:
            return None
        words = (
            "ends the connection right after the handshake; it seems to want a client certificate, and none is given"
        )
        return Trouble(Kind.TLS, f"{self.target.address} {words}")

    @property
    def _shown(self) -> bool:
        return self.target.tls is not None and self.target.tls.certificate_pem is not None

    def tried(self, ask: Callable[[], T]) -> T:
        """Return what ``ask`` returns, asked again while tries and time last when connection or answer were lost.

        Silence is no answer: it is believed when the question was left alone for its whole patience as often as the
        limits say. Where no time is left for that, nothing is known, and the trouble is that we gave up.
        """
        tries = silent = 0
        while True:
            tries += 1
            self.tries = max(self.tries, tries)
            try:
                return ask()
            except Exception as error:  # noqa: BLE001 - whatever a library raises is told in words
                trouble = self.explain(error)
            if trouble.kind is Kind.TIMED_OUT:
                silent += 1
                self._raise_silence(trouble, silent)
            elif trouble.kind not in TRANSIENT or tries >= self.target.limits.tries or self.left() <= _PAUSE_S:
                raise trouble
            time.sleep(_PAUSE_S)

    def _raise_silence(self, trouble: Trouble, times: int) -> None:
        limits = self.target.limits
        if times >= limits.silences or self._had(limits.silences * limits.answer_s):
            trouble.believed = True
            raise trouble
        if self.left() < limits.answer_s + _PAUSE_S:
            raise Trouble(Kind.GAVE_UP, f"{trouble.words}, and no time was left to ask again")

    def explain(self, error: BaseException, otherwise: Kind = Kind.GAVE_UP) -> Trouble:
        """Translate whatever a socket or a library raised.

        ``otherwise`` is what it is called when it is not of the network: an odd answer when the store's own library
        says so; else the client gave up, and nothing is known of the store.
        """
        causes = list(chain(error))
        if self.left() <= 0:
            return self._out_of_time()
        if trouble := self._known(causes):
            return trouble
        for cause in causes:
            if isinstance(cause, ssl.SSLError) and not isinstance(cause, _NO_TLS_ERROR):
                return self._explained(cause)
        network = explain_network(error, self.target.address, waited_s=self.target.limits.answer_s)
        if network is not None:
            hurried = network.kind is Kind.TIMED_OUT and not self._had(self.target.limits.answer_s)
            network.believed = self._had(self.target.limits.silences * self.target.limits.answer_s)
            return self._out_of_time() if hurried else self._closed(network)
        what = self.said.sentence(causes[0]) or type(causes[0]).__name__
        if otherwise is Kind.GAVE_UP:
            return Trouble(Kind.GAVE_UP, f"{self.target.address} could not be asked; the client stopped with: {what}")
        return Trouble(otherwise, f"{self.target.address} gave an answer that its client rejects: {what}")

    def _known(self, causes: Sequence[BaseException]) -> Trouble | None:
        for cause in causes:
            if isinstance(cause, Trouble):
                return self._closed(cause)
            if isinstance(cause, TooMuch | NotAskedFor):
                return Trouble(Kind.TOO_MUCH, f"{self.target.address} could not be asked: {self.said(cause)}")
        return None

    def _explained(self, error: ssl.SSLError) -> Trouble:
        target = self.target
        return tls.explain_tls(error, target.address, target.host, self.certificate, shown=self._shown)

    def _closed(self, trouble: Trouble) -> Trouble:
        if trouble.kind is Kind.CLOSED and (why := self.target.why_closed()):
            return Trouble(Kind.REFUSED, f"{self.target.address} cannot be connected to: {self.said(why)}")
        return trouble

    def _out_of_time(self) -> Trouble:
        limit = seconds(round(self.target.limits.total_s, 1))
        if self._had(self.target.limits.answer_s):
            silent = Trouble(Kind.TIMED_OUT, f"{self.target.address} did not finish answering within {limit}")
            silent.believed = self._had(self.target.limits.silences * self.target.limits.answer_s)
            return silent
        words = "could not be asked all: what it did answer was slow, and took all of"
        return Trouble(Kind.GAVE_UP, f"{self.target.address} {words} {limit}")
