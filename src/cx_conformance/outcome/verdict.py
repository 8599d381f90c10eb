"""The verdict of a run, and the exit status that goes with it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import root_name


class Verdict(StrEnum):
    """What a run says of a platform."""

    CONFORMANT = "conformant"
    """Every promise that was looked at is kept."""
    DEVIATIONS = "conformant with deviations"
    """Every broken promise is waived."""
    NON_CONFORMANT = "non-conformant"
    """At least one promise is broken."""
    INCONCLUSIVE = "inconclusive"
    """Nothing is known to be broken, but not everything could be looked at."""


EXIT_STATUS: Final = {
    Verdict.CONFORMANT: 0,
    Verdict.DEVIATIONS: 0,
    Verdict.NON_CONFORMANT: 1,
    Verdict.INCONCLUSIVE: 3,
}
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130


def verdict_of(outcomes: Iterable[Outcome]) -> Verdict:
    """Return the verdict; no outcome at all is inconclusive.

    A broken promise is certain whatever else could not be looked at, so ``fail`` comes before ``error``. What is
    blocked by something that was left out was not seen kept.
    """
    every = tuple(outcomes)
    results = {one.result for one in every}
    if Result.FAIL in results:
        return Verdict.NON_CONFORMANT
    if Result.ERROR in results or not results - {Result.NOT_APPLICABLE}:
        return Verdict.INCONCLUSIVE
    if Result.BLOCKED in results and _blocked_by_others(every):
        return Verdict.INCONCLUSIVE
    return Verdict.DEVIATIONS if Result.WAIVED in results else Verdict.CONFORMANT


def _blocked_by_others(outcomes: Iterable[Outcome]) -> bool:
    """Whether something is blocked by what is not among these outcomes as waived."""
    every = tuple(outcomes)
    waived = {(root_name(one), one.entry) for one in every if one.result is Result.WAIVED}
    names = {name for name, _ in waived}
    return any(
        one.result is Result.BLOCKED
        and ((one.root, one.root_entry) not in waived if one.root_entry else one.root not in names)
        for one in every
    )
