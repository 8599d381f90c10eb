import sys
from typing import Any

import lxml.etree
import pytest
from msgspec.structs import replace

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import EdgeRecord, RunRecord
from cx_conformance.reports.page.html import page
from cx_conformance.reports.page.picture.drawing import drawn
from cx_conformance.reports.page.picture.graph import MOST, graph_of
from cx_conformance.reports.page.picture.layout import HEIGHT, WIDTH, laid_out
from tests.reports import made_up

CALLS = (
    EdgeRecord(caller="agent-manager", callee="ccm", port=8081),
    EdgeRecord(caller="agent-manager", callee="ccm", port=9090),
    EdgeRecord(caller="ccm", callee="mongo", port=27017),
    EdgeRecord(caller="ccm", callee="agent-manager", port=3000),
    EdgeRecord(caller="ccm", callee="ccm", port=8081),
    EdgeRecord(caller="ccm", callee="rasa-x"),
)
GROUPS = {"ccm": "internal", "agent-manager": "internal", "mongo": "external", "rasa-x": "party", "alone": "internal"}


def platform(*results: tuple[str, str, Result]) -> RunRecord:
    """Return a small platform; each result is of one component and one entry."""
    ones = [
        made_up.outcome(
            result,
            component=component,
            entry=entry,
            area="edges" if "->" in entry else "services",
            message=f"{entry} is wrong",
        )
        for component, entry, result in results
    ]
    return made_up.record(*ones, components=("ccm", "agent-manager", "mongo", "alone"), groups=GROUPS, edges=CALLS)


def svg(record: RunRecord) -> Any:
    """Return the picture, parsed as strictly as XML is."""
    graph = graph_of(record)
    return lxml.etree.fromstring(drawn(graph, laid_out(graph), lambda name: f"c-{name}", "the platform"))


def test_each_component_and_party_stands_once_and_calls_of_one_pair_are_one_arrow() -> None:
    """A call of itself is no arrow."""
    graph = graph_of(platform())
    assert [node.id for node in graph.nodes] == ["ccm", "agent-manager", "mongo", "alone", "rasa-x"]
    assert [(one.caller, one.callee, one.ports) for one in graph.arrows] == [
        ("agent-manager", "ccm", (8081, 9090)),
        ("ccm", "mongo", (27017,)),
        ("ccm", "agent-manager", (3000,)),
        ("ccm", "rasa-x", ()),
    ]


def test_a_broken_call_marks_the_arrow_and_not_its_caller() -> None:
    """The callee, or a policy between them, may be what is wrong."""
    record = platform(("ccm", "ef-ccm-svc", Result.PASS), ("ccm", "ccm -> mongo:27017", Result.FAIL))
    graph = graph_of(record)
    assert {node.id: node.result for node in graph.nodes}["ccm"] is Result.PASS
    assert [one.result for one in graph.arrows] == [None, Result.FAIL, None, None]
    assert "ccm -> mongo:27017 is wrong" in graph.arrows[1].told


