"""The campaign on a captured blueprint: what is found broken by what was captured of an installation, and nothing else.

It breaks every fact of the captured blueprint by the API's own objects; ``--captured`` measures it for the page.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

import tests.campaign.operators  # noqa: F401 - makes all of them known
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.outcome.outcome import Outcome, Result
from tests.campaign import judging
from tests.campaign.facts import facts
from tests.campaign.ground import Base, Ground, Inapplicable
from tests.campaign.judging import Fate, Judged, judged, outcomes
from tests.campaign.mutation import Mutation, mutations
from tests.capture.stage import captured_from
from tests.checks.installation import FQDN, Installation

KEPT: Final = Path(__file__).with_name("captured.json")


@cache
def _base() -> Base:
    """Return the reference installation, with its parts as they were captured."""
    manifests = Installation().manifests
    return Base(name="captured", site={"fqdn": FQDN}, promised=blueprint(), manifests=orjson.dumps(manifests))


@cache
def blueprint() -> Blueprint:
    """Return what is captured of the reference installation."""
    return captured_from(Installation().manifests, "expertflow", "ef-external").blueprint


def all_mutations() -> list[Mutation]:
    """Return every way of breaking a fact of the captured blueprint by the API's own objects."""
    return list(mutations((_base(), fact) for fact in facts(blueprint())))


def _passing(ground: Ground, component: str) -> frozenset[judging.Key]:
    return frozenset(judging._key(one) for one in _told(ground, component) if one.result is Result.PASS)


@cache
def _passing_before(component: str) -> frozenset[judging.Key]:
    return _passing(Ground(_base()), component)


def _told(ground: Ground, component: str) -> list[Outcome]:
    return outcomes(ground, {component})


def judge(some: Iterable[Mutation]) -> Iterator[Judged]:
    """Break one fact after the other, and say how that ended; what cannot be broken so is left out."""
    for one in some:
        try:
            broken = one.ground()
        except Inapplicable:
            continue
        prepared = one.operator.prepare is not None
        passing = _passing(one.before(), one.component) if prepared else _passing_before(one.component)
        yield judged(one, _told(broken, one.component), passing)


def measure(every: int = 1) -> dict[str, Any]:
    """Break every fact (or every so-manieth), keep the figures beside this file and return them."""
    ended = list(judge(all_mutations()[::every]))
    alive = [one.mutation for one in ended if one.fate is not Fate.KILLED]
    left = Counter(f"{one.fact.field}: {one.operator.name}" for one in alive)
    found = {
        "measured": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "facts": len(list(facts(blueprint()))),
        "mutations": len(ended),
        "killed": sum(one.fate is Fate.KILLED for one in ended),
        "survivors": dict(sorted(left.items())),
    }
    KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def section() -> Iterator[str]:
    """Yield the section of the coverage page."""
    found = json.loads(KEPT.read_text(encoding="utf-8"))
    killed, broken = found["killed"], found["mutations"]
    yield "## A captured blueprint\n"
    yield "The same installation, held to nothing but what `cx-conformance capture` wrote of it, and broken by the"
    yield f"API's own objects (`tox -e campaign -- --captured`), as measured on {found['measured']}: of"
    yield f"{found['facts']} facts, {broken} mutations, {killed} killed ({100 * killed / broken:.1f} %). Survivors:\n"
    yield "| field: way of breaking | number |"
    yield "| --- | --- |"
    yield from (f"| {name} | {number} |" for name, number in found["survivors"].items())
    yield ""
