"""The way from here to a pod's port: straight inside the cluster, else through a tunnel over the API server."""

import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.cluster.mesh import proxy_of
from cx_conformance.cluster.traffic import kept_out
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import CouldNotLook, NoVantage, OutOfTime
from cx_conformance.probes.container_view import ViewQuestion
from cx_conformance.vantage.inquiries import Inquiries

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.api.tunnel import Tunnel
    from cx_conformance.cluster.seen import Seen

DIRECT: Final = "direct"
TUNNEL: Final = "port-forward"
EXEC: Final = "exec"

OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
OWN_LABELS: Final = {"app.kubernetes.io/name": "cx-conformance"}
"""The labels of the run's own pod, as deploy/ makes it; the account need not be allowed to look at itself."""

_CONNECT_SECONDS: Final = 3.0
_INSIDE_SECONDS: Final = 5.0
"""For a look at what listens in a pod whose port a tunnel finds closed."""


class Way(Struct, frozen=True):
    """How one port of one pod is reached."""

    pod: Pod
    port: int
    connect_to: tuple[str, int]
    tunnel: "Tunnel | None" = None
    barrier: Callable[[], str | None] = lambda: None
    """Says what keeps the run itself from there, in a sentence; asked only where nothing answers."""
    mesh: Callable[[], str | None] = lambda: None
    """Says what mesh may have turned the run away behind an open port; asked only where no answer came."""

    @property
    def vantage(self) -> str:
        """Return where the probe stands, as outcomes name it."""
        return TUNNEL if self.tunnel else DIRECT

    def why_closed(self) -> str | None:
        """Return what the tunnel knows of the last connection that failed; None where there is nothing to tell."""
        return self.tunnel.trouble.words if self.tunnel and self.tunnel.trouble else None

    @property
    def disturbances(self) -> int:
        """How many connections failed between here and the pod's node, which says nothing of the pod."""
        return self.tunnel.disturbances if self.tunnel else 0

    def raise_trouble(self, *, silent: bool = True) -> None:
        """Raise the CouldNotLook that kept the tunnel, or the run itself, from looking, if there is one.

        Not ``silent`` is what the pod's side has ended, be it without a word.

        A pod that lets in whom it serves, and not the auditor, is not dead; nor is one that does not listen on the
        loopback, where tunnels come out, or that has a network of its own, which they do not enter.
        """
        if self.tunnel:
            self.tunnel.raise_trouble(silent=silent)
        if (self.tunnel is None or self.tunnel.trouble) and (words := self.barrier()):
            raise NoVantage(words)
        if not silent:
            self.raise_for_mesh()

    @property
    def meets_a_mesh(self) -> bool:
        """Whether a mesh's proxy takes the connections, all of them, before what runs in the pod."""
        return self.tunnel is None and bool(proxy_of(self.pod))

    def raise_for_mesh(self) -> None:
        """Raise NoVantage where a mesh's proxy accepts for a pod that listens, and lets in only who is in the mesh."""
        if words := self.mesh():
            raise NoVantage(words)


class Reach:
    """Ways to pods, for the length of a run."""

    def __init__(self, cluster: "Cluster", seen: "Seen", inquiries: Inquiries) -> None:
        """Reach pods of ``seen`` from where ``cluster`` is asked; ``inquiries`` look into those found closed."""
        from cx_conformance.api.tunnel import Tunnels

        self._inside = cluster.vantage == "in-cluster"
        self._tunnels = Tunnels(cluster.configuration, tally=cluster.tally, renewed=cluster.renewed)
        self._seen = seen
        self._inquiries = inquiries

    @property
    def vantage(self) -> str:
        """Return where probes of pods stand."""
        return DIRECT if self._inside else TUNNEL

    def to(self, pod: Pod, port: int) -> Way:
        """Return the way to ``port`` of ``pod``."""
        if self._inside:
            return Way(
                pod,
                port,
                (pod.ip, port),
                barrier=lambda: self._barrier(pod, port),
                mesh=lambda: self._before_mesh(pod, port),
            )
        tunnel = self._tunnels.open(pod.namespace, pod.name, port)
        return Way(pod, port, tunnel.address, tunnel, barrier=lambda: self._beside_loopback(pod, port))

    def close(self) -> None:
        """End every tunnel."""
        self._tunnels.close()

    def _barrier(self, pod: Pod, port: int) -> str | None:
        with suppress(OSError):
            policies = kept_out(self._seen, OWN_NAMESPACE.read_text().strip(), OWN_LABELS, pod, port)
            if policies:
                return (
                    f"port {port} of pod {pod.where} does not answer, and the run's own pod may not reach it:"
                    f" {policies}; let the run's namespace in"
                )
        return None

    def _before_mesh(self, pod: Pod, port: int) -> str | None:
        """Say that a mesh's proxy took the connection, and the pod listens behind it; None where it is not so."""
        proxy = proxy_of(pod)
        if not proxy or not _accepts(pod.ip, port):
            return None
        heard = None
        with suppress(OutOfTime):
            heard = self._heard(pod, port)
        if heard is not None and not heard:
            return None
        return (
            f"port {port} of pod {pod.where} gives the run's own pod no answer, and a mesh's proxy ({proxy}) stands "
            f"before it, {'behind which the pod listens, ' if heard else ''}which may let in only who is in the mesh "
            "(Istio: mutual TLS STRICT); take the run's namespace into the mesh, or run from outside the cluster, by "
            "port-forward, which comes out behind the proxy"
        )

    def _heard(self, pod: Pod, port: int) -> set[IPv4Address | IPv6Address] | None:
        """Return at which addresses a pod listens on a port; None where that is not seen, OutOfTime where not in time.

        Containers of a pod share its network; a mesh's has no shell.
        """
        for container in pod.spec.serving_containers:
            place = ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container.name)
            try:
                sockets = self._inquiries.ask(place, ViewQuestion()).result(_INSIDE_SECONDS).sockets
            except OutOfTime:
                raise
            except CouldNotLook:
                continue
            return {one.plain for one in sockets if one.port == port}
        return None

    def _beside_loopback(self, pod: Pod, port: int) -> str | None:
        """Say that something listens on a port where a tunnel does not come out; None where that is not seen."""
        try:
            heard = self._heard(pod, port)
        except OutOfTime:
            return (
                f"port {port} of pod {pod.where} is closed on its loopback, where port-forward comes out, and "
                f"whether it is open elsewhere was not known within {_INSIDE_SECONDS:g} s"
            )
        return _beyond_tunnels(pod, port, heard) if heard is not None else None


def _accepts(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _beyond_tunnels(pod: Pod, port: int, heard: set[IPv4Address | IPv6Address]) -> str | None:
    """Say that a port is listened on at ``heard``, of which a tunnel that found it closed knows nothing."""
    own = sorted({str(one) for one in heard} & set(pod.ips))
    if own:
        return (
            f"port {port} of pod {pod.where} is listened on at {', '.join(own)} only, and not on the pod's "
            "loopback, where port-forward comes out; run cx-conformance inside the cluster"
        )
    # A kernel of the pod's own has its network, too, and the node's runtime dials in the namespace outside of it:
    # https://github.com/kata-containers/kata-containers/issues/10843, https://github.com/google/gvisor/issues/3811
    if everywhere := sorted(str(one) for one in heard if one.is_unspecified):
        return (
            f"port {port} of pod {pod.where} is closed where port-forward comes out, and the pod listens on it at "
            f"{', '.join(everywhere)}: port-forward does not enter its network, as with Kata Containers and gVisor "
            "(runtimeClassName); run cx-conformance inside the cluster"
        )
    return None
