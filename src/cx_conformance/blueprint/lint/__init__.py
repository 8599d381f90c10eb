"""Consistency of a blueprint: what a schema cannot see.

A finding that the blueprint's own ``accepted`` explains carries that reason.
"""

from collections.abc import Iterator

from cx_conformance.blueprint.document import Acceptance, Blueprint
from cx_conformance.blueprint.lint import edges, errata, objects
from cx_conformance.blueprint.lint.finding import RULES, Finding, Level, Rule, Spot, rule
from cx_conformance.blueprint.loading import Loaded

__all__ = ["RULES", "Finding", "Level", "Rule", "edges", "errata", "lint", "objects"]


def lint(loaded: Loaded[Blueprint]) -> tuple[Finding, ...]:
    """Return everything that is inconsistent in a blueprint, sorted by line and ID."""
    accepted = loaded.document.accepted
    found = [
        Finding(
            id=each.id,
            level=each.level,
            path=spot.path,
            message=spot.message,
            position=loaded.position_of(*spot.path),
            about=spot.about,
            reason=next((one.why for one in accepted if _covers(one, each.id, spot)), None),
        )
        for each in RULES.values()
        for spot in each.look(loaded.document)
    ]
    return tuple(sorted(found, key=lambda each: (each.position, each.id, each.about or "")))


@rule("BL401", Level.ERROR)
def acceptances_are_needed(blueprint: Blueprint) -> Iterator[Spot]:
    """Every entry of `accepted` explains something that is found."""
    if blueprint.blueprint.captured is not None:
        return  # what is accepted of the page says nothing of what was captured beside it
    spots = [
        (each.id, spot)
        for each in RULES.values()
        if each.look is not acceptances_are_needed
        for spot in each.look(blueprint)
    ]
    for index, one in enumerate(blueprint.accepted):
        if not any(_covers(one, identifier, spot) for identifier, spot in spots):
            message = (
                f"{one.finding} of {one.component} about {one.about} is accepted, but nothing of the kind is found"
            )
            yield Spot(("accepted", index), message, one.about)


def _covers(one: Acceptance, identifier: str, spot: Spot) -> bool:
    component = spot.path[1] if spot.path[0] == "components" else None
    return (one.finding, one.component) == (identifier, component) and one.about in {None, spot.about}
