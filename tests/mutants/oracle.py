"""What must hold of checks, asked without a server: a mutant for which it does not is killed.

Whatever does not depend on the mutant is done once, before it: the installations are made and looked at, and what the
checks that it leaves alone find is known. Only the checks that it touches are asked; the quickest questions come first.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import all_checks
from tests.campaign import measured
from tests.campaign.judging import Fate, Key, judged, passing
from tests.campaign.mutation import Mutation
from tests.campaign.operators import all_mutations
from tests.campaign.test_sample import LARGE
from tests.checks.installation import Installation, blueprint
from tests.checks.test_breaking import BROKEN
from tests.checks.test_notes import NOTED
from tests.checks.test_variations import VARIATIONS
from tests.checks.variations import FIELD
from tests.checks.variations.vary import Vary

About = tuple[str, str, str | None]
"""A check, a component and one of its entries."""
SITE = {"fqdn": "cx.example.com"}
_KEPT = (Result.PASS, Result.NOT_APPLICABLE)
OPTIONAL_PORTS = ("CX203", "CX205", "CX206")
"""Checks of ports that do not look away from one that may be absent."""


class World:
    """An installation that was looked at, to be judged by whatever the checks are by then."""

    def __init__(self, installation: Installation) -> None:
        """Look at it."""
        self._plan = Plan(blueprint(), installation.site)
        snapshot = installation.snapshot(self._plan)
        seen = Seen(snapshot, self._plan, installation.site.fqdn)
        self._looks: dict[str, Any] = {"snapshot": snapshot, "seen": seen}

    def outcomes(self, identities: Collection[str], component: str | None = None) -> list[Outcome]:
        """Judge these checks' entries, of one component or of all."""
        court = Judge(self._plan, Waivers((), dt.datetime.now(dt.UTC).date()), static=True)
        court.register(all_checks())
        return [
            court.outcome(court.checks[identity], entry, self._looks.__getitem__)
            for identity in identities
            for entry in self._plan.entries(court.checks[identity].per)
            if component in (None, entry.component)
        ]

    def outcome(self, identity: str, component: str, entry: str | None = None) -> Outcome:
        """Judge one entry of one check."""
        return next(one for one in self.outcomes([identity], component) if entry in (None, one.entry))


@dataclass(frozen=True, slots=True)
class Question:
    """Something that holds of some checks."""

    checks: frozenset[str]
    """Those it is about; it says nothing of a mutant that leaves one of them alone."""
    holds: Callable[[Collection[str]], bool]
    """Asks it of the checks that are touched."""


def questions(own: Collection[str]) -> list[Question]:
    """Return all that is to be asked about the static checks ``own``; run before any mutant is made."""
    asked = [_quiet(lambda _: None), *_broken(own), *_noted(own)]
    asked += [
        Question(frozenset({one}), partial(_passes, World(Installation(SITE)), (one, "keycloak", "keycloak:8443")))
        for one in OPTIONAL_PORTS
        if one in own
    ]
    return [*asked, *_campaign(own), *map(_quiet, (VARIATIONS | FIELD).values())]


def hold(asked: Collection[Question], touched: Collection[str]) -> bool:
    """Tell whether every question about the checks touched is answered as it should be."""
    return all(one.holds(touched) for one in asked if one.checks <= set(touched))


def _quiet(vary: Vary) -> Question:
    """Ask whether no check fails on a legitimate variation."""
    installation = Installation(SITE)
    vary(installation)
    world = World(installation)
    return Question(frozenset(), lambda touched: all(one.result in _KEPT for one in world.outcomes(touched)))


def _passes(world: World, about: About, _: Collection[str]) -> bool:
    return world.outcome(*about).result is Result.PASS


def _broken(own: Collection[str]) -> Iterator[Question]:
    """Ask whether what is broken is found, in the words that the tests want."""
    for identity, component, entry, break_it, words in BROKEN:
        if identity in own:
            installation = Installation(SITE)
            break_it(installation)
            about = identity, component, entry
            yield Question(frozenset({identity}), partial(_found, World(installation), about, words))


def _found(world: World, about: About, words: str, _: Collection[str]) -> bool:
    ended = world.outcome(*about)
    said = ended.evidence.get("seen", "") if ended.result is Result.BLOCKED else ended.message
    return ended.result in (Result.FAIL, Result.BLOCKED) and words in said


def _noted(own: Collection[str]) -> Iterator[Question]:
    """Ask whether another way is noted, and the documented one is not."""
    usual = World(Installation(SITE))
    for identity, component, entry, vary, words in NOTED:
        if identity in own:
            installation = Installation(SITE)
            vary(installation)
            about = identity, component, entry
            yield Question(frozenset({identity}), partial(_told, usual, World(installation), about, words))


def _told(usual: World, varied: World, about: About, words: str, _: Collection[str]) -> bool:
    ended = varied.outcome(*about)
    notes = [any(words in note for note in one.evidence.get("notes", [])) for one in (usual.outcome(*about), ended)]
    return ended.result is Result.PASS and notes == [False, True]


def _campaign(own: Collection[str]) -> Iterator[Question]:
    """Ask whether facts that these checks alone are known to find broken are found: by each operator, two of them."""
    known: dict[tuple[str, tuple[str, ...]], list[measured.Row]] = {}
    for row in measured.load():
        if row.fate == Fate.KILLED and not row.live and row.operator not in LARGE and set(row.checks) <= set(own):
            known.setdefault((row.operator, row.checks), []).append(row)
    wanted = {(one.operator, one.fact): one.checks for rows in known.values() for one in (rows[0], rows[-1])}
    for mutation in all_mutations():
        checks = wanted.get((mutation.operator.name, mutation.fact.name))
        if checks is not None:
            world = World(mutation.ground())
            yield Question(frozenset(checks), partial(_killed, world, mutation, passing(mutation), checks))


def _killed(
    world: World, mutation: Mutation, before: frozenset[Key], checks: Sequence[str], _: Collection[str]
) -> bool:
    return judged(mutation, world.outcomes(checks, mutation.component), before).fate is Fate.KILLED
