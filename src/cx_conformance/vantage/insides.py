"""What only the inside of a container shows, looked at by exec in every ready pod: mounts, and what listens."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.blueprint.component import ContainerPort, Volume
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes.container_view import ContainerView, PathQuestion, PathView, ViewQuestion
from cx_conformance.probes.sockets import ListeningSocket
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.pool import Pending

if TYPE_CHECKING:
    from testinfra.host import Host  # type: ignore[import-untyped] # publishes no types


class PodMount(Struct, frozen=True):
    """Whether a volume that a container of the pod is to have at ``path`` is really mounted there."""

    pod: Pod
    container: str
    path: str
    mounted: bool
    shows_mounts: bool
    """Whether the container shows at least what the kubelet mounts into every one."""
    read_only: bool = False
    """Whether it takes no writes, although it is a claim that the pod's own spec lets the container write to."""
    size: int | None = None
    """Of a claim: how large its file system is, in KiB; None where that is not told."""
    left: int | None = None
    """What of it is left."""


class PodSockets(Struct, frozen=True):
    """What listens in a pod's network."""

    pod: Pod
    sockets: tuple[ListeningSocket, ...]

    def listening(self, port: int) -> tuple[str, ...]:
        """Return the addresses on which something listens on ``port``, those that other pods reach or else all."""
        found = [one for one in self.sockets if one.port == port]
        outside = [one for one in found if self._reached(one)]
        return tuple(sorted({str(one.plain) for one in outside or found}))

    def reachable(self, port: int) -> bool:
        """Whether other pods reach what listens on ``port``."""
        return any(one.port == port and self._reached(one) for one in self.sockets)

    def _reached(self, one: ListeningSocket) -> bool:
        """Whether it listens on every address or on one of the pod's own, be that what it may, not on loopback only."""
        return not one.only_loopback or str(one.plain) in self.pod.ips


class InsideProbes:
    """What containers show of themselves; each is looked into once, for all that is asked of it."""

    def __init__(self, seen: Seen, inquiries: Inquiries) -> None:
        """Look into pods of the plan of ``seen``, by questions among all ``inquiries``."""
        self._seen = seen
        self._inquiries = inquiries

    def start_mounts(self, entry: Entry[Volume]) -> None:
        """Look into the containers that are to mount a volume, at once for the other volumes of its component."""
        volumes = [one for one in self._seen.plan.entries("volume") if one.component == entry.component]
        with suppress(CouldNotLook, Absent), self._inquiries.together():
            for pod in self._ready(entry.planned):
                for one in volumes:
                    for container, paths in self._promised(one, pod).items():
                        self._into(pod, container)
                        for path in paths:
                            self._real(pod, container, path)

    def start_sockets(self, entry: Entry[ContainerPort]) -> None:
        """Look into the pods that are to listen on a port."""
        with suppress(CouldNotLook, Absent):
            for pod in self._ready(entry.planned):
                self._into(pod, self._seen.container(entry.planned).name)

    def mounts(self, entry: Entry[Volume]) -> tuple[PodMount, ...]:
        """Return of each ready pod whether it has the volume mounted; empty where no container is to mount it.

        Raises Absent where the workload is, CouldNotLook.
        """
        self.start_mounts(entry)
        return tuple(
            self._mount(pod, container, path)
            for pod in self._ready(entry.planned)
            for container, paths in self._promised(entry, pod).items()
            for path in paths
        )

    def sockets(self, entry: Entry[ContainerPort]) -> tuple[PodSockets, ...]:
        """Return what listens in each ready pod; raises Absent where the workload is, CouldNotLook."""
        self.start_sockets(entry)
        container = self._seen.container(entry.planned).name
        return tuple(PodSockets(pod, self._into(pod, container).result().sockets) for pod in self._ready(entry.planned))

    def hosts(self, planned: Planned) -> "tuple[Host, ...]":
        """Return the component's container in each ready pod as a host of testinfra, for checks of one's own.

        Each property that is asked of a host is an exec of its own. Raises Absent where the workload is, CouldNotLook.
        """
        from cx_conformance.probes.inside import inside

        container = self._seen.container(planned).name
        return tuple(inside(self._inquiries.run_exec, _place(pod, container)) for pod in self._ready(planned))

    def _into(self, pod: Pod, container: str) -> Pending[ContainerView]:
        return self._inquiries.ask(_place(pod, container), ViewQuestion())

    def _real(self, pod: Pod, container: str, path: str) -> Pending[PathView]:
        return self._inquiries.ask(_place(pod, container), PathQuestion(path))

    def _mount(self, pod: Pod, container: str, path: str) -> PodMount:
        view = self._into(pod, container).result()
        told = self._real(pod, container, path).result() if view.shows_mounts else PathView(real=path)
        at = path if path in view.mount_points else told.real
        if at not in view.mount_points:
            return PodMount(pod, container, path, mounted=False, shows_mounts=view.shows_mounts)
        seen = PodMount(pod, container, path, mounted=True, shows_mounts=view.shows_mounts)
        if not self._is_written_to(pod, container, path):
            return seen
        return replace(seen, read_only=at in view.read_only, size=told.size, left=told.left)

    def _is_written_to(self, pod: Pod, container: str, path: str) -> bool:
        """Whether the pod's own spec has a claim at ``path`` that the container may write to."""
        mounted = {
            mount.name
            for one in pod.spec.serving_containers
            if one.name == container
            for mount in one.volume_mounts
            if not mount.read_only and (mount.mount_path.rstrip("/") or "/") == path
        }
        return any(
            volume.name in mounted and not volume.read_only and not self._is_only_read(pod.namespace, reference.name)
            for volume in pod.spec.volumes
            for reference in volume.references
            if reference.kind == "PersistentVolumeClaim"
        )

    def _is_only_read(self, namespace: str, name: str) -> bool:
        """Whether a claim is one that nobody may write to (``ReadOnlyMany``)."""
        with suppress(CouldNotLook):
            claim = self._seen.snapshot.get(PersistentVolumeClaim, namespace, name)
            return claim is not None and set(claim.access_modes) == {"ReadOnlyMany"}
        return False

    def _promised(self, entry: Entry[Volume], pod: Pod) -> Mapping[str, Sequence[str]]:
        """Return by container the paths at which the pod's own spec has the volume."""
        promised = entry.of.mount_path
        claimed = self._seen.claims(entry.planned)
        found: dict[str, list[str]] = {}
        for container in pod.spec.serving_containers:
            for mount in container.volume_mounts:
                path = mount.mount_path.rstrip("/") or "/"
                if path == promised.rstrip("/") if promised else mount.name in claimed:
                    found.setdefault(container.name, []).append(path)
        return found

    def _ready(self, planned: Planned) -> list[Pod]:
        try:
            pods = [pod for pod in self._seen.pods(planned) if pod.ready]
        except Absent as absent:
            raise NoVantage(f"no pod of {planned.id} to look into: {absent}") from None
        if not pods:
            raise NoVantage(f"no ready pod of {planned.id} to look into")
        return pods


def _place(pod: Pod, container: str) -> ContainerPlace:
    return ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container)
