"""The snapshot in the blueprint's words: the live object of each promise, and how it was recognised.

A name is looked up through an ordered list of candidates (documented, aliases, the site's template) in an ordered list
of namespaces. After those, an object of a Helm release is recognised when its labels and its name agree on being the
chart's: ``<instance>-<chart>``. Labels alone prove nothing: a renamed object keeps them.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, Generic, Literal, TypeVar

from cx_conformance.blueprint.component import Group, Kind
from cx_conformance.blueprint.component import Ingress as PromisedIngress
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.claims import claims_of
from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.ports import ReadyEndpoint, ready_endpoints
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.routing import Routing
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.config import is_generated_from
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import Container, PodSpec
from cx_conformance.objects.service import Service, ServicePort
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook, NotServed

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=ApiObject)

_CHART: Final = "app.kubernetes.io/name"
_INSTANCE: Final = "app.kubernetes.io/instance"


class Absent(AssertionError):  # noqa: N818 - an outcome, not a bug
    """What is promised does not exist; the text says what was looked for, and what comes close to it."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T_co]):
    """A live object, and a note where it is not the documented one."""

    object: T_co
    note: str | None = None


class Seen:
    """Finds the live objects of a plan in a snapshot; remembers what it found."""

    def __init__(self, snapshot: Snapshot, plan: Plan, fqdn: str | None = None) -> None:
        """Look into ``snapshot`` for what ``plan`` names; ``fqdn`` is the platform's host name where it is known."""
        self.snapshot = snapshot
        self.plan = plan
        self.fqdn = fqdn
        self._workloads: dict[str, Found[Workload] | Absent] = {}
        self._services: dict[str, Found[Service] | Absent] = {}
        self._pods: dict[str, tuple[Pod, ...]] = {}

    def workload(self, planned: Planned) -> Found[Workload]:
        """Return the component's workload, of whatever kind; raises Absent, or CouldNotLook."""
        if planned.id not in self._workloads:
            self._workloads[planned.id] = self._find_workload(planned)
        return _given(self._workloads[planned.id])

    @property
    def lacks_workload(self) -> bool:
        """Whether the workload of some component was not found; False where that could not be looked at."""
        for planned in self.plan.components.values():
            try:
                self.workload(planned)
            except Absent:
                return True
            except CouldNotLook:
                continue
        return False

    def service(self, planned: Planned) -> Found[Service]:
        """Return the component's Service; raises Absent, or CouldNotLook."""
        if planned.id not in self._services:
            self._services[planned.id] = self._find_service(planned)
        return _given(self._services[planned.id])

    def pods(self, planned: Planned) -> tuple[Pod, ...]:
        """Return the pods of the component's workload, terminating ones included; raises Absent, or CouldNotLook."""
        if planned.id not in self._pods:
            self._pods[planned.id] = self.snapshot.pods_of(self.workload(planned).object)
        return self._pods[planned.id]

    def visible_pods(self, planned: Planned) -> tuple[Pod, ...]:
        """Return the pods that have not ended; none where pods may not be looked at, for what they only add to."""
        try:
            return tuple(pod for pod in self.pods(planned) if not pod.finished)
        except CouldNotLook:
            return ()

    def spec(self, planned: Planned) -> PodSpec:
        """Return what the workload stamps its pods from; raises Absent, or CouldNotLook."""
        return self.workload(planned).object.template.spec

    def container(self, planned: Planned) -> Container:
        """Return the component's own container among those of its workload's template.

        It is the one that declares a promised port, else the one named like the component, else the first: a mesh or
        a log shipper adds its sidecars in front or behind.
        """
        return self.own_containers(planned)[0]

    def own_containers(self, planned: Planned) -> tuple[Container, ...]:
        """Return the containers that may be the component's own, the likeliest first: all where none is recognised."""
        containers = self.spec(planned).containers
        if not containers:
            raise Absent(f"{_named(self.workload(planned).object)} has no container")
        numbers = {port.port for port in planned.facts.container_ports}
        names = {planned.id, *planned.names, *planned.chart_names}
        best = [one for one in containers if any(port.number in numbers for port in one.ports)]
        best += [one for one in containers if one.name in names and one not in best]
        return tuple(best or containers)

    def namespace_of(self, planned: Planned) -> str:
        """Return the namespace in which the component lives: its workload's, else the documented one."""
        try:
            return self.workload(planned).object.namespace
        except (Absent, CouldNotLook):
            return planned.namespaces[0]

    def one_of(self, record: type[R], planned: Planned, names: Iterable[str]) -> Found[R] | None:
        """Return the first object of these names in the namespace of the component's workload: no other serves it.

        Where the workload was not found any of its namespaces will do.
        """
        candidates = tuple(names)
        for namespace in self._namespaces_of(planned):
            for name in candidates:
                live = self.snapshot.get(record, namespace, name)
                if live is not None:
                    return Found(live, _name_note(record.__name__, candidates[0], name, planned, namespace))
        return None

    def _namespaces_of(self, planned: Planned) -> tuple[str, ...]:
        try:
            return (self.workload(planned).object.namespace,)
        except (Absent, CouldNotLook):
            return planned.namespaces

    def elsewhere(self, record: type[R], planned: Planned, names: Iterable[str]) -> str:
        """Say that an object of these names stands where it does not serve the component; empty where none is seen."""
        served, candidates = self._namespaces_of(planned), set(names)
        found = sorted(
            live.where
            for live in self.snapshot.visible(record)
            if live.name in candidates and live.namespace not in served
        )
        stand = "stands in another namespace" if len(found) == 1 else "stand in other namespaces"
        return f"; {record.__name__} {', '.join(found[:3])} {stand}" if found else ""

    def names_of(
        self, planned: Planned, kind: Literal["ConfigMap", "Secret"], names: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return ``names``, and after them what the workload refers to under a name that was made of one of them."""
        try:
            referred = {one.name for one in self.spec(planned).references() if one.kind == kind}
        except (Absent, CouldNotLook):
            return names
        return (*names, *sorted(one for one in referred if any(self.is_made_of(name, one) for name in names)))

    def is_made_of(self, documented: str, name: str) -> bool:
        """Whether ``name`` is ``documented`` as kustomize generates it, or as a Helm release of another name has it."""
        return is_generated_from(name, documented) or any(
            name == used + documented.removeprefix(release)
            for release in self._documented_releases
            if documented.startswith(f"{release}-")
            for used in self._releases
        )

    @cached_property
    def _documented_releases(self) -> frozenset[str]:
        return frozenset(one.helm.release for one in self.plan.blueprint.components.values() if one.helm)

    @cached_property
    def _releases(self) -> frozenset[str]:
        """The Helm releases that the found workloads are of."""
        found = set()
        for planned in self.plan.components.values():
            with suppress(Absent, CouldNotLook):
                found.add(self.workload(planned).object.labels.get(_INSTANCE, ""))
        return frozenset(found - {""})

    def secret(self, planned: Planned, names: tuple[str, ...]) -> str | None:
        """Return the first of these Secrets that exists in the component's namespace; raises CouldNotLook."""
        namespace = self.namespace_of(planned)
        looked_at = [name for name in names if (namespace, name) in self.snapshot.secrets]
        if not looked_at:
            self.snapshot.secret(namespace, names[0])
        return next((name for name in looked_at if self.snapshot.secret(namespace, name) is not None), None)

    def endpoints(self, service: Service, port: ServicePort) -> tuple[ReadyEndpoint, ...]:
        """Return the ready endpoints behind a Service's port; raises CouldNotLook."""
        return ready_endpoints(service, self.snapshot.endpoints(service), port)

    def claims(self, planned: Planned) -> dict[str, tuple[str, ...]]:
        """Return the names of the claims behind the component's volumes, by volume; raises Absent, or CouldNotLook."""
        # A pod that has ended, or is about to, may name a claim that was given up since.
        pods = [pod for pod in self.pods(planned) if not pod.finished and pod.deleted is None]
        return claims_of(self.workload(planned).object, pods)

    def claim_size(self, namespace: str, name: str) -> str | None:
        """Return the capacity of a claim, or what it asks for where it has none yet; None where it does not exist."""
        claim = self.snapshot.get(PersistentVolumeClaim, namespace, name)
        return (claim.capacity or claim.requested) if claim else None

    def host_of(self, planned: Planned) -> str | None:
        """Return the host name under which the component is reached, where it is known."""
        return self.plan.site.hosts.get(planned.id) or self.fqdn

    def route(self, planned: Planned, promise: PromisedIngress) -> Route:
        """Return the Ingress rule that counts for the promised path; raises Absent, NotApplicable or CouldNotLook.

        Where APISIX has everything it is the rule that leads there.
        """
        routing, host = self.routing, (self.host_of(planned) or "").lower()
        found = routing.best(promise.path, self._service_names(planned), host) or routing.gateway
        if found is not None:
            return found
        if routing.has_apisix and not any(self.routes_to(one) for one in self._internal):
            raise NotApplicable("no Ingress leads to any component, and APISIX is installed, whose routes are its own")
        others = [f"{route.path.path} of {route.ingress.where}" for route in self.routes_to(planned)]
        instead = f"; its Service is reached by {', '.join(others[:3])}" if others else ""
        raise Absent(f"no Ingress in {' or '.join(self.plan.namespaces)} has a rule for {promise.path}{instead}")

    def routes_to(self, planned: Planned) -> tuple[Route, ...]:
        """Return every rule that leads to the component's Service."""
        return self.routing.to(self._service_names(planned))

    @property
    def _internal(self) -> Iterator[Planned]:
        return (one for one in self.plan.components.values() if one.facts.group is Group.INTERNAL)

    def _service_names(self, planned: Planned) -> set[str]:
        try:
            return {self.service(planned).object.name}
        except Absent:
            return set(planned.service_names)

    @cached_property
    def routing(self) -> Routing:
        """The Ingress rules of the platform's namespaces."""
        return Routing(self.snapshot, self.plan.namespaces)

    @cached_property
    def owners(self) -> dict[tuple[str, str], str]:
        """Map each pod (namespace, name) to the component whose workload it belongs to."""
        owned: dict[tuple[str, str], str] = {}
        for planned in self.plan.components.values():
            try:
                pods = self.pods(planned)
            except (Absent, CouldNotLook):
                continue
            owned.update({(pod.namespace, pod.name): planned.id for pod in pods})
        return owned

    def _find_workload(self, planned: Planned) -> Found[Workload] | Absent:
        kinds = self._kinds(planned)
        # Under any accepted name one of the right kind comes before a namesake of another.
        right = len({planned.facts.workload.kind, *planned.facts.workload.also_kinds})
        for some in (kinds[:right], kinds[right:]):
            for namespace, name, kind in product(planned.namespaces, planned.names, some):
                live = self._get(WORKLOADS[kind], namespace, name)
                if live is not None:
                    return Found(live, _name_note(live.kind, planned.names[0], name, planned, namespace))
        for live in self._released(planned):
            return Found(live, f"recognised as {live.labels[_CHART]} of Helm release {live.labels[_INSTANCE]}")
        wanted = planned.facts.workload.kind
        return Absent(
            f"{wanted} {planned.namespaces[0]}/{planned.names[0]} does not exist{self._instead(planned, kinds)}"
        )

    def _kinds(self, planned: Planned) -> tuple[Kind, ...]:
        promised = planned.facts.workload
        return tuple(dict.fromkeys((promised.kind, *promised.also_kinds, *Kind)))

    def _get(self, record: type[Workload], namespace: str, name: str) -> Workload | None:
        if record not in self.snapshot.listings:
            return None
        try:
            return self.snapshot.get(record, namespace, name)
        except NotServed:
            return None

    def _released(self, planned: Planned) -> Iterator[Workload]:
        for kind in self._kinds(planned):
            for namespace in planned.namespaces:
                for live in self._list(WORKLOADS[kind], namespace):
                    chart, instance = live.labels.get(_CHART), live.labels.get(_INSTANCE)
                    if chart in planned.chart_names and instance and live.name in (f"{instance}-{chart}", instance):
                        yield live

    def _list(self, record: type[Workload], namespace: str) -> tuple[Workload, ...]:
        if record not in self.snapshot.listings:
            return ()
        try:
            return self.snapshot.list(record, namespace)
        except NotServed:
            return ()

    def _instead(self, planned: Planned, kinds: tuple[Kind, ...]) -> str:
        """Say what comes close: another name with the component's labels, another namespace."""
        labels = {planned.id, *planned.names, *planned.chart_names}
        close = []
        for kind in kinds[:2]:
            for live in self._list(WORKLOADS[kind], planned.namespaces[0]):
                stamped = live.template.labels
                if labels & {stamped.get("ef.service"), stamped.get("app"), stamped.get(_CHART)}:
                    close.append(f"{live.kind} {live.where} carries its labels")
            for namespace in self.snapshot.list(Namespace):
                if namespace.name not in planned.namespaces:
                    elsewhere = self._get(WORKLOADS[kind], namespace.name, planned.names[0])
                    if elsewhere is not None:
                        close.append(f"{elsewhere.kind} {elsewhere.where} stands in another namespace")
        return f"; found instead: {'; '.join(close[:3])}" if close else ""

    def _find_service(self, planned: Planned) -> Found[Service] | Absent:
        if not planned.service_names:
            return Absent(f"{planned.id} has no Service")
        found = self.one_of(Service, planned, planned.service_names)
        if found is not None:
            return found
        try:
            workload = self.workload(planned).object
        except Absent:
            workload = None
        near = []
        for live in self.snapshot.list(Service, self.namespace_of(planned)):
            instance = live.labels.get(_INSTANCE)
            if live.labels.get(_CHART) in planned.chart_names and instance:
                chart = live.labels[_CHART]
                if live.name in (f"{instance}-{chart}", f"{instance}-{chart}-svc", instance):
                    return Found(live, f"recognised as {chart} of Helm release {instance}")
            if workload and live.selects(workload.template.labels):
                near.append(live.where)
        others = f"; its pods are selected by {', '.join(near[:3])}" if near else ""
        others += self.elsewhere(Service, planned, planned.service_names)
        return Absent(f"Service {self.namespace_of(planned)}/{planned.service_names[0]} does not exist{others}")


def _given(found: Found[R] | Absent) -> Found[R]:
    if isinstance(found, Absent):
        raise Absent(*found.args)
    return found


def _named(live: Workload) -> str:
    return f"{live.kind} {live.where}"


def _name_note(kind: str, documented: str, name: str, planned: Planned, namespace: str) -> str | None:
    parts = []
    if name != documented:
        parts.append(f"{kind} found as {name}, documented is {documented}")
    if namespace != planned.namespaces[0]:
        parts.append(f"found in namespace {namespace}, documented is {planned.namespaces[0]}")
    return "; ".join(parts) or None
