"""The way from here to a pod's port: straight inside the cluster, else through a tunnel over the API server."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cx_conformance.cluster.pod import Pod
from cx_conformance.cluster.traffic import kept_out
from cx_conformance.outcome.looking import NoVantage

if TYPE_CHECKING:
    from cx_conformance.cluster.client import Cluster
    from cx_conformance.cluster.seen import Seen
    from cx_conformance.cluster.tunnel import Tunnel

DIRECT: Final = "direct"
TUNNEL: Final = "port-forward"
EXEC: Final = "exec"

OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
OWN_LABELS: Final = {"app.kubernetes.io/name": "cx-conformance"}
"""The labels of the run's own pod, as deploy/ makes it; the account need not be allowed to look at itself."""


@dataclass(frozen=True, slots=True)
class Way:
    """How one port of one pod is reached."""

    pod: Pod
    port: int
    connect_to: tuple[str, int]
    tunnel: "Tunnel | None" = None
    barrier: Callable[[], str | None] = lambda: None
    """Says which NetworkPolicies keep the run itself from there; asked only where nothing answers."""

    @property
    def vantage(self) -> str:
        """Return where the probe stands, as outcomes name it."""
        return TUNNEL if self.tunnel else DIRECT

    def why_closed(self) -> str | None:
        """Return what the tunnel knows of the last connection that failed; None where there is nothing to tell."""
        return self.tunnel.trouble.words if self.tunnel and self.tunnel.trouble else None

    def raise_trouble(self) -> None:
        """Raise the CouldNotLook that kept the tunnel, or the run itself, from looking, if there is one.

        A pod that lets in whom it serves, and not the auditor, is not dead.
        """
        if self.tunnel:
            self.tunnel.raise_trouble()
        elif words := self.barrier():
            raise NoVantage(
                f"port {self.port} of pod {self.pod.where} does not answer, and the run's own pod may not reach it:"
                f" {words}; let the run's namespace in"
            )


class Reach:
    """Ways to pods, for the length of a run."""

    def __init__(self, cluster: "Cluster", seen: "Seen") -> None:
        """Reach pods of ``seen`` from where ``cluster`` is asked."""
        from cx_conformance.cluster.tunnel import Tunnels

        self._inside = cluster.vantage == "in-cluster"
        self._tunnels = Tunnels(cluster.configuration)
        self._seen = seen

    @property
    def vantage(self) -> str:
        """Return where probes of pods stand."""
        return DIRECT if self._inside else TUNNEL

    def to(self, pod: Pod, port: int) -> Way:
        """Return the way to ``port`` of ``pod``."""
        if self._inside:
            return Way(pod, port, (pod.ip, port), barrier=lambda: self._barrier(pod, port))
        tunnel = self._tunnels.open(pod.namespace, pod.name, port)
        return Way(pod, port, tunnel.address, tunnel)

    def close(self) -> None:
        """End every tunnel."""
        self._tunnels.close()

    def _barrier(self, pod: Pod, port: int) -> str | None:
        with suppress(OSError):
            return kept_out(self._seen, OWN_NAMESPACE.read_text().strip(), OWN_LABELS, pod, port)
        return None