@pytest.mark.parametrize("graphlay", [True, False])
def test_nodes_do_not_overlap_and_arrows_end_at_their_nodes(graphlay: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the library, and in plain columns without it."""
    if graphlay:
        pytest.importorskip("graphlay")
    else:
        monkeypatch.setitem(sys.modules, "graphlay", None)
    graph = graph_of(platform())
    layout = laid_out(graph)
    assert layout.plain is not graphlay
    places = list(layout.centres.values())
    for number, (x, y) in enumerate(places):
        assert WIDTH / 2 <= x <= layout.width - WIDTH / 2
        assert all(abs(x - u) >= WIDTH or abs(y - v) >= HEIGHT for u, v in places[number + 1 :])
    for arrow, route in zip(graph.arrows, layout.routes, strict=True):
        for node, (x, y) in ((arrow.caller, route[0]), (arrow.callee, route[-1])):
            centre = layout.centres[node]
            assert abs(x - centre[0]) <= WIDTH / 2 + 1
            assert abs(y - centre[1]) <= HEIGHT / 2 + 1


def test_the_same_platform_is_drawn_in_the_same_way() -> None:
    """Two nights can be laid side by side."""
    record = made_up.record(components=made_up.COMPONENTS, edges=CALLS)
    assert laid_out(graph_of(record)) == laid_out(graph_of(record))


def test_without_the_library_the_page_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """And shows a picture all the same."""
    monkeypatch.setitem(sys.modules, "graphlay", None)
    text = page(platform())
    assert "pip install &#39;cx-conformance[picture]&#39;" in text
    assert "<svg" in text


def test_every_way_of_ending_has_a_shape_of_its_own() -> None:
    """So that paper without colour tells them apart."""
    shapes = set()
    for result in (Result.PASS, Result.FAIL, Result.ERROR, Result.WAIVED, Result.BLOCKED):
        root = svg(platform(("ccm", "ef-ccm-svc", result)))
        [sign] = root.xpath("//*[@data-id='ccm']/*[local-name()='use']/@href")
        [shape] = root.xpath(f"//*[@id='{sign[1:]}']/*[local-name()='path']/@d")
        shapes.add(shape)
    assert len(shapes) == 5
    assert svg(platform()).xpath("//*[@data-id='ccm']/*[local-name()='use']") == []


def test_a_component_links_to_its_outcomes_and_a_party_nowhere() -> None:
    """There are no outcomes of what is outside."""
    root = svg(platform())
    assert root.xpath("//*[@data-id='ccm']/../@href") == ["#c-ccm"]
    assert root.xpath("//*[@data-id='rasa-x']/../@href") == []


def test_of_very_many_components_what_is_broken_and_what_is_beside_it_is_drawn() -> None:
    """A picture of a thousand boxes shows nothing."""
    names = tuple(f"component-{number}" for number in range(1_000))
    edges = (EdgeRecord(caller="component-998", callee="component-999", port=80),)
    broken = made_up.outcome(Result.FAIL, component="component-999")
    record = made_up.record(broken, components=names, edges=edges)
    graph = graph_of(record)
    assert len(graph.nodes) == MOST
    assert graph.components == 1_000
    assert {"component-998", "component-999"} <= {node.id for node in graph.nodes}
    assert f"{MOST} of 1,000 components are drawn" in page(record)


def test_a_long_name_is_cut_in_its_box_and_whole_in_its_title() -> None:
    """Two lines of fourteen characters are what a box has room for."""
    name = "very-long-name-of-a-component-of-somebody-else"
    record = made_up.record(components=(name, "ccm"), edges=(EdgeRecord(caller=name, callee="ccm", port=80),))
    root = svg(record)
    lines = root.xpath(f"//*[@data-id='{name}']/*[local-name()='text']/text()")
    assert lines == ["very-long-", "name-of-a-com…"]
    assert root.xpath(f"//*[@data-id='{name}']/*[local-name()='title']/text()") == [f"{name}: not looked at"]


def test_no_call_is_no_picture() -> None:
    """The page says so."""
    assert "The record names no call between components." in page(replace(made_up.conformant(), edges=()))


def test_the_gateway_is_drawn_with_the_routes_that_lead_users_to_components() -> None:
    """Each as good as its route is, whatever becomes of calls."""
    routes = [
        made_up.outcome(result, component=name, area="gateway", check="CX522", evidence={"led by": "alone"})
        for name, result in (("ccm", Result.FAIL), ("agent-manager", Result.PASS))
    ]
    graph = graph_of(made_up.record(*routes, components=("ccm", "agent-manager", "alone"), groups=GROUPS))
    assert [(one.caller, one.callee, one.result) for one in graph.arrows] == [
        ("alone", "ccm", Result.FAIL),
        ("alone", "agent-manager", Result.PASS),
    ]
    elsewhere = made_up.record(*routes, components=("ccm", "agent-manager"), groups={"ccm": "internal"})
    assert graph_of(elsewhere).arrows == ()


def test_a_group_of_a_foreign_report_stays_a_text() -> None:
    """Whoever made the report named it; it must not become an element, or a script."""
    evil = 'x"><script>alert(1)</script><g class="'
    drawing = svg(replace(platform(), groups=GROUPS | {"mongo": evil}))
    assert drawing.findall(".//{*}script") == []
    assert [one for one in drawing.iter() if evil in (one.get("class") or "")]
