"""All live probes of a run, started at once: the run takes as long as the slowest of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.vantage.answers import HealthProbes
from cx_conformance.vantage.callers import EdgeProbes
from cx_conformance.vantage.logins import StoreProbes
from cx_conformance.vantage.reach import Reach

if TYPE_CHECKING:
    from cx_conformance.cluster.client import Cluster

_AT_ONCE: Final = 64
"""Threads; they wait nearly all of their time."""


class LiveProbes:
    """Health, edges and stores."""

    def __init__(self, cluster: "Cluster", seen: Seen, folder: Path) -> None:
        """Start everything; ``folder`` is the site file's, against which its file references count."""
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="probe")
        self._reach = Reach(cluster)
        self._references = References(cluster, folder)
        # Stores first: their clients take longest to import, and hanging ones longest to give up.
        self.stores = StoreProbes(seen, self._reach, self._references, self._pool)
        self.edges = EdgeProbes(cluster, seen, self._pool)
        self.health = HealthProbes(seen, self._reach, self._pool)

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """Return every secret value that was read, for reports to be scrubbed of."""
        return tuple(self._references.read)

    def close(self) -> None:
        """End every probe and tunnel."""
        self._reach.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
