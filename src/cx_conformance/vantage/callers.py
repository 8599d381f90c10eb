"""Call edges as they are tried: from a ready pod of the caller, to the name and port of the callee's Service."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.blueprint.plan import Edge, Entry
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.told_addresses import told_host
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import edges
from cx_conformance.probes.edges import UNRESOLVED, EdgeFinding, EdgeLimits, EdgeObservation, EdgesQuestion, Vantage
from cx_conformance.vantage.elsewhere import Elsewhere
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.pool import Pending, ProbePool
from cx_conformance.vantage.second_look import UNHEARD, asked_again

Tried = EdgeObservation | CouldNotLook


class EdgeProbes:
    """What came of each edge; one exec a replica for all edges of its component, all callers at once."""

    def __init__(
        self,
        seen: Seen,
        inquiries: Inquiries,
        pool: ProbePool,
        *,
        every_replica: bool = False,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """Try edges of the plan of ``seen`` from a ready pod of each caller, or from every one.

        What exec cannot look at is looked at from ``elsewhere``.
        """
        self._seen = seen
        self._pool = pool
        self._inquiries = inquiries
        self._every_replica = every_replica
        self._elsewhere = elsewhere or Elsewhere()
        self._by_caller: dict[str, list[Entry[Edge]]] = defaultdict(list)
        for entry in seen.plan.entries("edge"):
            self._by_caller[entry.component].append(entry)
        self._running: dict[str, tuple[Pending[dict[str, Tried]], ...]] = {}
        self._found: dict[str, list[EdgeFinding]] = {}
        self._again: dict[tuple[ContainerPlace, edges.Edge], EdgeObservation] | None = None

    def start(self, entry: Entry[Edge]) -> tuple[Pending[dict[str, Tried]], ...]:
        """Try an edge, with all others of its caller, once; each of what is returned is one replica's."""
        caller = entry.component
        if caller not in self._running:
            entries = self._by_caller[caller]
            try:
                places: tuple[ContainerPlace | CouldNotLook, ...] = self.places(entry.of.caller)
            except CouldNotLook as reason:
                places = (reason,)
            self._running[caller] = tuple(self._try(entries, place) for place in places)
        return self._running[caller]

    def of(self, entry: Entry[Edge]) -> tuple[EdgeObservation, ...]:
        """Return what each replica saw of an edge; raises CouldNotLook where nobody could be asked to look.

        What was not heard is asked again, once for all edges, when every first answer has come.
        """
        seen = []
        for replica in self.start(entry):
            tried = replica.result()[entry.id]
            if isinstance(tried, CouldNotLook):
                raise tried
            seen.append(self._second(tried))
        return tuple(seen)

    def _second(self, tried: EdgeObservation) -> EdgeObservation:
        """Return what came of an edge when it was asked again, where it was not heard at first."""
        if tried.finding not in UNHEARD:
            return tried
        if self._again is None:
            seen: dict[ContainerPlace, list[EdgeObservation]] = defaultdict(list)
            for replica in [one for every in self._running.values() for one in every]:
                with suppress(CouldNotLook):
                    for one in replica.result().values():
                        if isinstance(one, EdgeObservation) and one.vantage is Vantage.EXEC:
                            seen[one.place].append(one)
            self._again = asked_again(seen, self._inquiries.run_exec)
        return self._again.get((tried.place, tried.edge), tried)

    def deaf(self, entry: Entry[Edge]) -> str | None:
        """Say for whom no name at all resolves, where that is not this edge's alone: its caller, or every one.

        Of those that were looked from; a caller of a single callee tells nothing.
        """
        found = {caller: self._findings(caller) for caller in tuple(self._running)}
        telling = {caller: findings for caller, findings in found.items() if len(findings) > 1}
        dumb = [caller for caller, findings in telling.items() if set(findings) <= set(UNRESOLVED)]
        if len(dumb) == len(telling) > 1:
            return "no callee's name resolves for any caller: the cluster's DNS does not answer, or answers nobody"
        if entry.component in dumb:
            return f"no callee's name resolves for {entry.component}: its pods do not ask the cluster's DNS, or in vain"
        return None

    def _findings(self, caller: str) -> list[EdgeFinding]:
        """Return what was found of a caller's edges, from all its replicas; gathered once, for every edge may ask."""
        if caller not in self._found:
            found: list[EdgeFinding] = []
            for replica in self._running[caller]:
                with suppress(CouldNotLook):
                    seen = (one for one in replica.result().values() if isinstance(one, EdgeObservation))
                    found += [second.finding for one in seen if (second := self._second(one)).finding]
            self._found[caller] = found
        return self._found[caller]

    def _try(self, entries: Sequence[Entry[Edge]], place: ContainerPlace | CouldNotLook) -> Pending[dict[str, Tried]]:
        """Begin to try a caller's edges from one place; where none can be tried nobody is asked."""
        targets: dict[str, edges.Edge] = {}
        tried: dict[str, Tried] = {}
        for entry in entries:
            try:
                if isinstance(place, CouldNotLook):
                    raise place
                targets[entry.id] = self._target(entry)
            except (CouldNotLook, Absent) as reason:
                tried[entry.id] = reason if isinstance(reason, CouldNotLook) else NoVantage(str(reason))
        if isinstance(place, CouldNotLook) or not targets:
            return self._pool.submit(lambda: tried)
        limits = EdgeLimits()
        asked = self._inquiries.ask(place, EdgesQuestion(edges=tuple(targets.values()), place=place, limits=limits))

        def completed() -> dict[str, Tried]:
            return tried | dict(zip(targets, self._elsewhere.completed(asked.result(), limits), strict=True))

        return self._pool.submit_after([asked], completed)

    def places(self, caller: Planned) -> tuple[ContainerPlace, ...]:
        """Return the container of the ready pods of ``caller`` to look from; raises NoVantage when there is none."""
        try:
            pods = self._seen.pods(caller)
            container = self._seen.container(caller).name
        except Absent as absent:
            raise NoVantage(f"no pod of {caller.id} to look from: {absent}") from None
        ready = [
            ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container) for pod in pods if pod.ready
        ]
        if not ready:
            raise NoVantage(f"no ready pod of {caller.id} to look from; it has {len(pods)} pod{'s' * (len(pods) != 1)}")
        return tuple(ready if self._every_replica else ready[:1])

    def _target(self, entry: Entry[Edge]) -> edges.Edge:
        edge = entry.of
        service = self._seen.service(edge.callee).object
        live = {port.number for port in service.ports}
        port = next((one for one in (edge.port.port, *edge.port.also) if one in live), edge.port.port)
        host = told_host(self._seen, edge) or f"{service.name}.{service.namespace}.svc"
        return edges.Edge(caller=edge.caller.id, callee=edge.callee.id, host=host, port=port)
