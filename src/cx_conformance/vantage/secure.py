"""Whether a store's port speaks TLS, seen from what it answers to its own protocol in plain."""

import socket
import struct
from contextlib import suppress
from typing import Final

from cx_conformance.blueprint.store import Protocol
from cx_conformance.probes.stores.sniff import mongo_hello, recognise

_HTTP: Final = b"GET / HTTP/1.0\r\n\r\n"
_GREETING: Final = {
    Protocol.REDIS: b"PING\r\n",
    Protocol.MONGO: mongo_hello(),
    Protocol.ACTIVEMQ: b"STOMP\naccept-version:1.2\nhost:/\n\n\x00",
    # https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST
    Protocol.POSTGRESQL: struct.pack("!ii", 8, 80877103),
}


def speaks_tls(address: tuple[str, int], protocol: Protocol, seconds: float = 1.5) -> bool:
    """Return whether the server at ``address`` wants TLS, or offers it where the protocol can tell (PostgreSQL).

    Waits at most ``seconds`` for an answer; a server that says nothing is taken for a plain one, and is told silent by
    the probe itself.
    """
    with suppress(OSError), socket.create_connection(address, timeout=seconds) as connection:
        connection.sendall(_GREETING.get(protocol, _HTTP))
        said = connection.recv(4096)
        if protocol is Protocol.POSTGRESQL:
            return said[:1] == b"S"
        return recognise(said) == "TLS"
    return False
