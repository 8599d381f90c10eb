"""What is drawn: components, external parties and calls, each with how it ended."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.signs import WORDS, WORST_FIRST

MOST: Final = 300
"""Components that are drawn: what is not kept first, then what it calls or is called by, then the others."""
_LED_BY: Final = "led by"
"""The key of an outcome's evidence that names the component whose routes lead users to its own: the gateway."""
_TOLD: Final = 300
"""Characters of the message that a node or an arrow tells."""


class Node(Struct, frozen=True):
    """A component or an external party."""

    id: str
    group: str
    """``internal``, ``external`` or ``party``."""
    result: Result | None
    """The worst of its outcomes but those of its calls; None: nothing was looked at."""
    told: str
    """What hovering over it says."""


class Arrow(Struct, frozen=True):
    """All calls of one node to another."""

    caller: str
    callee: str
    ports: tuple[int, ...]
    result: Result | None
    told: str


class PlatformGraph(Struct, frozen=True):
    """What is drawn, and how many components there are."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    components: int


def graph_of(record: RunRecord) -> PlatformGraph:
    """Return what the record says of the platform as a graph; empty where it names no component."""
    of: dict[str, list[Outcome]] = defaultdict(list)
    of_edge: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    edges = {(edge.caller, edge.entry) for edge in record.edges}
    for one in record.outcomes:
        # A call tells for itself how it ended; its caller need not be at fault.
        if one.area == "edges" and (one.component, one.entry) in edges:
            of_edge[one.component, one.entry].append(one)
        else:
            of[one.component].append(one)
    names = dict.fromkeys((*record.components, *record.groups))
    drawn = set(_drawn(record, names, of))
    nodes = [
        Node(name, record.groups.get(name, "internal"), worst(of[name]), _told(name, of[name]))
        for name in names
        if name in drawn
    ]
    ports: dict[tuple[str, str], list[int]] = defaultdict(list)
    seen: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for edge in record.edges:
        if {edge.caller, edge.callee} <= drawn and edge.caller != edge.callee:
            pair = edge.caller, edge.callee
            ports[pair] += [edge.port] if edge.port is not None else []
            seen[pair] += of_edge[edge.caller, edge.entry]
    for one in record.outcomes:
        by = one.evidence.get(_LED_BY)
        if by in drawn and one.component in drawn:
            pair = str(by), one.component
            ports.setdefault(pair, [])
            seen[pair].append(one)
    arrows = [
        Arrow(*pair, tuple(dict.fromkeys(numbers)), worst(seen[pair]), _told(f"{pair[0]} to {pair[1]}", seen[pair]))
        for pair, numbers in ports.items()
    ]
    return PlatformGraph(tuple(nodes), tuple(arrows), len(names))


def worst(outcomes: Iterable[Outcome]) -> Result | None:
    """Return what stands for all of these; None where there is none."""
    results = {one.result for one in outcomes}
    return next((result for result in WORST_FIRST if result in results), None)


def _drawn(record: RunRecord, names: Iterable[str], of: dict[str, list[Outcome]]) -> Sequence[str]:
    every = list(names)
    if len(every) <= MOST:
        return every
    places = {result: place for place, result in enumerate(WORST_FIRST)}
    urgent = {name: worst(of[name]) for name in every}
    order = sorted(every, key=lambda name: places.get(urgent[name] or Result.NOT_APPLICABLE, len(places)))
    broken = {name for name in order[:MOST] if urgent[name] not in {None, Result.PASS, Result.NOT_APPLICABLE}}
    beside = {
        other
        for edge in record.edges
        for other, one in ((edge.caller, edge.callee), (edge.callee, edge.caller))
        if one in broken
    }
    return sorted(order, key=lambda name: (name not in broken, name not in beside))[:MOST]


def _told(name: str, outcomes: Sequence[Outcome]) -> str:
    counts = Counter(one.result for one in outcomes)
    said = ", ".join(f"{WORDS[result]} {counts[result]}" for result in WORST_FIRST if counts[result])
    first = next((one for result in WORST_FIRST[:3] for one in outcomes if one.result is result), None)
    message = f". {first.check}: {one_line(first.message, _TOLD)}" if first else ""
    return f"{name}: {said or 'not looked at'}{message}"
