"""The picture as SVG: one shape for each way of ending, so that it is read without colour.

Colours stand in presentation attributes: a page's style sheet overrides them for the dark, paper shows them.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.page.picture.graph import Arrow, Node, PlatformGraph
from cx_conformance.reports.page.picture.layout import HEIGHT, WIDTH, Layout, Point
from cx_conformance.reports.signs import SIGNS

_MARGIN: Final = 12
_LABEL: Final = 14
"""Characters that a line of a node has room for."""
_COLOUR: Final = {
    Result.PASS: "#1a6b3c",
    Result.FAIL: "#b3161b",
    Result.ERROR: "#7a1fa2",
    Result.WAIVED: "#7a5200",
    Result.BLOCKED: "#4d5561",
    Result.NOT_APPLICABLE: "#4d5561",
    None: "#4d5561",
}
_DASHES: Final = {
    Result.ERROR: "7 4",
    Result.WAIVED: "12 3",
    Result.BLOCKED: "2 3",
    Result.NOT_APPLICABLE: "1 4",
    None: "1 4",
}
_BADGES: Final = {
    Result.PASS: "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0-16 0z",
    Result.FAIL: "M-8-8h16v16h-16z",
    Result.ERROR: "M0-10l10 18h-20z",
    Result.WAIVED: "M0-10l10 10l-10 10l-10-10z",
    Result.BLOCKED: "M-5-9h10l5 9l-5 9h-10l-5-9z",
    Result.NOT_APPLICABLE: "",
    None: "",
}
"""Circle, square, triangle, diamond, hexagon, nothing; about the origin."""
_MARKED: Final = {Result.FAIL, Result.ERROR, Result.WAIVED}
"""Calls that carry a badge half way."""


def css_class(result: Result | None) -> str:
    """Return the name of a way of ending as a class of the style sheet has it."""
    return "na" if result in {None, Result.NOT_APPLICABLE} else str(result)


def drawn(graph: PlatformGraph, layout: Layout, link: Callable[[str], str], name: str) -> str:
    """Return the SVG; ``link`` gives where a component's node leads, ``name`` is what a screen reader calls it."""
    return "".join(_drawn(graph, layout, link, name))


def _drawn(graph: PlatformGraph, layout: Layout, link: Callable[[str], str], name: str) -> Iterator[str]:
    width, height = (math.ceil(length + 2 * _MARGIN) for length in (layout.width, layout.height))
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-_MARGIN} {-_MARGIN} {width} {height}" '
    yield f'width="{width}" height="{height}" role="group" aria-label={quoteattr(name)} '
    yield 'font-family="system-ui, sans-serif" font-size="12">'
    ways: dict[Result | None, list[tuple[Arrow, tuple[Point, ...]]]] = defaultdict(list)
    for arrow, route in zip(graph.arrows, layout.routes, strict=True):
        ways[arrow.result].append((arrow, route))
    badges = "".join(_badges((*ways, *(node.result for node in graph.nodes))))
    yield f"<defs>{badges}</defs>"
    # What is wrong is drawn last, above the rest. The table beside the picture says it to who does not see it.
    yield '<g aria-hidden="true">'
    for result in sorted(ways, key=lambda one: one in _MARKED):
        yield from _arrows(result, ways[result])
    yield "</g>"
    yield '<g fill="#ffffff" stroke-width="1">'
    for node in graph.nodes:
        yield from _node(node, layout.centres[node.id], link(node.id))
    yield "</g></svg>"


def _arrows(result: Result | None, ways: Iterable[tuple[Arrow, tuple[Point, ...]]]) -> Iterator[str]:
    """Draw the calls that ended in one way; how they look stands once, on their group."""
    head = f"head-{'none' if result is None else css_class(result)}"
    yield f'<defs><marker id="{head}" markerUnits="userSpaceOnUse" markerWidth="7" markerHeight="7" refX="7" '
    yield f'refY="3.5" orient="auto" class="{css_class(result)}" color="{_COLOUR[result]}">'
    yield '<path d="M0 0L7 3.5L0 7z" fill="currentColor"/></marker></defs>'
    dashes = f' stroke-dasharray="{_DASHES[result]}"' if result in _DASHES else ""
    yield f'<g class="arrows {css_class(result)}" color="{_COLOUR[result]}" fill="none" stroke="currentColor" '
    yield f'stroke-width="{_width(result)}"{dashes} marker-end="url(#{head})">'
    for arrow, route in ways:
        ports = f" ({', '.join(map(str, arrow.ports))})" if arrow.ports else ""
        yield f'<g class="arrow" data-from={quoteattr(arrow.caller)} data-to={quoteattr(arrow.callee)}>'
        yield f'<title>{escape(arrow.told)}{ports}</title><path d="{_way(route)}"/>'
        if result in _MARKED:
            yield _badge(result, _middle(route))
        yield "</g>"
    yield "</g>"


