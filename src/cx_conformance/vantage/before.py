"""What is looked at by more than the API before anything is installed; each is looked at when it is asked for, once."""

from typing import TYPE_CHECKING

from cx_conformance.cluster.seen import Seen
from cx_conformance.vantage.entrance import Entrance
from cx_conformance.vantage.host_name import HostName, look_at_host_name
from cx_conformance.vantage.pool import Pending, ProbePool

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster


class BeforeProbes:
    """The host name; nothing else is there to be asked yet."""

    def __init__(self, cluster: "Cluster", seen: Seen, entrance: Entrance, pool: ProbePool) -> None:
        """Look for an installation at the host name of ``seen``, through ``entrance``."""
        self._seen = seen
        self._entrance = entrance
        self._pool = pool
        self.inside = cluster.vantage == "in-cluster"
        """Whether the run stands in a pod of the cluster."""
        self._host_name: Pending[HostName] | None = None

    def host_name(self, host: str) -> HostName:
        """Return where ``host`` leads, and who answers there; raises CouldNotLook."""
        if self._host_name is None:
            self._host_name = self._pool.submit(
                lambda: look_at_host_name(host, self._entrance, self._seen.snapshot, inside=self.inside)
            )
        return self._host_name.result()
