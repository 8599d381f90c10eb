"""What a blueprint is captured from: workloads, Services and routes of some namespaces, and whose each Service is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct, field

from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.routing import Routing
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.ingress import Ingress, IngressClass
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.service import Service
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.objects.workload import CronJob, DaemonSet, Deployment, StatefulSet, Workload
from cx_conformance.outcome.looking import CouldNotLook, NotServed

NEEDED: Final[tuple[type[ApiObject], ...]] = (
    *(Deployment, StatefulSet, DaemonSet, CronJob),
    *(Service, ConfigMap, PersistentVolumeClaim, Ingress),
)
"""Kinds without which a captured blueprint would silently promise less."""
CAPTURED: Final[tuple[type[ApiObject], ...]] = (*NEEDED, IngressClass, ApisixRoute)
_AS_PROMISED: Final[tuple[type[ApiObject], ...]] = (DaemonSet, CronJob)
"""Kinds that a snapshot is taken with only where some of them are promised."""


def not_taken(snapshot: Snapshot) -> list[str]:
    """Return what a snapshot was taken without, in sentences: a capture goes on, and says so."""
    return [
        f"{kind.__name__}s: the snapshot was taken without them; a capture of the cluster itself looks at them"
        for kind in _AS_PROMISED
        if kind not in snapshot.listings
    ]


def not_looked_at(snapshot: Snapshot, namespaces: Iterable[str]) -> list[str]:
    """Return why what a capture needs could not be looked at; empty where everything was."""
    lacking: dict[str, None] = {}
    for namespace in namespaces:
        for kind in NEEDED:
            if kind in _AS_PROMISED and kind not in snapshot.listings:
                continue
            try:
                snapshot.list(kind, namespace)
            except NotServed:
                continue
            except CouldNotLook as reason:
                lacking[str(reason)] = None
    return list(lacking)


class Gathered(Struct, frozen=True, dict=True):
    """What a capture is made of; ``left_out`` collects, in sentences, what was seen and is not promised."""

    snapshot: Snapshot
    namespaces: Sequence[str]
    whole: bool
    """Whether what was not seen does not exist: in a cluster it does not, beside manifests it may."""
    left_out: dict[str, None] = field(default_factory=dict)

    def leave_out(self, words: str) -> None:
        """Remember what is not promised, and why; once."""
        self.left_out[words] = None

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Every workload that no other workload makes, by namespace and name."""
        taken = [kind for kind in WORKLOADS.values() if kind in self.snapshot.listings]
        found = [one for kind in taken for one in self._listed(kind) if isinstance(one, Workload)]
        kinds = {one.kind for one in found}
        kept = []
        for one in found:
            if one.deleted is not None:
                self.leave_out(f"{one.kind} {one.where} is being deleted")
            elif one.owner is None or one.owner.kind not in kinds:
                kept.append(one)
        order = {namespace: number for number, namespace in enumerate(self.namespaces)}
        return tuple(sorted(kept, key=lambda one: (order[one.namespace], one.name, one.kind)))

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """Every Service."""
        return tuple(one for one in self._listed(Service) if isinstance(one, Service))

    @cached_property
    def routing(self) -> Routing:
        """The Ingress rules."""
        return Routing(self.snapshot, self.namespaces)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Every path of every Ingress that leads to a Service; a canary shares another's."""
        return tuple(
            one for one in self.routing.all if not one.ingress.is_canary and not self.routing.leads_to_gateway(one)
        )

    @cached_property
    def selected(self) -> Mapping[tuple[str, str], tuple[Workload, ...]]:
        """By a Service's namespace and name: whose pods it selects; a CronJob's only where nothing else serves."""
        by_namespace: dict[str, list[Workload]] = defaultdict(list)
        for one in self.workloads:
            by_namespace[one.namespace].append(one)
        found = {}
        for service in self.services:
            every = tuple(one for one in by_namespace[service.namespace] if service.selects(one.template.labels))
            serving = tuple(one for one in every if not isinstance(one, CronJob))
            found[service.namespace, service.name] = serving or every
        return found

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """Return the Services that select the workload's pods, and no other's."""
        return tuple(one for one in self.services if self.selected[one.namespace, one.name] == (workload,))

    def _listed(self, kind: type[ApiObject]) -> Iterator[ApiObject]:
        for namespace in self.namespaces:
            try:
                yield from self.snapshot.list(kind, namespace)
            except NotServed:
                continue