def _width(result: Result | None) -> float:
    return 2.5 if result in {Result.FAIL, Result.ERROR} else 1


def _way(route: tuple[Point, ...]) -> str:
    """Return the line as a path: level and upright parts by their one coordinate."""
    points = [(round(x, 1), round(y, 1)) for x, y in route]
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if y0 == y1:
            parts.append(f"H{x1:g}")
        elif x0 == x1:
            parts.append(f"V{y1:g}")
        else:
            parts.append(f"L{x1:g} {y1:g}")
    return "".join(parts)


def _node(node: Node, centre: Point, href: str) -> Iterator[str]:
    x, y = centre[0] - WIDTH / 2, centre[1] - HEIGHT / 2
    dashes = _DASHES.get(node.result)
    dashed = f' stroke-dasharray="{dashes}"' if dashes and node.group != "party" else ""
    wide = f' stroke-width="{_width(node.result)}"' if _width(node.result) != 1 else ""
    outline = f'class="box" stroke="currentColor"{wide}{dashed}'
    linked = node.group != "party"
    yield f'<a href="#{escape(href)}">' if linked else ""
    classes = quoteattr(f"node {css_class(node.result)} {node.group}")
    yield f'<g class={classes} color="{_COLOUR[node.result]}" data-id={quoteattr(node.id)}>'
    yield f"<title>{escape(node.told)}</title>"
    if node.group == "external":
        right, bottom = x + WIDTH, y + HEIGHT
        yield f'<path d="M{x:g} {y + 4:g}A{WIDTH / 2} 5 0 0 1 {right:g} {y + 4:g}V{bottom - 4:g}'
        yield f'A{WIDTH / 2} 5 0 0 1 {x:g} {bottom - 4:g}z" {outline}/>'
        yield f'<path class="rim" d="M{x:g} {y + 4:g}A{WIDTH / 2} 5 0 0 0 {right:g} {y + 4:g}" '
        yield 'fill="none" stroke="currentColor" stroke-width="1"/>'
    else:
        corner = HEIGHT / 2 if node.group == "party" else 4
        yield f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="{corner:g}" {outline}/>'
    if node.result is not None and _BADGES[node.result]:
        yield _badge(node.result, (x + 15, centre[1]))
    start = x + (27 if node.result is not None and _BADGES[node.result] else 12)
    lines = _lines(node.id)
    first = centre[1] + (6.5 if node.group == "external" else 4.5) - 7 * (len(lines) - 1)
    for number, line in enumerate(lines):
        yield f'<text x="{start:g}" y="{first + 14 * number:g}" fill="#16191d">{escape(line)}</text>'
    yield "</g>"
    yield "</a>" if linked else ""


def _lines(name: str) -> list[str]:
    """Return a name in one line or two, parted behind a hyphen; what is too long is cut, the title has it whole."""
    if len(name) <= _LABEL:
        return [name]
    ends = [place + 1 for place, one in enumerate(name) if one in "-._" and 0 < place < _LABEL]
    end = ends[-1] if ends else _LABEL
    rest = name[end:]
    return [name[:end], rest if len(rest) <= _LABEL else rest[: _LABEL - 1] + "…"]


def _badges(results: Iterable[Result | None]) -> Iterator[str]:
    """Draw each sign once, for all places where it stands."""
    for result in dict.fromkeys(results):
        if result is not None and _BADGES[result]:
            down = 6 if result is Result.ERROR else 4
            yield f'<g id="badge-{result}" class="badge" stroke="none" marker-end="none"><path d="{_BADGES[result]}" '
            yield f'fill="currentColor"/><text y="{down}" text-anchor="middle" font-size="11" font-weight="bold" '
            yield f'fill="#ffffff">{SIGNS[result][0]}</text></g>'


def _badge(result: Result, centre: Point) -> str:
    return f'<use href="#badge-{result}" x="{centre[0]:.5g}" y="{centre[1]:.5g}"/>'


def _middle(route: tuple[Point, ...]) -> Point:
    """Return the point half way along."""
    left = sum(math.dist(one, other) for one, other in pairwise(route)) / 2
    for (x0, y0), (x1, y1) in pairwise(route):
        length = math.dist((x0, y0), (x1, y1))
        if left <= length and length:
            return x0 + (x1 - x0) * left / length, y0 + (y1 - y0) * left / length
        left -= length
    return route[-1]
