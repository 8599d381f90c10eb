"""How a fuse gets hold of the connections that httpx opens: its own limits count anew with each byte of a header."""

import socket
from collections.abc import Callable, Mapping
from typing import Any


class Tracing:
    """What httpx calls for each event of a request, as its extension ``trace``."""

    def __init__(self, watch: Callable[[socket.socket], None]) -> None:
        """Have each connection watched by ``watch``, plain and again inside of TLS."""
        self._watch = watch

    def __call__(self, event: str, about: Mapping[str, Any]) -> None:
        """Watch what was connected."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._watch(about["return_value"].get_extra_info("socket"))
