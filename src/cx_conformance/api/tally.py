"""How much was asked of the API server, and how often it had to be asked again.

Requests are what is sent and answered; an exec and a port-forward are an upgrade each, and are counted for themselves.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from threading import Lock


class Tally:
    """Counts requests by verb and path template, upgrades by what they open, retries by reason; for several threads."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._upgrades: Counter[str] = Counter()
        self._retries: Counter[str] = Counter()

    def count_request(self, verb: str, template: str) -> None:
        """Count one request that was sent, whatever came of it."""
        with self._lock:
            self._requests[verb, template] += 1

    def count_upgrade(self, subresource: str) -> None:
        """Count one ``exec`` or ``portforward`` that was asked for, whatever came of it."""
        with self._lock:
            self._upgrades[subresource] += 1

    def count_retry(self, reason: str) -> None:
        """Count one request that is about to be sent again because of ``reason`` (``429``, ``connection`` ...)."""
        with self._lock:
            self._retries[reason] += 1

    def counts(self) -> dict[str, list[tuple[str, str, int]]]:
        """Return all counts in plain words and numbers, for another process to ``add``."""
        with self._lock:
            return {
                "requests": [(verb, template, times) for (verb, template), times in self._requests.items()],
                "upgrades": [(subresource, "", times) for subresource, times in self._upgrades.items()],
                "retries": [(reason, "", times) for reason, times in self._retries.items()],
            }

    def add(self, counts: Mapping[str, Iterable[tuple[str, str, int]]]) -> None:
        """Count what another process has counted."""
        with self._lock:
            for verb, template, times in counts["requests"]:
                self._requests[verb, template] += times
            for subresource, _, times in counts["upgrades"]:
                self._upgrades[subresource] += times
            for reason, _, times in counts["retries"]:
                self._retries[reason] += times

    @property
    def requests(self) -> dict[tuple[str, str], int]:
        """Requests by (method, path template); a copy."""
        with self._lock:
            return dict(self._requests)

    @property
    def retries(self) -> dict[str, int]:
        """Retries by reason; a copy."""
        with self._lock:
            return dict(self._retries)

    @property
    def execs(self) -> int:
        """How many execs were asked for."""
        with self._lock:
            return self._upgrades["exec"]

    @property
    def port_forwards(self) -> int:
        """How many sessions of port-forward were asked for; each may carry many connections."""
        with self._lock:
            return self._upgrades["portforward"]

    @property
    def total(self) -> int:
        """All requests together, retries included, upgrades not."""
        with self._lock:
            return self._requests.total()
