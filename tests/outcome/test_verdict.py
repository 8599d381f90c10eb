"""What a run says of a platform, of which part was blocked."""

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.verdict import Verdict, verdict_of
from tests.reports.made_up import outcome

KEPT = outcome(component="redis")
BLOCKED = outcome(Result.BLOCKED, root="CX101 ccm", root_entry="ef-ccm")


def root(result: Result) -> Outcome:
    """Return the outcome that blocks."""
    return outcome(result, check="CX101", entry="ef-ccm")


@pytest.mark.parametrize(
    ("others", "verdict"),
    [
        ((root(Result.FAIL),), Verdict.NON_CONFORMANT),
        ((root(Result.ERROR),), Verdict.INCONCLUSIVE),
        ((root(Result.WAIVED),), Verdict.DEVIATIONS),
        ((), Verdict.INCONCLUSIVE),
        ((outcome(Result.WAIVED, component="minio"),), Verdict.INCONCLUSIVE),
    ],
    ids=["broken", "not looked at", "waived", "left out", "left out, and something else is waived"],
)
def test_what_is_blocked_was_not_seen_kept(others: tuple[Outcome, ...], verdict: Verdict) -> None:
    """Unless what blocks it is waived: a cluster that is down does not conform because its one error was left out."""
    assert verdict_of((KEPT, BLOCKED, *others)) is verdict
