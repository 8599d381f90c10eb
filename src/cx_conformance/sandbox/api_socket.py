"""The socket of the API server: at a block's first address, on the port that people know."""

import errno
import socket
from typing import Final

API_PORT: Final = 6443
BACKLOG: Final = 512


def api_socket(prefix: str) -> socket.socket:
    """Listen at the block's first address, at the usual port where it is free."""
    address = f"{prefix}.0.1"
    for port in (API_PORT, 0):
        # With its protocol named, asyncio sets TCP_NODELAY; without, a small answer waits 40 ms for an acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
            # Two may bind at the same moment, only one may listen: whoever comes second takes another port.
            listener.listen(BACKLOG)
        except OSError as why:
            listener.close()
            if why.errno != errno.EADDRINUSE or port == 0:
                raise
        else:
            return listener
    raise AssertionError  # pragma: no cover - port 0 either binds or raises
