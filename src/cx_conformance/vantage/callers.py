"""Call edges as they are tried: from a ready pod of the caller, to the name and port of the callee's Service."""

from collections import defaultdict
from collections.abc import Sequence

from cx_conformance.blueprint.plan import Edge, Entry
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.exec import ContainerPlace
from cx_conformance.cluster.seen import Absent, Seen
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import edges
from cx_conformance.probes.edges import CallerEdges, EdgeLimits, EdgeObservation, RunExec
from cx_conformance.vantage.pool import Pending, ProbePool

Tried = EdgeObservation | CouldNotLook


class EdgeProbes:
    """What came of each edge; one exec a caller, all callers at once."""

    def __init__(self, seen: Seen, run_exec: RunExec, pool: ProbePool) -> None:
        """Try edges of the plan of ``seen``."""
        self._seen = seen
        self._pool = pool
        self._run_exec = run_exec
        self._by_caller: dict[str, list[Entry[Edge]]] = defaultdict(list)
        for entry in seen.plan.entries("edge"):
            self._by_caller[entry.component].append(entry)
        self._running: dict[str, Pending[dict[str, Tried]]] = {}

    def start(self, entry: Entry[Edge]) -> Pending[dict[str, Tried]]:
        """Try an edge, with all others of its caller, once."""
        caller = entry.component
        if caller not in self._running:
            self._running[caller] = self._pool.submit(self._try, self._by_caller[caller])
        return self._running[caller]

    def wait(self) -> None:
        """Wait until every edge that was started has been tried."""
        for running in tuple(self._running.values()):
            running.wait(self._pool.allowed(EdgeLimits().exec_limits.total_seconds))

    def of(self, entry: Entry[Edge]) -> EdgeObservation:
        """Return what was seen of an edge; raises CouldNotLook."""
        tried = self.start(entry).result()[entry.id]
        if isinstance(tried, CouldNotLook):
            raise tried
        return tried

    def _try(self, entries: Sequence[Entry[Edge]]) -> dict[str, Tried]:
        try:
            place = self.place(entries[0].of.caller)
        except CouldNotLook as reason:
            return {entry.id: reason for entry in entries}
        targets: dict[str, edges.Edge] = {}
        tried: dict[str, Tried] = {}
        for entry in entries:
            try:
                targets[entry.id] = self._target(entry)
            except (CouldNotLook, Absent) as reason:
                tried[entry.id] = reason if isinstance(reason, CouldNotLook) else NoVantage(str(reason))
        caller = CallerEdges(place=place, edges=tuple(targets.values()))
        observed = edges.probe_edges(self._run_exec, [caller], EdgeLimits())
        return tried | dict(zip(targets, observed, strict=True))

    def place(self, caller: Planned) -> ContainerPlace:
        """Return the container of a ready pod of ``caller``; raises NoVantage when there is none."""
        try:
            pods = self._seen.pods(caller)
            container = self._seen.container(caller).name
        except Absent as absent:
            raise NoVantage(f"no pod of {caller.id} to look from: {absent}") from None
        for pod in pods:
            if pod.ready:
                return ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container)
        raise NoVantage(f"no ready pod of {caller.id} to look from; it has {len(pods)} pods")

    def _target(self, entry: Entry[Edge]) -> edges.Edge:
        edge = entry.of
        service = self._seen.service(edge.callee).object
        live = {port.number for port in service.ports}
        port = next((one for one in (edge.port.port, *edge.port.also) if one in live), edge.port.port)
        host = f"{service.name}.{service.namespace}.svc"
        return edges.Edge(caller=edge.caller.id, callee=edge.callee.id, host=host, port=port)
