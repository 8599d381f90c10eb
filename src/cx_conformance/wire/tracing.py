"""How a fuse gets hold of the connections that httpx opens: its own limits count anew with each byte of a header."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cx_conformance.wire.fuse import Fuse

if TYPE_CHECKING:
    import socket


class Tracing:
    """What httpx calls for each event of a request, as its extension ``trace``."""

    def __init__(self, fuse: Fuse) -> None:
        """Have each connection watched by ``fuse``, plain, in the handshake of TLS, and inside of it."""
        self._fuse = fuse
        self._plain: socket.socket | None = None
        self._handshake = ExitStack()

    def __call__(self, event: str, about: Mapping[str, Any]) -> None:
        """Watch what was connected."""
        if event == "connection.connect_tcp.complete":
            self._plain = about["return_value"].get_extra_info("socket")
            self._fuse.watch(self._plain)
        elif event == "connection.start_tls.started" and self._plain is not None:
            self._handshake.enter_context(self._fuse.watching(self._plain))
        elif event == "connection.start_tls.complete":
            self._fuse.watch(about["return_value"].get_extra_info("socket"))
            self._handshake.close()
        elif event == "connection.start_tls.failed":
            self._handshake.close()
