"""Sockets that receive so many bytes and no more, whatever library reads from them."""

import socket
import ssl
from typing import TYPE_CHECKING, Any

from cx_conformance.wire.bounds import SMALL, TooMuch

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Counted(socket.socket):
    """A socket that raises TooMuch when more than ``most`` bytes have come over it since it ``received`` none."""

    received = 0
    most = SMALL

    @classmethod
    def instead_of(cls, sock: socket.socket) -> "Counted":
        """Take the connection of ``sock``, which is none afterwards."""
        limit = sock.gettimeout()
        taken = cls(fileno=sock.detach())
        taken.settimeout(limit)
        return taken

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive, and count."""
        data = super().recv(bufsize, flags)
        self.received = _counted(self, len(data))
        return data

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        """Receive, and count."""
        count = super().recv_into(buffer, nbytes, flags)
        self.received = _counted(self, count)
        return count


class CountedTls(ssl.SSLSocket):
    """The same inside of TLS; a context makes such ones that has it as ``sslsocket_class``."""

    received = 0
    most = SMALL

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - its own name
        """Read, and count."""
        found: Any = super().read(len, buffer)
        self.received = _counted(self, found if isinstance(found, int) else memoryview(found).nbytes)
        return found


def _counted(sock: Counted | CountedTls, more: int) -> int:
    if sock.received + more > sock.most:
        raise TooMuch(sock.most)
    return sock.received + more
