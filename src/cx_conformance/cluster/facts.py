"""What reports say about the cluster."""

from typing import TYPE_CHECKING

from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.ingress import IngressClass
from cx_conformance.objects.service import Service
from cx_conformance.objects.storage import StorageClass
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.record import ClusterFacts

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster


def facts_of(snapshot: Snapshot, cluster: "Cluster | None", seen: Seen) -> ClusterFacts:
    """Sum up a snapshot; ``cluster`` is None when it was read from a file."""
    identity = snapshot.identity
    tally = cluster.tally if cluster else None
    try:
        default = next((one.name for one in snapshot.visible(StorageClass) if one.is_default), "")
        classes = snapshot.visible(IngressClass)
        services = snapshot.visible(Service)
    except CouldNotLook:
        default, classes, services = "", (), ()
    return ClusterFacts(
        server=cluster.server if cluster else "",
        context=cluster.context if cluster else "",
        uid=identity.uid,
        version=identity.version,
        distribution=identity.distribution.name,
        nodes=len(identity.kubelet_versions),
        storage_class=default,
        ingress_classes=tuple(one.name for one in classes),
        ingress_controllers=tuple(dict.fromkeys(one.controller for one in classes if one.controller)),
        load_balancers=tuple(
            f"{one.namespace}/{one.name}: {', '.join(one.load_balancer) or 'no address yet'}"
            for one in services
            if one.type == "LoadBalancer"
        ),
        vantage=cluster.vantage if cluster else "snapshot",
        requests=max(snapshot.requests, tally.total if tally else 0),
        execs=tally.execs if tally else 0,
        port_forwards=tally.port_forwards if tally else 0,
        retries=max(sum(snapshot.retries.values()), sum(tally.retries.values()) if tally else 0),
        seconds=snapshot.seconds,
        cautions=cluster.cautions if cluster else (),
        images=_images(seen),
    )


def _images(seen: Seen) -> dict[str, tuple[str, ...]]:
    images: dict[str, tuple[str, ...]] = {}
    for planned in seen.plan.components.values():
        try:
            pods = seen.pods(planned)
        except (Absent, CouldNotLook):
            continue
        running = {status.image_id for pod in pods for status in pod.statuses if status.role == "container"}
        images[planned.id] = tuple(sorted(one for one in running if one))
    return images
