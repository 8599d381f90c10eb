"""Root causes with what they block, and what could not be looked at, reason by reason."""

from collections import defaultdict
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import SharedCause, causes_of
from cx_conformance.reports.legible import LIMIT, cut
from cx_conformance.reports.page.sheet import anchors
from cx_conformance.reports.page.sheet.kubectl import command

IN_FULL: Final = 100
"""Root causes that are told in full; the others by check."""
NAMED: Final = 12
"""Components that a list names before it counts."""
_SHORT: Final = 600


class Cause(Struct, frozen=True, kw_only=True):
    """A broken promise, or several that are broken by one thing, and what waits for them."""

    outcome: Outcome
    """The first of them, which the others follow from."""
    severity: Severity
    """How bad the worst of them is."""
    number: int
    """How many there are."""
    components: tuple[str, ...]
    """Whose they are."""
    evidence: tuple[tuple[str, str], ...]
    """Anchor and name of the first of them."""
    message: str
    command: str
    """Shows the object that it is about; empty: it names none."""
    blocked: int
    blocks: tuple[str, ...]
    """The components that wait."""


class Alike(Struct, frozen=True):
    """Broken promises of one check, or promises that could not be looked at for one reason."""

    what: str
    outcomes: tuple[Outcome, ...]
    blocked: int = 0

    @property
    def checks(self) -> dict[str, tuple[str, ...]]:
        """Return the components by check."""
        found: dict[str, list[str]] = defaultdict(list)
        for one in self.outcomes:
            found[f"{one.check} {one.title}"].append(one.component)
        return {check: tuple(dict.fromkeys(components)) for check, components in found.items()}

    @property
    def remedies(self) -> tuple[str, ...]:
        """Return what to do, each once."""
        return tuple(dict.fromkeys(one.remedy for one in self.outcomes if one.remedy))


def broken(record: RunRecord) -> tuple[list[Cause], list[Alike]]:
    """Return the first root causes in full, worst first, and the others by check."""
    found = causes_of(record.outcomes)
    limit = LIMIT if len(found) <= IN_FULL // 2 else _SHORT
    rest: dict[str, list[Outcome]] = defaultdict(list)
    for one in found[IN_FULL:]:
        rest[f"{one.outcome.check} {one.outcome.title}"] += one.outcomes
    context = record.cluster.context if record.cluster else ""
    return [_cause(one, limit, context) for one in found[:IN_FULL]], [
        Alike(check, tuple(ones)) for check, ones in rest.items()
    ]


def counts(record: RunRecord) -> dict[str, int]:
    """Return how many causes break how many promises of how many components."""
    broken = [one for one in record.outcomes if one.result is Result.FAIL]
    return {
        "causes": len(causes_of(record.outcomes)),
        "promises": len(broken),
        "components": len({one.component for one in broken}),
    }


def not_looked_at(record: RunRecord) -> list[Alike]:
    """Return what could not be looked at, once for each reason."""
    return [Alike(one.words, one.outcomes, len(one.blocked)) for one in causes_of(record.outcomes, Result.ERROR)]


def _cause(cause: SharedCause, limit: int, context: str) -> Cause:
    text = cause.words
    return Cause(
        outcome=cause.outcome,
        severity=cause.severity,
        number=len(cause.causes),
        components=cause.components,
        evidence=tuple(
            (anchors.of_outcome(one), _named(one) if len(cause.components) > 1 else one.entry)
            for one in cause.outcomes[:NAMED]
        ),
        message=text if len(text) <= limit else cut(text, limit, was=len(text)),
        command=command(cause.outcome, context),
        blocked=len(cause.blocked),
        blocks=tuple(dict.fromkeys(one.component for one in cause.blocked)),
    )


def _named(outcome: Outcome) -> str:
    """Return component and entry; a call names its caller itself."""
    component, entry = outcome.component, outcome.entry
    return entry if entry == component or entry.startswith(f"{component} ") else f"{component} {entry}"
