"""Components, stores, external parties and call edges as a graph, in the words of Graphviz and Mermaid."""

import json
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from cx_conformance.blueprint.component import Group
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Source


class Role(StrEnum):
    """What a node is."""

    INTERNAL = "internal component"
    STORE = "store or other external component"
    PARTY = "external party"


class Node(Struct, frozen=True):
    """A component or a party."""

    id: str
    role: Role


class Arrow(Struct, frozen=True):
    """All calls of one node to another."""

    caller: str
    callee: str
    ports: tuple[int, ...]
    """Service ports that are called; empty: a party's are not known."""
    source: Source

    @property
    def label(self) -> str:
        """Return the ports as they are shown."""
        return ", ".join(f"{port}" for port in self.ports)


class Graph(Struct, frozen=True):
    """Who calls whom."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def graph_of(plan: Plan) -> Graph:
    """Return the graph of what is promised here."""
    blueprint = plan.blueprint
    nodes = [
        Node(name, Role.INTERNAL if one.facts.group is Group.INTERNAL else Role.STORE)
        for name, one in plan.components.items()
    ]
    found: dict[tuple[str, str], Arrow] = {}
    for edge in plan.edges:
        pair = edge.caller.id, edge.callee.id
        ports = found[pair].ports if pair in found else ()
        found[pair] = Arrow(*pair, (*ports, edge.port.port), edge.source)
    for name, one in plan.components.items():
        for call in one.facts.calls:
            if call.to in blueprint.parties:
                found[name, call.to] = Arrow(name, call.to, (), call.source)
    called = {callee for _, callee in found}
    nodes += [Node(name, Role.PARTY) for name in blueprint.parties if name in called]
    return Graph(tuple(nodes), tuple(found.values()))


def dot(graph: Graph) -> str:
    """Write the graph for Graphviz; dashed edges are those that the page does not have."""
    return "\n".join(_dot(graph)) + "\n"


def _dot(graph: Graph) -> Iterator[str]:
    shapes = {Role.INTERNAL: "box", Role.STORE: "cylinder", Role.PARTY: "ellipse"}
    yield "digraph blueprint {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif"];'
    for node in graph.nodes:
        yield f"  {json.dumps(node.id)} [shape={shapes[node.role]}];"
    for arrow in graph.arrows:
        style = "" if arrow.source is Source.PAGE else ", style=dashed"
        yield f"  {json.dumps(arrow.caller)} -> {json.dumps(arrow.callee)} [label={json.dumps(arrow.label)}{style}];"
    yield "}"


def mermaid(graph: Graph) -> str:
    """Write the graph for Mermaid; dotted edges are those that the page does not have."""
    return "\n".join(_mermaid(graph)) + "\n"


def _mermaid(graph: Graph) -> Iterator[str]:
    brackets = {Role.INTERNAL: ("[", "]"), Role.STORE: ("[(", ")]"), Role.PARTY: ("([", "])")}
    # Mermaid takes no '-' at the start of an id, and reserves words such as `end`: ids of our own are safe.
    ids = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    yield "flowchart LR"
    for node in graph.nodes:
        left, right = brackets[node.role]
        yield f'  {ids[node.id]}{left}"{node.id}"{right}'
    for arrow in graph.arrows:
        line = "-->" if arrow.source is Source.PAGE else "-.->"
        label = f'|"{arrow.label}"|' if arrow.ports else ""
        yield f"  {ids[arrow.caller]} {line}{label} {ids[arrow.callee]}"
