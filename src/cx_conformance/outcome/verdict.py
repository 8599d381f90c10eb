"""The verdict of a run, and the exit status that goes with it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from cx_conformance.outcome.outcome import Outcome, Result


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

    A broken promise is certain whatever else could not be looked at, so ``fail`` comes before ``error``.
    """
    results = {one.result for one in outcomes}
    if Result.FAIL in results:
        return Verdict.NON_CONFORMANT
    if Result.ERROR in results or not results - {Result.NOT_APPLICABLE}:
        return Verdict.INCONCLUSIVE
    return Verdict.DEVIATIONS if Result.WAIVED in results else Verdict.CONFORMANT
