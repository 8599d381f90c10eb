"""What an engineer has allowed a run to write to the cluster, and what it wrote."""

import re
from collections import Counter
from threading import Lock

from msgspec import Struct, field


class Consent(Struct):
    """Images by which probe pods and debug containers may be made (None: they may not), for a whole run."""

    probe_image: str | None = None
    debug_image: str | None = None
    _told: dict[str, str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def __bool__(self) -> bool:
        """Whether anything may be written."""
        return bool(self.probe_image or self.debug_image)

    def tell(self, what: str, words: str) -> None:
        """Say in ``words`` what was written; what is said last of ``what`` counts."""
        with self._lock:
            self._told[what] = words

    def forget(self, what: str) -> None:
        """Say nothing of ``what``: it was not written after all."""
        with self._lock:
            self._told.pop(what, None)

    def count(self, what: str) -> int:
        """Count one more of ``what``, and return which it is: 1 is the first."""
        with self._lock:
            self._counts[what] += 1
            return self._counts[what]

    def about(self, pod: str) -> tuple[str, ...]:
        """Return what was written for the sake of a pod, ``namespace/name``."""
        return tuple(one for one in self.written if re.search(rf"(?<!\S){re.escape(pod)}(?![\w.-])", one))

    @property
    def written(self) -> list[str]:
        """Return a sentence for each thing that was written, in order."""
        with self._lock:
            return list(self._told.values())
