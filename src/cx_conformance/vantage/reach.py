"""The way from here to a pod's port: straight inside the cluster, else through a tunnel over the API server."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cx_conformance.cluster.pod import Pod

if TYPE_CHECKING:
    from cx_conformance.cluster.client import Cluster
    from cx_conformance.cluster.tunnel import Tunnel

DIRECT: Final = "direct"
TUNNEL: Final = "port-forward"
EXEC: Final = "exec"


@dataclass(frozen=True, slots=True)
class Way:
    """How one port of one pod is reached."""

    pod: Pod
    port: int
    connect_to: tuple[str, int]
    tunnel: "Tunnel | None" = None

    @property
    def vantage(self) -> str:
        """Return where the probe stands, as outcomes name it."""
        return TUNNEL if self.tunnel else DIRECT

    def why_closed(self) -> str | None:
        """Return what the tunnel knows of the last connection that failed; None where there is nothing to tell."""
        return self.tunnel.trouble.words if self.tunnel and self.tunnel.trouble else None

    def raise_trouble(self) -> None:
        """Raise the CouldNotLook that kept the tunnel from looking, if there is one."""
        if self.tunnel:
            self.tunnel.raise_trouble()


class Reach:
    """Ways to pods, for the length of a run."""

    def __init__(self, cluster: "Cluster") -> None:
        """Reach pods from where ``cluster`` is asked."""
        from cx_conformance.cluster.tunnel import Tunnels

        self._inside = cluster.vantage == "in-cluster"
        self._tunnels = Tunnels(cluster.configuration)

    @property
    def vantage(self) -> str:
        """Return where probes of pods stand."""
        return DIRECT if self._inside else TUNNEL

    def to(self, pod: Pod, port: int) -> Way:
        """Return the way to ``port`` of ``pod``."""
        if self._inside:
            return Way(pod, port, (pod.ip, port))
        tunnel = self._tunnels.open(pod.namespace, pod.name, port)
        return Way(pod, port, tunnel.address, tunnel)

    def close(self) -> None:
        """End every tunnel."""
        self._tunnels.close()
