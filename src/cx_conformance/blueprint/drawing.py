"""The graph as an SVG picture: columns of nodes, callers left of what they call, and few crossings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from cx_conformance.blueprint.graph import Graph, Node, Role
from cx_conformance.blueprint.promise import Source

_WIDTH: Final = 190
_HEIGHT: Final = 30
_COLUMN: Final = 320
_ROW: Final = 52
_MARGIN: Final = 30
_SWEEPS: Final = 8
_FILL: Final = {Role.INTERNAL: "#e8f0fe", Role.STORE: "#fff4e0", Role.PARTY: "#f1f1f1"}
_PAGE: Final = "#3c4043"
_OTHER: Final = "#9aa0a6"


class _Place(Struct, frozen=True):
    x: float
    y: float


def svg(graph: Graph) -> str:
    """Draw the graph; dashed edges are those that the page does not have."""
    return "\n".join(_svg(graph)) + "\n"


def _svg(graph: Graph) -> Iterator[str]:
    placed = columns(graph)
    tallest = max((len(column) for column in placed), default=0)
    places = {
        node: _Place(_MARGIN + index * _COLUMN, _MARGIN + (row + 0.5) * tallest * _ROW / len(column) - _HEIGHT / 2)
        for index, column in enumerate(placed)
        for row, node in enumerate(column)
    }
    width = 2 * _MARGIN + _WIDTH + (len(placed) - 1) * _COLUMN
    height = 2 * _MARGIN + tallest * _ROW
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
    yield ' font-family="sans-serif" font-size="12">'
    yield '<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    yield '<path d="M0 0L8 4L0 8z"/></marker></defs>'
    yield '<rect width="100%" height="100%" fill="#ffffff"/>'
    for arrow in graph.arrows:
        if arrow.caller != arrow.callee:
            page = arrow.source is Source.PAGE
            yield _arrow(places[arrow.caller], places[arrow.callee], f"{arrow.caller} to {arrow.callee}", page=page)
    for node in graph.nodes:
        yield from _node(node, places[node.id])
    yield "</svg>"


def _arrow(start: _Place, end: _Place, title: str, *, page: bool) -> str:
    middle = _HEIGHT / 2
    forward = end.x > start.x
    x1, y1 = start.x + (_WIDTH if forward else 0), start.y + middle
    x2, y2 = end.x + (0 if forward else _WIDTH), end.y + middle
    bend = (_COLUMN - _WIDTH) * 0.6 * (1 if forward else -1)
    if start.x == end.x:
        # Both in one column: out to the right, and back.
        x1 = x2 = start.x + _WIDTH
        curve = f"M{x1:g} {y1:g}C{x1 + 60:g} {y1:g} {x2 + 60:g} {y2:g} {x2:g} {y2:g}"
    else:
        curve = f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    dashes = "" if page else ' stroke-dasharray="4 3"'
    colour = _PAGE if page else _OTHER
    line = f'fill="none" stroke="{colour}"{dashes} marker-end="url(#to)"'
    return f'<path d="{curve}" {line}><title>{escape(title)}</title></path>'


def _node(node: Node, place: _Place) -> Iterator[str]:
    round_corner = 15 if node.role is Role.PARTY else 4
    yield (
        f'<rect x="{place.x:g}" y="{place.y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="{round_corner}" '
        f'fill="{_FILL[node.role]}" stroke="{_PAGE}"><title>{escape(node.role)}</title></rect>'
    )
    x, y = place.x + _WIDTH / 2, place.y + _HEIGHT / 2 + 4
    yield f'<text x="{x:g}" y="{y:g}" text-anchor="middle" id={quoteattr(node.id)}>{escape(node.id)}</text>'


def columns(graph: Graph) -> list[list[str]]:
    """Put every node into a column, and order each column so that few edges cross."""
    callees: dict[str, list[str]] = defaultdict(list)
    callers: dict[str, list[str]] = defaultdict(list)
    for arrow in graph.arrows:
        callees[arrow.caller].append(arrow.callee)
        callers[arrow.callee].append(arrow.caller)
    depths = _depths([node.id for node in graph.nodes], callees)
    inside = max((depths[node.id] for node in graph.nodes if node.role is Role.INTERNAL), default=-1)
    found: list[list[str]] = [[] for _ in range(inside + 2)]
    for node in graph.nodes:
        # What is not the platform's own stands in the last column, whoever calls it.
        found[depths[node.id] if node.role is Role.INTERNAL else inside + 1].append(node.id)
    found = [column for column in found if column]
    for _ in range(_SWEEPS):
        for neighbours, order in ((callers, found), (callees, found[::-1])):
            _sort_by_neighbours(order, neighbours)
    return found


def _depths(nodes: Iterable[str], callees: Mapping[str, list[str]]) -> dict[str, int]:
    """Return for each node the longest way to it; calls that close a circle do not count."""
    order, forward = _without_circles(nodes, callees)
    depths = dict.fromkeys(order, 0)
    for node in order:
        for callee in forward[node]:
            depths[callee] = max(depths[callee], depths[node] + 1)
    return depths


def _without_circles(
    nodes: Iterable[str], callees: Mapping[str, list[str]]
) -> tuple[list[str], Mapping[str, list[str]]]:
    """Return the nodes, each before all that it calls, and the calls that are left when circles are cut."""
    forward: dict[str, list[str]] = defaultdict(list)
    finished: list[str] = []
    known: set[str] = set()
    for first in nodes:
        if first in known:
            continue
        # Depth first, without recursion: a blueprint may be long.
        way = [(first, iter(callees.get(first, ())))]
        known.add(first)
        on_way = {first}
        while way:
            node, rest = way[-1]
            callee = next(rest, None)
            if callee is None:
                way.pop()
                on_way.discard(node)
                finished.append(node)
            elif callee not in on_way:
                forward[node].append(callee)
                if callee not in known:
                    known.add(callee)
                    on_way.add(callee)
                    way.append((callee, iter(callees.get(callee, ()))))
    return finished[::-1], forward


def _sort_by_neighbours(columns: list[list[str]], neighbours: Mapping[str, list[str]]) -> None:
    for before, column in pairwise(columns):
        rows = {node: row for row, node in enumerate(before)}

        def centre(node: str, rows: Mapping[str, int] = rows, column: list[str] = column) -> float:
            known = [rows[other] for other in neighbours.get(node, ()) if other in rows]
            return sum(known) / len(known) if known else float(column.index(node))

        column[:] = sorted(column, key=centre)
