"""Whether a store's port speaks TLS, by what it answers first: to its own protocol in plain, or to a TLS hello.

A server that answers neither in time may be starved of its CPU; that is not taken for an answer.
"""

import selectors
import socket
import time
from enum import StrEnum
from typing import Final, Self

from cx_conformance.blueprint.store import Protocol
from cx_conformance.probes.stores.sniff import SSL_REQUEST, hello_of_tls, mongo_hello, recognise

PATIENCE_S: Final = 5.0
"""How long an answer is waited for: as long as for any other of a store."""
_HEAD_START_S: Final = 1.0
"""The question in plain goes first: nearly every server answers it, and a hello of TLS makes work."""

_HTTP: Final = b"GET / HTTP/1.0\r\n\r\n"
_GREETING: Final = {
    Protocol.REDIS: b"PING\r\n",
    Protocol.MONGO: mongo_hello(),
    Protocol.ACTIVEMQ: b"STOMP\naccept-version:1.2\nhost:/\n\n\x00",
    Protocol.POSTGRESQL: SSL_REQUEST,
}


class Security(StrEnum):
    """What a port answers to."""

    TLS = "TLS"
    """It wants TLS, or offers it where the protocol can tell (PostgreSQL)."""
    PLAIN = "plain"
    NEITHER = "neither"
    """It refuses, or hangs up on both."""
    NOT_KNOWN = "not known"
    """It did not answer in time, be it that it is silent, or slow."""


def security_of(address: tuple[str, int], protocol: Protocol, seconds: float = PATIENCE_S) -> Security:
    """Return what the server at ``address`` answers to, asked in plain, and over TLS beside it; waits ``seconds``."""
    ends = time.monotonic() + seconds
    head_start = min(_HEAD_START_S, seconds / 2)
    with _Question(address, _GREETING.get(protocol, _HTTP), seconds) as plain:
        said = plain.heard(head_start)
        if not said and protocol is Protocol.POSTGRESQL:
            said = plain.heard(ends - time.monotonic())
        if protocol is Protocol.POSTGRESQL:
            return _of_postgresql(said)
        if said:
            return _of_plain(said)
        with _Question(address, hello_of_tls(None), max(ends - time.monotonic(), 0.1)) as hello:
            return _first(plain, hello, ends)


def shakes_hands(address: tuple[str, int], seconds: float = PATIENCE_S) -> bool | None:
    """Return whether a hello of TLS is answered in TLS, be it by a refusal; None when it is not answered in time."""
    with _Question(address, hello_of_tls(None), seconds) as hello:
        said = hello.heard(seconds)
    return None if said is None else recognise(said) == "TLS"


def _first(plain: "_Question", hello: "_Question", ends: float) -> Security:
    """Wait until one question is answered in words, or both are over."""
    while (left := ends - time.monotonic()) > 0 and None in (plain.said, hello.said):
        waiting = [one for one in (plain, hello) if one.said is None]
        _await(waiting, left)
        for one in waiting:
            one.heard(0)
        if plain.said:
            return _of_plain(plain.said)
        if hello.said:
            return Security.TLS if recognise(hello.said) == "TLS" else Security.PLAIN
    return Security.NOT_KNOWN if None in (plain.said, hello.said) else Security.NEITHER


def _of_plain(said: bytes) -> Security:
    return Security.TLS if recognise(said) == "TLS" else Security.PLAIN


def _of_postgresql(said: bytes | None) -> Security:
    if said is None:
        return Security.NOT_KNOWN
    return Security.TLS if said[:1] == b"S" else Security.PLAIN if said else Security.NEITHER


class _Question:
    """One question on a connection of its own; ``said`` is None so far, and empty when the server hung up."""

    def __init__(self, address: tuple[str, int], words: bytes, seconds: float) -> None:
        self.said: bytes | None = None
        self.socket: socket.socket | None = None
        try:
            self.socket = socket.create_connection(address, timeout=seconds)
            self.socket.sendall(words)
        except TimeoutError:
            self.said = None
        except OSError:
            self.said = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.socket is not None:
            self.socket.close()

    def heard(self, seconds: float) -> bytes | None:
        """Return what was said within ``seconds``."""
        if self.said is None and self.socket is not None and _await([self], seconds):
            try:
                self.said = self.socket.recv(4096)
            except OSError:
                self.said = b""
        return self.said


def _await(questions: "list[_Question]", seconds: float) -> bool:
    """Wait until something can be read of one; not by ``select``, which knows 1,024 files only."""
    with selectors.DefaultSelector() as selector:
        for one in questions:
            if one.socket is not None:
                selector.register(one.socket, selectors.EVENT_READ)
        return bool(selector.select(max(seconds, 0)))
