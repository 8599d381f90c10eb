"""Names the protocol that a server speaks, by what it says unasked and to a few harmless questions."""

import math
import re
import socket
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from cx_conformance.probes.stores.line import Line
from cx_conformance.probes.stores.trouble import Kind, Trouble

SILENT = "nothing"
"""The server takes the connection and says nothing to anything."""

_WAIT_S = 1.0
"""How long more is waited for once a server has begun, and an answer that only gives a better name."""

_GREETINGS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"^....\x01ActiveMQ", re.DOTALL), "OpenWire"),
    (re.compile(rb"^HTTP/\d"), "HTTP"),
    (re.compile(rb"^\s*<(!doctype|html)", re.IGNORECASE), "HTTP"),
    (re.compile(rb"^(\+PONG|\+OK|-NOAUTH|-ERR|-DENIED|-LOADING|-WRONGPASS|-MASTERDOWN|-NOPERM)"), "Redis"),
    (re.compile(rb"^\n*(CONNECTED|ERROR|RECEIPT|MESSAGE)\r?\n"), "STOMP"),
    (re.compile(rb"^AMQP[\x00-\x03]"), "AMQP"),
    (re.compile(rb"^\x20\x02[\x00\x01]."), "MQTT"),
    (re.compile(rb"^\x15\x03[\x00-\x04]\x00\x02"), "TLS"),
    (re.compile(rb"^\x16\x03[\x00-\x04]"), "TLS"),
    (re.compile(rb"^SSH-"), "SSH"),
    (re.compile(rb"^220[ -]"), "SMTP or FTP"),
    (re.compile(rb"^.\x00\x00\x00\x0a[58]\.", re.DOTALL), "MySQL"),
    (re.compile(rb"^[ERNS]\x00\x00\x00.", re.DOTALL), "PostgreSQL"),
)

_MONGO_ON_HTTP = b"MongoDB over HTTP"
_TLS_ON_HTTP = (
    b"HTTP request to an HTTPS server",
    b"plain HTTP request was sent to HTTPS port",
    b"combination of host and port requires TLS",
    b"speaking plain HTTP to an SSL-enabled server port",
)
"""What Go, nginx, Tomcat and Apache say in plain on a port that wants TLS."""
_OP_MSG, _OP_REPLY = 2013, 1

_LINE_OR_FRAME = b"GET / HTTP/1.0\r\n\r\n\x00"
"""A request for HTTP, a line for Redis, and by its last byte a frame for STOMP: each answers, if only an error."""
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""Asks a PostgreSQL for TLS.

https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST
"""


def mongo_hello(name: str = "hello") -> bytes:
    """Return the ``hello`` command, or its older ``name``, as one OP_MSG, which Mongo answers before any login."""
    document = (
        b"\x10" + name.encode() + b"\x00" + struct.pack("<i", 1) + b"\x02$db\x00" + struct.pack("<i", 6) + b"admin\x00"
    )
    bson = struct.pack("<i", len(document) + 5) + document + b"\x00"
    body = struct.pack("<IB", 0, 0) + bson
    return struct.pack("<iiii", 16 + len(body), 1, 0, _OP_MSG) + body


def recognise(said: bytes) -> str | None:
    """Return the name of the protocol that these first bytes belong to, or None."""
    if _MONGO_ON_HTTP in said or _is_mongo(said):
        return "Mongo"
    if any(sign in said for sign in _TLS_ON_HTTP):
        return "TLS"
    return next((name for pattern, name in _GREETINGS if pattern.match(said)), None)


def _is_mongo(said: bytes) -> bool:
    if len(said) < 16:
        return False
    length, _, _, code = struct.unpack("<iiii", said[:16])
    return code in {_OP_MSG, _OP_REPLY} and 16 < length < 1 << 20


class Sniffed(Struct, frozen=True, kw_only=True):
    """What a server speaks: ``name`` is that of a known protocol, ``SILENT``, or None.

    ``said`` is the first answer that belongs to no known protocol, empty when there was none. ``late`` is whether the
    question of TLS was not answered in time: it may be TLS that a starved server speaks.
    """

    name: str | None
    said: bytes = b""
    late: bool = False


def sniff(line: Line, *, secure: bool, silent: bool = False) -> Sniffed:
    """Find out what the server speaks; never raises.

    Each question takes a connection of its own; ``secure`` asks them inside TLS. A server that has been ``silent`` for
    as long as it may is not waited for as long again.
    """
    opened = line.open if secure else line.dial
    unknown, first_s = b"", min(_WAIT_S, line.left() / 2) if silent else math.inf
    for number, question in enumerate((_LINE_OR_FRAME, mongo_hello(), SSL_REQUEST)):
        try:
            said, ended = _ask(line, opened, question, _WAIT_S if number else first_s)
        except (OSError, Trouble):
            continue
        if question is SSL_REQUEST and said in {b"S", b"N"}:
            return Sniffed(name="PostgreSQL")
        if name := recognise(said):
            return Sniffed(name=name)
        if not said and not ended and number == 0:
            return Sniffed(name=SILENT)
        unknown = unknown or said
    return Sniffed(name=None, said=unknown) if secure else _in_tls(line, unknown)


def _in_tls(line: Line, unknown: bytes) -> Sniffed:
    try:
        said, ended = _ask(line, line.dial, hello_of_tls(line.target.host), math.inf)
    except (OSError, Trouble) as error:
        late = line.explain(error).kind in {Kind.TIMED_OUT, Kind.GAVE_UP}
        return Sniffed(name=None, said=unknown, late=late)
    if name := recognise(said):
        return Sniffed(name=name)
    return Sniffed(name=None, said=unknown or said, late=not (said or ended))


def _ask(line: Line, opened: Callable[[], socket.socket], question: bytes, most_s: float) -> tuple[bytes, bool]:
    """Return what is said, and whether the server ended the connection."""
    with opened() as sock:
        sock.settimeout(min(line.patience(), most_s))
        with suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(question)
        return _listen(sock)


def _listen(sock: socket.socket) -> tuple[bytes, bool]:
    said = b""
    until = math.inf
    while len(said) < 512 and time.monotonic() < until:
        try:
            more = sock.recv(512)
        except TimeoutError:
            return said, False
        except OSError:
            return said, True
        if not more:
            return said, True
        if not said:
            sock.settimeout(_WAIT_S)
            until = time.monotonic() + 2 * _WAIT_S
        said += more
        if recognise(said):
            break
    return said, False


def hello_of_tls(host: str | None) -> bytes:
    """Return how a TLS client begins, which only a TLS server answers in TLS; ``host`` is the name it asks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=host).do_handshake()
    return outgoing.read()
