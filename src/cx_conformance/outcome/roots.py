"""Root causes: the broken promises that others wait for, worst first."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cx_conformance.outcome.outcome import Outcome, Result


@dataclass(frozen=True, slots=True)
class RootCause:
    """A failure or error, and the outcomes that it blocks."""

    outcome: Outcome
    blocked: tuple[Outcome, ...]


def root_causes(outcomes: Iterable[Outcome]) -> tuple[RootCause, ...]:
    """Return every failure and error with what it blocks: by severity, then by how much it blocks."""
    every = tuple(outcomes)
    blocked: dict[str, list[Outcome]] = defaultdict(list)
    for one in every:
        if one.result is Result.BLOCKED and one.root:
            blocked[one.root].append(one)
    causes: list[RootCause] = []
    for one in every:
        if one.result in (Result.FAIL, Result.ERROR):
            name = root_name(one)
            causes.append(RootCause(one, tuple(blocked.pop(name, ()))))
    return tuple(
        sorted(
            causes,
            key=lambda cause: (
                cause.outcome.severity.rank,
                -len(cause.blocked),
                cause.outcome.component,
                cause.outcome.check,
                cause.outcome.entry,
            ),
        )
    )


def root_name(outcome: Outcome) -> str:
    """Return how blocked outcomes name the one that blocks them: ``CX101 ccm``."""
    return f"{outcome.check} {outcome.entry if outcome.component == 'platform' else outcome.component}"
