"""Whether a store's port speaks TLS, seen from what it answers to its own protocol in plain."""

import socket
import ssl
import struct
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

    Waits at most twice ``seconds``; a server that says nothing is taken for a plain one, and is told silent by the
    probe itself.
    """
    said = _said(address, _GREETING.get(protocol, _HTTP), seconds)
    if said is None:
        return False
    if protocol is Protocol.POSTGRESQL:
        return said[:1] == b"S"
    # Some servers answer what is no TLS with an alert, others by hanging up.
    return recognise(said) == "TLS" if said else shakes_hands(address, seconds)


def _said(address: tuple[str, int], greeting: bytes, seconds: float) -> bytes | None:
    """Return what the server says to ``greeting``: empty when it hangs up, None when it says nothing."""
    try:
        with socket.create_connection(address, timeout=seconds) as connection:
            connection.sendall(greeting)
            return connection.recv(4096)
    except ConnectionError:
        return b""
    except OSError:
        return None


def shakes_hands(address: tuple[str, int], seconds: float = 1.5) -> bool:
    """Return whether a TLS handshake gets an answer in TLS, be it a refusal; nothing is verified or sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(address, timeout=seconds) as connection,
            context.wrap_socket(connection),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
