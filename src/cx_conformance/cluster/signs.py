"""What in a snapshot says which release is installed: names, labels, image tags, objects that only some have."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.fingerprints import MARKS, OWN, VERSIONED_CHART, release_of_tag
from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.helm import by_helm
from cx_conformance.objects.pod_spec import Container
from cx_conformance.objects.workload import Workload

_CHART: Final = "helm.sh/chart"
_MANIFESTS: Final = "ef-"
"""What the vendor's manifests put before a component's name."""


class OwnWorkload(Struct, frozen=True):
    """A workload that runs one of the vendor's own components, and what its image tag says."""

    component: str
    live: Workload
    tag: str
    release: str | None
    """The release that the tag is of; None: it says none."""

    @property
    def charted(self) -> bool:
        """Whether a chart made it, by its labels, else by its name."""
        return by_helm(self.live) or self.live.name != f"{_MANIFESTS}{self.component}"


class Signs(Struct, frozen=True, kw_only=True):
    """What was found."""

    own: tuple[OwnWorkload, ...]
    marks: frozenset[str]
    """Which of ``fingerprints.MARKS`` are there."""
    charts_release: str | None
    """The release that the broker's chart is of."""

    @property
    def tags(self) -> Counter[str]:
        """How many components' image tags say each release."""
        return Counter(one.release for one in self.own if one.release)


def signs(snapshot: Snapshot) -> Signs:
    """Return what the workloads and ConfigMaps of the platform's namespaces say; what may not be seen says nothing."""
    seen = [
        one
        for record in WORKLOADS.values()
        for one in (snapshot.listings[record].records if record in snapshot.listings else ())
        if isinstance(one, Workload) and one.namespace in snapshot.namespaces
    ]
    own: dict[tuple[str, str], OwnWorkload] = {}
    for live in seen:
        component = _own(live.name)
        if component and live.kind in {"Deployment", "StatefulSet"}:
            tag = tag_of(_main(component, live.template.spec.containers))
            own[live.namespace, component] = OwnWorkload(component, live, tag, release_of_tag(tag))
    return Signs(
        own=tuple(own.values()),
        marks=frozenset(_marks(seen, own.values(), snapshot)),
        charts_release=next(filter(None, map(_charts_release, seen)), None),
    )


def _own(name: str) -> str | None:
    """Return the vendor's own component that a workload of this name runs, by the pattern of charts and manifests."""
    parts = name.split("-")
    endings = ("-".join(parts[at:]) for at in range(len(parts)))
    return next((one for one in endings if one in OWN), None)


def _main(component: str, containers: Iterable[Container]) -> Container | None:
    """Return the component's own container: the one of its name, else the first whose tag says a release."""
    listed = list(containers)
    named = [one for one in listed if one.name == component]
    telling = [one for one in listed if release_of_tag(tag_of(one))]
    return next(iter(named or telling or listed), None)


def tag_of(container: Container | None) -> str:
    """Return the tag of a container's image; empty where it has none."""
    image = container.image.partition("@")[0] if container else ""
    return image.rpartition("/")[2].partition(":")[2]


def _charts_release(live: Workload) -> str | None:
    chart = live.labels.get(_CHART, "")
    name, _, version = chart.partition("-")
    return release_of_tag(version) if name == VERSIONED_CHART else None


def _marks(seen: Iterable[Workload], own: Iterable[OwnWorkload], snapshot: Snapshot) -> Iterable[str]:
    """Give the marks that are there."""
    charted = {one.component: one.live for one in own if one.charted}
    names = {live.name for live in seen}
    if any(name.endswith(("apisix-data-plane", "apisix-ingress-controller")) for name in names):
        yield "apisix objects"
    listed = snapshot.listings.get(ConfigMap)
    maps = [one for one in listed.records if isinstance(one, ConfigMap)] if listed else []
    if any("apisix.yaml" in one.keys for one in maps if one.namespace in snapshot.namespaces):
        yield "apisix file"
    yield from (one for one in MARKS if one in charted)
    manager = charted.get("conversation-manager")
    if manager and any("conversation-controller" in one.image for one in manager.template.spec.containers[1:]):
        yield "conversation-controller"
    if "cx-tenant" in charted and any(
        reference.name.endswith("-approle-secret") and reference.name != "vault-approle-secret"
        for live in charted.values()
        for container in live.template.spec.containers
        for reference in container.env_from
    ):
        yield "approles of 5"
