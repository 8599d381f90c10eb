"""What can go wrong between a client and a store, in words."""

import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum


class Kind(StrEnum):
    """What sort of trouble it is; a check may branch on it."""

    REFUSED = "refused"
    TIMED_OUT = "timed out"
    UNRESOLVABLE = "name not resolvable"
    NO_ROUTE = "no route"
    CLOSED = "closed"
    TLS = "tls"
    WRONG_PROTOCOL = "wrong protocol"
    UNAUTHORIZED = "not authorised"
    NOT_READY = "not ready"
    UNUSABLE = "not usable"
    OPEN = "open"
    LOOPBACK = "told of the loopback alone"
    ODD = "unexpected answer"
    GAVE_UP = "could not be asked"
    TOO_MUCH = "an answer beyond its bound"


UNANSWERED = frozenset({Kind.GAVE_UP, Kind.TOO_MUCH})
"""After which nothing is known of the store: it is no failure of it."""


TRANSIENT = frozenset({Kind.REFUSED, Kind.CLOSED, Kind.NO_ROUTE})
"""What another try may cure."""


class Trouble(Exception):  # noqa: N818 - it never leaves this package: every one ends as a finding
    """Something went wrong with a store: ``kind`` and a sentence."""

    def __init__(self, kind: Kind, words: str) -> None:
        """Say what was seen; no secret stands in ``words``."""
        super().__init__(words)
        self.kind = kind
        self.words = words
        self.believed = False
        """Of a time limit: whether the question was left alone often enough for its silence to count."""


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it grew from, outermost first."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [argument for argument in (*one.args, one.__context__, one.__cause__) if _is_error(argument)]


def _is_error(value: object) -> bool:
    return isinstance(value, BaseException)


def seconds(value: float) -> str:
    """Write a duration for a message: ``2 s``, ``0.5 s``."""
    return f"{value:g} s"


def explain_network(error: BaseException, address: str, *, waited_s: float) -> Trouble | None:
    """Translate what the socket layer reported anywhere in an error's chain; None when it is not of that layer."""
    causes = list(chain(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return Trouble(Kind.UNRESOLVABLE, f"the name of {address} cannot be resolved; does the Service exist?")
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return Trouble(Kind.REFUSED, f"{address} refused the connection; nothing listens there")
        if isinstance(cause, TimeoutError):
            return Trouble(Kind.TIMED_OUT, f"{address} gave no answer within {seconds(waited_s)}")
        if isinstance(cause, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError | EOFError):
            return Trouble(Kind.CLOSED, f"{address} closed the connection instead of answering")
        if isinstance(cause, OSError) and cause.errno in NO_ROUTE:
            return Trouble(Kind.NO_ROUTE, f"there is no route to {address}; a network policy or firewall may reject it")
    return None


NO_ROUTE = frozenset({101, 113})
"""ENETUNREACH and EHOSTUNREACH."""
