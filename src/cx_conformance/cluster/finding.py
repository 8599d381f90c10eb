"""The live object of each promise, and how it was recognised.

A name is looked up through an ordered list of candidates (documented, aliases, the site's template) in an ordered list
of namespaces. After those, an object of a Helm release is recognised when its labels and its name agree on being the
chart's: ``<instance>-<chart>``. Labels alone prove nothing: a renamed object keeps them.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from typing import Final, TypeVar

from cx_conformance.blueprint.component import Kind
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent, Found
from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook, NotServed

R = TypeVar("R", bound=ApiObject)

_CHART: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
"""The label that names the Helm release of an object."""


class Finder:
    """Finds workloads and Services of a plan in a snapshot, and whatever else stands beside them under a name."""

    def __init__(self, snapshot: Snapshot, plan: Plan) -> None:
        """Look into ``snapshot`` for what ``plan`` names."""
        self.snapshot = snapshot
        self.plan = plan
        self._workloads: dict[str, Found[Workload] | Absent] = {}
        self._services: dict[tuple[str, tuple[str, ...]], Found[Service] | Absent] = {}

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
                if not self.left_out(planned):
                    return True
            except CouldNotLook:
                continue
        return False

    def service(self, planned: Planned) -> Found[Service]:
        """Return the component's Service; raises Absent, or CouldNotLook."""
        key = planned.id, planned.service_names
        if key not in self._services:
            self._services[key] = self._find_service(planned)
        return _given(self._services[key])

    def left_out(self, planned: Planned) -> bool:
        """Whether a site has left out the component as a whole, as it may; raises CouldNotLook.

        What is left of it, a workload or one of its Services, makes it one that is broken; so does one that stands
        where it does not belong.
        """
        if not planned.facts.optional or self._instead(planned, self._kinds(planned)):
            return False
        looks: tuple[Callable[[], object], ...] = (
            partial(self.workload, planned),
            *(partial(self.service, one) for one in planned.by_service),
        )
        return all(_is_absent(look) for look in looks)

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
        for namespace in self.namespaces_of(planned):
            for name in candidates:
                live = self.snapshot.get(record, namespace, name)
                if live is not None:
                    return Found(live, _name_note(record.__name__, candidates[0], name, planned, namespace))
        return None

    def namespaces_of(self, planned: Planned) -> tuple[str, ...]:
        """Return where the component's objects may stand: beside its workload, or where it is documented."""
        try:
            return (self.workload(planned).object.namespace,)
        except (Absent, CouldNotLook):
            return planned.namespaces

    def elsewhere(self, record: type[R], planned: Planned, names: Iterable[str]) -> str:
        """Say that an object of these names stands where it does not serve the component; empty where none is seen."""
        served, candidates = self.namespaces_of(planned), set(names)
        found = sorted(
            live.where
            for live in self.snapshot.visible(record)
            if live.name in candidates and live.namespace not in served
        )
        stand = "stands in another namespace" if len(found) == 1 else "stand in other namespaces"
        return f"; {record.__name__} {', '.join(found[:3])} {stand}" if found else ""

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
            return Found(live, f"recognised as {live.labels[_CHART]} of Helm release {live.labels[INSTANCE]}")
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
                    chart, instance = live.labels.get(_CHART), live.labels.get(INSTANCE)
                    if chart in planned.chart_names and instance and live.name in (f"{instance}-{chart}", instance):
                        yield live

    def _list(self, record: type[Workload], namespace: str) -> tuple[Workload, ...]:
        if record not in self.snapshot.listings:
            return ()
        try:
            return self.snapshot.list(record, namespace)
        except NotServed:
            return ()

    def _visible(self, record: type[Workload]) -> tuple[Workload, ...]:
        if record not in self.snapshot.listings:
            return ()
        try:
            return self.snapshot.visible(record)
        except CouldNotLook:
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
            # Whoever may look at the platform's namespaces only is told nothing of the others, which is no obstacle.
            close += [
                f"{elsewhere.kind} {elsewhere.where} stands in another namespace"
                for elsewhere in self._visible(WORKLOADS[kind])
                if elsewhere.name == planned.names[0] and elsewhere.namespace not in planned.namespaces
            ]
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
            instance = live.labels.get(INSTANCE)
            # A further Service has the labels of the first one, and only its own name is its own.
            is_first = planned.facts.service not in planned.facts.further_services
            if is_first and live.labels.get(_CHART) in planned.chart_names and instance:
                chart = live.labels[_CHART]
                if live.name in (f"{instance}-{chart}", f"{instance}-{chart}-svc", instance):
                    return Found(live, f"recognised as {chart} of Helm release {instance}")
            if workload and live.selects(workload.template.labels):
                near.append(live.where)
        others = f"; its pods are selected by {', '.join(near[:3])}" if near else ""
        others += self.elsewhere(Service, planned, planned.service_names)
        return Absent(f"Service {self.namespace_of(planned)}/{planned.service_names[0]} does not exist{others}")


def _is_absent(look: Callable[[], object]) -> bool:
    try:
        look()
    except Absent:
        return True
    return False


def _given(found: Found[R] | Absent) -> Found[R]:
    if isinstance(found, Absent):
        raise Absent(*found.args)
    return found


def _name_note(kind: str, documented: str, name: str, planned: Planned, namespace: str) -> str | None:
    parts = []
    if name != documented:
        parts.append(f"{kind} found as {name}, documented is {documented}")
    if namespace != planned.namespaces[0]:
        parts.append(f"found in namespace {namespace}, documented is {planned.namespaces[0]}")
    return "; ".join(parts) or None
