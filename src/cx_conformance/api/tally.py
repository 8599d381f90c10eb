"""How much was asked of the API server, and how often it had to be asked again."""

from collections import Counter
from threading import Lock


class Tally:
    """Counts requests by verb and path template, and retries by reason; threads may count at once."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[str] = Counter()

    def count_request(self, verb: str, template: str) -> None:
        """Count one request that was sent, whatever came of it."""
        with self._lock:
            self._requests[verb, template] += 1

    def count_retry(self, reason: str) -> None:
        """Count one request that is about to be sent again because of ``reason`` (``429``, ``connection`` ...)."""
        with self._lock:
            self._retries[reason] += 1

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
    def total(self) -> int:
        """All requests together, retries included."""
        with self._lock:
            return self._requests.total()
