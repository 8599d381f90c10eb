"""The picture in words: each component, how it ended, whom it calls and who calls it."""

from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.page.picture.graph import PlatformGraph
from cx_conformance.reports.signs import WORST_FIRST


class Neighbours(Struct, frozen=True):
    """A component or an external party, and those beside it."""

    name: str
    group: str
    result: Result | None
    calls: tuple[tuple[Result | None, tuple[str, ...]], ...]
    """Whom it calls, with ports, by how the calls ended, worst first; None: they were not looked at."""
    called_by: tuple[str, ...]


def neighbours(graph: PlatformGraph) -> Iterator[Neighbours]:
    """Yield every node of the picture, in its order."""
    calls: dict[str, dict[Result | None, list[str]]] = defaultdict(lambda: defaultdict(list))
    called_by: dict[str, list[str]] = defaultdict(list)
    for arrow in graph.arrows:
        ports = f":{'/'.join(map(str, arrow.ports))}" if arrow.ports else ""
        calls[arrow.caller][arrow.result].append(f"{arrow.callee}{ports}")
        called_by[arrow.callee].append(arrow.caller)
    for node in graph.nodes:
        ended = calls[node.id]
        yield Neighbours(
            node.id,
            node.group,
            node.result,
            tuple((result, tuple(ended[result])) for result in (*WORST_FIRST, None) if result in ended),
            tuple(called_by[node.id]),
        )
