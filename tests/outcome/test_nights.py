"""What a row of nights says."""

import datetime as dt

from cx_conformance.outcome.nights import Night, failing_since, flapping, strips
from cx_conformance.outcome.outcome import Result

P, F, E, W = Result.PASS, Result.FAIL, Result.ERROR, Result.WAIVED
KEY = ("CX203", "ccm", "ef-ccm-svc")
FIRST = dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC)


def nights(*results: Result | None) -> list[Night]:
    """Return a night for each result; None: the promise was not among its outcomes."""
    return [
        Night(
            started=FIRST + dt.timedelta(days=day),
            verdict="",
            partial=False,
            results={KEY: result} if result is not None else {},
        )
        for day, result in enumerate(results)
    ]


def test_a_promise_is_broken_since_it_was_last_seen_kept() -> None:
    """A night without a look ends nothing; a kept or waived one does."""
    assert failing_since(nights(F, P, F, E, F), KEY) == FIRST + dt.timedelta(days=2)
    assert failing_since(nights(F, None, F), KEY) == FIRST
    assert failing_since(nights(F, W, F), KEY) == FIRST + dt.timedelta(days=2)
    assert failing_since(nights(F, P), KEY) is None


def test_a_promise_that_comes_and_goes_is_flapping() -> None:
    """Three turns within the last thirty nights; errors are no turns."""
    assert flapping(nights(P, F, P, F)) == {KEY: 3}
    assert flapping(nights(P, F, P, E, P)) == {}
    assert flapping(nights(P, F, P, F, *[F] * 30)) == {}


def test_a_strip_shows_the_worst_of_each_night() -> None:
    """Oldest first, a gap where nothing was looked at."""
    row = nights(P, None, P)
    row[2] = Night(started=row[2].started, verdict="", partial=False, results={KEY: P, ("CX101", "ccm", "ef-ccm"): F})

    assert strips(row) == {"ccm": (P, None, F)}
    assert len(strips(nights(*[P] * 40))["ccm"]) == 30
