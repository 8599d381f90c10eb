"""Where each node stands and which way each call runs.

``graphlay`` (extra ``picture``) does it well: layers, few crossings, lines around nodes. Without it, or for more nodes
than it does quickly, nodes stand in plain columns and calls are straight lines.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint import graph as promised
from cx_conformance.blueprint.drawing import columns
from cx_conformance.blueprint.promise import Source
from cx_conformance.reports.page.picture.graph import PlatformGraph

WIDTH: Final = 132
HEIGHT: Final = 38
_COLUMN: Final = 240
_ROW: Final = 52
_STUB: Final = 24
"""Pixels that a straight line leaves and reaches its nodes by, level."""
QUICK: Final = 120
"""Nodes beyond which ``graphlay`` takes seconds."""
WIDE: Final = 1_500
"""Pixels beyond which the names in a picture are too small to read on a page of A4."""
_OPTIONS: Final = {
    "direction": "leftright",
    "spacing": {
        "layer_gap": 20.0,
        "node_gap": 14.0,
        "dummy_gap": 6.0,
        "port_gap": 4.0,
        "bundle_lane_gap": 3.0,
        "isolated_gap": 14.0,
    },
    "routing": {"lane_gap": 3.0},
}

Point = tuple[float, float]


class Layout(Struct, frozen=True):
    """Centres of nodes, and points of arrows in the graph's order; pixels from the top left corner."""

    width: float
    height: float
    centres: dict[str, Point]
    routes: tuple[tuple[Point, ...], ...]
    plain: bool
    """Whether it is the plain one."""


def laid_out(graph: PlatformGraph) -> Layout:
    """Return the layout of ``graph``; the same graph is laid out in the same way."""
    if len(graph.nodes) <= QUICK:
        try:
            import graphlay
        except ImportError:
            return _in_columns(graph)
        asked = graphlay.Graph()
        for node in graph.nodes:
            asked.node(node.id, width=WIDTH, height=HEIGHT)
        for arrow in graph.arrows:
            asked.edge(arrow.caller, arrow.callee)
        try:
            found = graphlay.layout(asked, options=_OPTIONS)
        except graphlay.GraphlayError:
            return _in_columns(graph)
        routes = [[(point["x"], point["y"]) for point in edge["points"]] for edge in found.edges]
        return _from_corner(dict(found.positions()), routes, plain=False)
    return _in_columns(graph)


def _in_columns(graph: PlatformGraph) -> Layout:
    roles = {"internal": promised.Role.INTERNAL, "external": promised.Role.STORE, "party": promised.Role.PARTY}
    placed = columns(
        promised.Graph(
            tuple(promised.Node(node.id, roles.get(node.group, promised.Role.INTERNAL)) for node in graph.nodes),
            tuple(promised.Arrow(one.caller, one.callee, one.ports, Source.PAGE) for one in graph.arrows),
        )
    )
    tallest = max(map(len, placed), default=0)
    centres = {
        node: (index * _COLUMN + WIDTH / 2, (row + 0.5) * tallest * _ROW / len(column))
        for index, column in enumerate(placed)
        for row, node in enumerate(column)
    }
    routes = [_straight(centres[one.caller], centres[one.callee]) for one in graph.arrows]
    return _from_corner(centres, routes, plain=True)


def _straight(start: Point, end: Point) -> list[Point]:
    forward = end[0] > start[0]
    out = 1 if forward or start[0] == end[0] else -1
    into = -1 if forward else 1
    first, last = start[0] + out * WIDTH / 2, end[0] + into * WIDTH / 2
    return [(first, start[1]), (first + out * _STUB, start[1]), (last + into * _STUB, end[1]), (last, end[1])]


def _from_corner(centres: dict[str, Point], routes: Iterable[list[Point]], *, plain: bool) -> Layout:
    """Move everything so that the leftmost and topmost of it touch the edge."""
    ways = [tuple(route) for route in routes]
    half = WIDTH / 2, HEIGHT / 2
    corners = [(x + side * half[0], y + side * half[1]) for x, y in centres.values() for side in (-1, 1)]
    points = [*corners, *(point for way in ways for point in way)] or [(0.0, 0.0)]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Layout(
        max(x for x, _ in points) - left,
        max(y for _, y in points) - top,
        {node: (x - left, y - top) for node, (x, y) in centres.items()},
        tuple(tuple((x - left, y - top) for x, y in way) for way in ways),
        plain,
    )
