"""What support asks for about a component that is broken: objects, Events, endpoints, policies, logs.

Read once more when a run has ended, for the components with a root cause only, and never written to the cluster. What
the account may not read is told in the dossier and costs nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from cx_conformance.api.listing import read_list
from cx_conformance.api.request_path import part
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.objects.admitted import Admission
from cx_conformance.objects.event import Event, event
from cx_conformance.objects.json_fields import Json, count, flag, mapping, objects, text
from cx_conformance.objects.log_lines import LACKS, rules_are_here, without_secrets
from cx_conformance.objects.raw_object import presentable
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
    from cx_conformance.cluster.seen import Seen

LOG_LINES: Final = 100
LOG_BYTES: Final = 65_536
MOST_OBJECTS: Final = 60
"""Objects of one component."""
MOST_EVENTS: Final = 100
MOST_LOGS: Final = 12
"""Containers of one component."""

_OBJECTS: Final = (
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Pod",
    "Service",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Ingress",
)
_ONE_BY_ONE: Final = {one.name: one for one in KINDS.values()}


class Dossier(Struct):
    """The evidence of one component: what was read, and what could not be."""

    component: str
    objects: list[Json] = field(default_factory=list)
    endpoints: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    """A line for each container: pod, name, state, readiness, restarts, how it ended last."""
    logs: dict[str, str] = field(default_factory=dict)
    """The last lines by ``pod.container`` and, of the container before, ``pod.container.previous``."""
    missing: list[str] = field(default_factory=list)
    """A sentence for each thing that could not be read, or was left out."""


class Dossiers:
    """Reads dossiers; what several components share is listed once."""

    def __init__(self, cluster: "Cluster", seen: "Seen", *, logs: bool = False) -> None:
        """Read from ``cluster`` what belongs to the components that ``seen`` found; ``logs``: those as well."""
        self._cluster = cluster
        self._seen = seen
        self._logs = logs
        self._admission = Admission()
        self._lists: dict[tuple[str, str], list[Json] | CouldNotLook] = {}

    def of(self, planned: Planned, subjects: Iterable[str] = ()) -> Dossier:
        """Return the dossier of one component; ``subjects`` are settings that its broken promises are about."""
        found = Dossier(planned.id)
        namespace = self._or(lambda: self._seen.namespace_of(planned), planned.namespaces[0])
        names = self._names(planned)
        for kind in _OBJECTS:
            wanted = names.get(kind)
            if wanted:
                made_by = _ONE_BY_ONE[kind]
                version = f"{made_by.group}/{made_by.version}" if made_by.group else made_by.version
                found.objects += [
                    {"apiVersion": version, "kind": kind, **one}
                    for one in self._listed(kind, namespace, found)
                    if text(mapping(one, "metadata"), "name") in wanted
                ]
        if len(found.objects) > MOST_OBJECTS:
            found.missing.append(f"of {len(found.objects)} objects the first {MOST_OBJECTS} are here")
            del found.objects[MOST_OBJECTS:]
        services = names.get("Service", set())
        found.endpoints = [
            one
            for one in self._listed("EndpointSlice", namespace, found)
            if mapping(one, "metadata", "labels").get("kubernetes.io/service-name") in services
        ]
        found.policies = self._listed("NetworkPolicy", namespace, found)[:MOST_OBJECTS]
        pods = [one for one in found.objects if one["kind"] == "Pod"]
        found.events = self._events(namespace, names, found)
        for pod in pods:
            self._containers(namespace, pod, found)
        self._admit(found, frozenset(subjects))
        return found

    def _admit(self, found: Dossier, subjects: frozenset[str]) -> None:
        """Leave in the dossier what may be handed on; objects first, for sentences may name what they are called."""
        admission = self._admission
        for some in (found.objects, found.endpoints, found.policies):
            some[:] = [admission.admitted(one, subjects) for one in some]
        found.events = [replace(one, message=admission.sentence(one.message)) for one in found.events]
        found.containers = [admission.sentence(one) for one in found.containers]
        found.missing = [admission.sentence(one) for one in found.missing]
        found.logs = {
            name: "".join(f"{admission.sentence(line)}\n" for line in log.splitlines())
            for name, log in found.logs.items()
        }

    def _names(self, planned: Planned) -> dict[str, set[str]]:
        """Return the names of the component's objects by kind: what was found, else what is documented."""
        seen = self._seen
        workload = self._or(lambda: seen.workload(planned).object, None)
        service = self._or(lambda: seen.service(planned).object, None)
        workloads = {workload.name} if workload else set(planned.names)
        return {
            "Deployment": workloads,
            "StatefulSet": workloads,
            "DaemonSet": workloads,
            "Pod": {one.name for one in self._or(lambda: seen.pods(planned), ())},
            "Service": {service.name} if service else set(planned.service_names),
            "ConfigMap": {name for one in planned.facts.config_maps for name in one.candidates},
            "PersistentVolumeClaim": {
                name for some in self._or(lambda: seen.claims(planned), {}).values() for name in some
            },
            "Ingress": {one.ingress.name for one in self._or(lambda: seen.routes_to(planned), ())},
        }

    @staticmethod
    def _or(look: Callable[[], Any], otherwise: Any) -> Any:
        """Return what ``look`` finds, or ``otherwise`` where that is absent or could not be seen."""
        try:
            return look()
        except (AssertionError, CouldNotLook, NotApplicable):
            return otherwise

    def _listed(self, kind: str, namespace: str, dossier: Dossier) -> list[Json]:
        key = (kind, namespace)
        if key not in self._lists:
            try:
                path = _ONE_BY_ONE[kind].path(namespace)
                self._lists[key] = list(read_list(self._cluster, path, presentable))
            except CouldNotLook as reason:
                self._lists[key] = reason
        found = self._lists[key]
        if isinstance(found, CouldNotLook):
            dossier.missing.append(f"{kind} objects of namespace {namespace}: {found}")
            return []
        return found

    def _events(self, namespace: str, names: Mapping[str, set[str]], dossier: Dossier) -> list[Event]:
        workloads = names["Deployment"]

        def concerns(one: Event) -> bool:
            if one.about_kind == "ReplicaSet":
                return one.about_name.rpartition("-")[0] in workloads
            if one.about_kind == "Pod" and not names["Pod"]:
                return any(one.about_name.startswith(f"{name}-") for name in workloads)
            return one.about_name in names.get(one.about_kind, set())

        all_of_them = (event(one) for one in self._listed("Event", namespace, dossier))
        found = sorted((one for one in all_of_them if concerns(one)), key=_when)
        if len(found) > MOST_EVENTS:
            dossier.missing.append(f"of {len(found)} Events the last {MOST_EVENTS} are here")
        return found[-MOST_EVENTS:]

    def _containers(self, namespace: str, pod: Json, dossier: Dossier) -> None:
        name = text(mapping(pod, "metadata"), "name")
        status = mapping(pod, "status")
        for one in (*objects(status, "initContainerStatuses"), *objects(status, "containerStatuses")):
            container, restarts = text(one, "name"), count(one, "restartCount")
            ready = flag(one, "ready") is True
            state, last = _state(mapping(one, "state")), _state(mapping(one, "lastState"))
            told = f"{name} {container}: {state}, {'ready' if ready else 'not ready'}, {restarts} restarts"
            dossier.containers.append(f"{told}, before: {last}" if last != "nothing" else told)
            done = state.startswith("terminated") and "exit code 0" in state
            if (ready and not restarts) or done or not self._logs:
                continue
            self._log(namespace, name, container, dossier, previous=False)
            if restarts:
                self._log(namespace, name, container, dossier, previous=True)

    def _log(self, namespace: str, pod: str, container: str, dossier: Dossier, *, previous: bool) -> None:
        key = f"{pod}.{container}{'.previous' if previous else ''}"
        if not rules_are_here():
            dossier.missing.append(LACKS)
            return
        if len(dossier.logs) >= MOST_LOGS:
            dossier.missing.append(f"log {key}: more than {MOST_LOGS} logs are not read")
            return
        query = {"container": container, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
        path = f"/api/v1/namespaces/{part(namespace)}/pods/{part(pod)}/log"
        try:
            answer = self._cluster.get(path, query | ({"previous": "true"} if previous else {}), accept="*/*")
        except CouldNotLook as reason:
            dossier.missing.append(f"log {key}: {reason}")
            return
        if answer.status != 200:
            said = answer.said
            dossier.missing.append(f"log {key}: {text(said, 'message') if isinstance(said, dict) else said}")
            return
        dossier.logs[key] = without_secrets(answer.body.decode("utf-8", "replace"))


def _when(one: Event) -> float:
    return one.last_seen.timestamp() if one.last_seen else 0.0


def _state(state: Json) -> str:
    """Return a container's state in words: ``waiting: CrashLoopBackOff``, ``terminated: OOMKilled, exit code 137``."""
    for kind in ("running", "waiting", "terminated"):
        if isinstance(state.get(kind), dict):
            return ", ".join((kind, *_particulars(mapping(state, kind))))
    return "nothing"


def _particulars(state: Json) -> Iterator[str]:
    yield from (one for one in (text(state, "reason"), text(state, "message")) if one)
    if "exitCode" in state:
        yield f"exit code {count(state, 'exitCode')}"
