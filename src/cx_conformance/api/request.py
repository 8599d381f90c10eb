"""One request to the API server: what is sent, what came, and how long that may take."""

import random
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from msgspec import Struct, field

from cx_conformance.wire.bounds import SMALL, TooMuch
from cx_conformance.wire.discreet import Discreet
from cx_conformance.wire.json_text import parsed


class Answer(Discreet, frozen=True, kw_only=True):
    """An answer of the API server: status, headers (names in lower case), body as it came."""

    hidden: ClassVar[frozenset[str]] = frozenset({"body"})
    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError when it is none, TooMuch when it would fill the memory."""
        return parsed(self.body)

    @property
    def said(self) -> Any:
        """A refusal's Status object, or its text when it is none."""
        try:
            return self.json()
        except (ValueError, TooMuch):
            return self.body[:500].decode("utf-8", "replace")


class Patience(Struct, frozen=True, kw_only=True):
    """How long one request may take, and how often it is sent again. All times are in seconds."""

    connect_seconds: float = 5.0
    total_seconds: float = 60.0
    # An overloaded or restarting API server: 0.25 + 0.5 + 1 + 2 s; the connection to a restarting one: 8 s more.
    status_tries: int = 5
    connection_tries: int = 7
    first_tries: int = 3
    first_pause_seconds: float = 0.25
    longest_pause_seconds: float = 8.0
    longest_retry_after_seconds: float = 60.0

    def pause(self, tries: int) -> float:
        """Return the seconds to wait after ``tries`` tries: doubling, with a tenth of jitter."""
        jitter = 1 + random.random() / 10  # noqa: S311 - spreads requests, guards nothing
        return float(min(self.first_pause_seconds * 2 ** (tries - 1), self.longest_pause_seconds)) * jitter


class Request(Struct, frozen=True, kw_only=True):
    """What is asked for.

    ``ends`` is a moment of its own on the monotonic clock, in place of the cluster's deadline; ``most`` are the bytes
    that the answer may have, packed and unpacked.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    accept: str = "application/json"
    body: bytes | None = None
    content_type: str = "application/json"
    ends: float | None = None
    most: int = SMALL

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path
