"""One deadline for all that is read over some connections, held by cutting them.

A library's own time limits count anew with each byte, so that a server which answers byte by byte can hold it for ever.
"""

import math
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self


class Fuse:
    """Cuts every connection that it watches at one moment, or when somebody wants all of the process to end.

    Whoever waits for one of them then sees its end.
    """

    def __init__(self, seconds: float) -> None:
        """Start the clock; infinite ``seconds`` are cut by ``burn_all`` only."""
        self.ends = time.monotonic() + seconds
        self._burnt = threading.Event()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        if math.isfinite(seconds):
            self._timer = threading.Timer(max(0.0, seconds), self.burn)
            self._timer.daemon = True
            self._timer.start()
        with _LOCK:
            _LIVE.add(self)

    def watch(self, sock: socket.socket) -> None:
        """Have ``sock`` cut as well; at once where it is too late."""
        with self._lock:
            self._sockets.add(sock)
        if self.burnt:
            _cut(sock)

    @contextmanager
    def watching(self, sock: socket.socket) -> Iterator[None]:
        """Have the connection of ``sock`` cut while TLS takes it over, which leaves ``sock`` without it at once.

        A server that never ends its handshake may keep the library busy, so that its time limit never comes up.
        """
        with sock.dup() as twin:
            self.watch(twin)
            yield

    @property
    def burnt(self) -> bool:
        """Whether it has cut: what came is then not whole, whatever it looks like."""
        return self._burnt.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for so long, or until it burns; tell whether it did."""
        return self._burnt.wait(seconds)

    def burn(self) -> None:
        """Cut."""
        self._burnt.set()
        with self._lock:
            watched = list(self._sockets)
        for sock in watched:
            _cut(sock)

    def left(self) -> float:
        """Return the seconds that are left; none or fewer when it is too late."""
        return 0.0 if self.burnt else self.ends - time.monotonic()

    def close(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        with _LOCK:
            _LIVE.discard(self)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clock."""
        self.close()


_LIVE: "weakref.WeakSet[Fuse]" = weakref.WeakSet()
_LOCK = threading.RLock()


def burn_all() -> None:
    """Cut whatever is being read just now, in any thread: somebody wants the process to end."""
    with _LOCK:
        live = list(_LIVE)
    for fuse in live:
        fuse.burn()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        # The class's own shutdown: SSLSocket's would take the TLS state away under a reading thread.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
