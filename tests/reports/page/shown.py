"""The run that the documentation's pictures show: components and calls of the shipped blueprint, three broken."""

from collections.abc import Iterator

from msgspec.structs import replace

from cx_conformance.blueprint.graph import graph_of
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import EdgeRecord, RunRecord
from cx_conformance.run.circumstances import edges_of, groups_of
from cx_conformance.run.suite_files import suite_root
from tests.reports import made_up

ABSENT = "ccm"
AREAS_OF_A_STORE = made_up.AREAS_OF_ALL | {"storage", "stores"}


def shown() -> RunRecord:
    """Return the run; it is the same on every machine, and changes with the blueprint's components and calls only."""
    graph = graph_of(Plan(load_blueprint(suite_root() / "blueprint.yaml").document, Site()))
    groups, edges = groups_of(graph), edges_of(graph)
    components = tuple(name for name, group in groups.items() if group != "party")
    three = made_up.three_failures()
    told = {(one.check, one.component): one for one in three.outcomes}
    agents = told["CX203", "unified-agent"]
    service = "Service expertflow/ef-unified-agent-svc"
    told[agents.check, agents.component] = replace(
        agents,
        message=f"{service} has type NodePort, promised ClusterIP",
        evidence={**agents.evidence, "object": service},
    )
    outcomes = [
        *(one for one in three.outcomes if one.component == "platform"),
        *(
            told.get((one.check, one.component), one)
            for name in components
            for one in _of(name, external=groups[name] == "external")
        ),
        *(_call(edge) for edge in edges if edge.port is not None),
    ]
    return replace(three, outcomes=tuple(outcomes), components=components, groups=groups, edges=edges)


def _of(name: str, *, external: bool) -> Iterator[Outcome]:
    for check, title, area, severity in made_up.CHECKS:
        if area != "edges" and area in (AREAS_OF_A_STORE if external else made_up.AREAS_OF_ALL | {"ingress"}):
            yield made_up.outcome(
                check=check, title=title, area=area, component=name, entry=f"ef-{name}", severity=severity
            )


def _call(edge: EdgeRecord) -> Outcome:
    waits = ABSENT in {edge.caller, edge.callee}
    return made_up.outcome(
        Result.BLOCKED if waits else Result.PASS,
        check="CX702",
        title="Callee accepts",
        area="edges",
        component=edge.caller,
        entry=edge.entry,
        message=f"blocked: CX101 {ABSENT}" if waits else "",
        root=f"CX101 {ABSENT}" if waits else None,
    )
