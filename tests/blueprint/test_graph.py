import xml.etree.ElementTree as ET

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.drawing import svg
from cx_conformance.blueprint.graph import Arrow, Graph, Node, Role, dot, graph_of, mermaid
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.site import Site


@pytest.fixture
def graph(blueprint: Blueprint) -> Graph:
    """Make the graph of the shipped blueprint."""
    return graph_of(Plan(blueprint, Site()))


def ring(size: int) -> Graph:
    """Make a graph in which everybody calls the next one, and the last one the first."""
    nodes = tuple(Node(f"n{number}", Role.INTERNAL) for number in range(size))
    arrows = tuple(Arrow(f"n{number}", f"n{(number + 1) % size}", (80,), Source.PAGE) for number in range(size))
    return Graph(nodes, arrows)


def test_the_graph_has_every_component_every_called_party_and_every_edge(graph: Graph, blueprint: Blueprint) -> None:
    """29 components, 4 parties; an edge once, whatever its number of ports."""
    assert {node.id for node in graph.nodes} == set(blueprint.components) | set(blueprint.parties)
    pairs = [(arrow.caller, arrow.callee) for arrow in graph.arrows]
    assert len(pairs) == len(set(pairs))
    assert {("ccm", "mongo"), ("unified-agent", "finesse")} <= set(pairs)


def test_dot_tells_stores_by_shape_and_chart_edges_by_dashes(graph: Graph) -> None:
    """So that a reader sees what the page does not promise."""
    text = dot(graph)
    assert '  "mongo" [shape=cylinder];' in text
    assert '  "ccm" -> "conversation-manager" [label="8080", style=dashed];' in text
    assert text.count("->") == len(graph.arrows)


def test_mermaid_has_a_line_for_each_node_and_edge(graph: Graph) -> None:
    """Under ids that no word of Mermaid can be mistaken for."""
    lines = mermaid(graph).splitlines()
    assert lines[0] == "flowchart LR"
    assert len(lines) == 1 + len(graph.nodes) + len(graph.arrows)


def test_svg_draws_every_node_and_edge_apart_from_each_other(graph: Graph) -> None:
    """It is XML, and no two nodes are on top of each other."""
    # The text was made here, from our own blueprint.
    root = ET.fromstring(svg(graph))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    places = [(box.get("x"), box.get("y")) for box in root.iter(f"{space}rect")][1:]
    assert len(places) == len(set(places)) == len(graph.nodes)
    assert len([path for path in root.iter(f"{space}path") if path.get("marker-end")]) == len(graph.arrows)


@pytest.mark.parametrize("size", [1, 2, 3, 2000])
def test_circles_are_drawn_too(size: int) -> None:
    """However long: no recursion, and every node has a place."""
    text = svg(ring(size))
    assert text.count("<text ") == size


def test_an_empty_graph_is_a_picture() -> None:
    """Of nothing."""
    assert svg(Graph((), ())).startswith("<svg ")
