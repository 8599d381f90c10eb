"""How a mutation ends: killed, or a survivor."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import all_checks
from tests.campaign.ground import Ground
from tests.campaign.ground import base as base_of
from tests.campaign.mutation import Mutation

Key = tuple[str, str, str]
WELL = (Result.PASS, Result.NOT_APPLICABLE)
"""How an outcome ends that says nothing against the installation."""


class Fate(StrEnum):
    """How a mutation ends."""

    KILLED = "killed"
    """An outcome that passed, or did not apply, fails for the component, and its words name the fact."""
    UNNAMED = "unnamed"
    """Such an outcome fails, and its words do not name the fact."""
    SURVIVED = "survived"
    """No outcome of the component fails that did not before."""
    BROKE = "broke"
    """A check itself broke on what it saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mutation and how it ended."""

    mutation: Mutation
    fate: Fate
    checks: tuple[str, ...]
    """The checks that killed it, or that fail without naming it."""
    words: str
    """What was said, or what came closest."""


@cache
def static_checks() -> tuple[Check, ...]:
    """Return the checks that look at the API only."""
    return tuple(one for one in all_checks() if not one.live)


def outcomes(ground: Ground, components: Iterable[str] | None = None) -> list[Outcome]:
    """Judge every static check on an installation, for all components or for some."""
    plan = Plan(ground.promised, ground.site)
    snapshot = ground.snapshot(plan)
    looks = {"snapshot": snapshot, "seen": Seen(snapshot, plan, ground.site.fqdn)}
    court = Judge(plan, Waivers((), dt.datetime.now(dt.UTC).date()))
    court.register(static_checks())
    wanted = set(components) if components is not None else None
    return [
        court.outcome(one, entry, looks.__getitem__)
        for one in static_checks()
        for entry in plan.entries(one.per)
        if wanted is None or entry.component in wanted
    ]


@cache
def _passing(name: str) -> frozenset[Key]:
    return frozenset(_key(one) for one in outcomes(Ground(base_of(name))) if one.result in WELL)


def passing(mutation: Mutation) -> frozenset[Key]:
    """Return what passes, or does not apply, before the fact is broken."""
    if mutation.operator.prepare is None:
        return _passing(mutation.base.name)
    told = outcomes(mutation.before(), {mutation.component})
    return frozenset(_key(one) for one in told if one.result in WELL)


def _key(one: Outcome) -> Key:
    return one.check, one.component, one.entry


def judge(mutation: Mutation) -> Judged:
    """Break the installation, look at it, and say how that ended."""
    told = outcomes(mutation.ground(), {mutation.component})
    return judged(mutation, told, passing(mutation))


def judged(mutation: Mutation, told: Sequence[Outcome], before: frozenset[Key]) -> Judged:
    """Say how a mutation ended by what was told of its component."""
    failed = [one for one in told if one.result is Result.FAIL and _key(one) in before]
    naming = [one for one in failed if mutation.named_in(_text(one))]
    broke = [one for one in told if one.result is Result.ERROR and "the check itself broke" in one.message]
    if broke:
        fate, telling = Fate.BROKE, broke
    elif naming:
        fate, telling = Fate.KILLED, naming
    elif failed:
        fate, telling = Fate.UNNAMED, failed
    else:
        fate, telling = Fate.SURVIVED, [one for one in told if one.result not in WELL]
    words = "; ".join(f"{one.check}: {one.message}" for one in telling[:2])
    return Judged(mutation=mutation, fate=fate, checks=tuple(sorted({one.check for one in telling})), words=words)


def _text(one: Outcome) -> str:
    return f"{one.message}\n{json.dumps(one.evidence, default=str)}"
