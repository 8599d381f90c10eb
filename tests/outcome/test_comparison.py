"""Two runs side by side."""

import pytest
from msgspec.structs import replace

from cx_conformance.outcome.comparison import compare, latencies
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import Input
from tests.reports.made_up import CLUSTER, outcome, record


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        (Result.PASS, Result.FAIL, "broke"),
        (Result.WAIVED, Result.FAIL, "broke"),
        (Result.ERROR, Result.FAIL, "broke"),
        (Result.FAIL, Result.PASS, "fixed"),
        (Result.FAIL, Result.FAIL, "still"),
        (Result.FAIL, Result.WAIVED, "let_pass"),
        (Result.PASS, Result.ERROR, "lost_sight"),
        (Result.ERROR, Result.PASS, "seen_again"),
        (Result.FAIL, Result.BLOCKED, None),
        (Result.BLOCKED, Result.PASS, None),
        (Result.PASS, Result.PASS, None),
    ],
)
def test_a_promise_is_told_by_how_it_turned(was: Result, now: Result, told: str | None) -> None:
    """Each turn in one place, and what is hidden behind another failure is not told as fixed."""
    found = compare(record(outcome(was)), record(outcome(now)))

    kinds = ("broke", "fixed", "still", "let_pass", "lost_sight", "seen_again", "added", "dropped", "slower")
    assert [kind for kind in kinds if getattr(found, kind)] == ([told] if told else [])
    assert found.changed is (told not in (None, "still"))


def test_promises_that_came_and_went_are_told() -> None:
    """A promise that came and is broken is told as broken too."""
    old, new = outcome(entry="old"), outcome(Result.FAIL, entry="new")

    found = compare(record(old), record(new))

    assert (found.added, found.dropped, found.broke) == ((new,), (old,), (new,))


def test_what_was_left_out_of_a_run_is_not_dropped() -> None:
    """``--only`` makes no promise disappear."""
    found = compare(record(outcome()), record(deselected=1, selection="--only CX101"))

    assert found.dropped == ()
    assert "the later run is partial: --only CX101" in found.notes


def test_a_probe_that_takes_much_longer_is_told() -> None:
    """By its slowest pod, whatever the pods are called; 3 ms instead of 1 ms is noise."""
    old = outcome(evidence={"ms": {"ccm-a": 80.0, "ccm-b": 100.0}})
    new = replace(old, evidence={"ms": {"ccm-c": 90.0, "ccm-d": 250.0}})
    (slower,) = compare(record(old), record(new)).slower

    assert (slower.before_ms, slower.now_ms) == (100.0, 250.0)
    assert compare(record(old), record(new), factor=3).slower == ()
    fast, less_fast = outcome(evidence={"connect_ms": 1.0}), outcome(evidence={"connect_ms": 3.0})
    assert compare(record(fast), record(less_fast)).slower == ()


def test_latencies_are_numbers_only() -> None:
    """A cell of evidence that holds something else is passed over."""
    assert latencies(outcome(evidence={"ms": {"a": 1, "b": "late", "c": True}, "connect_ms": None})) == (1.0,)


def test_runs_that_differ_in_what_they_are_of_are_told_apart() -> None:
    """Another cluster, another blueprint."""
    other = replace(CLUSTER, uid="another")
    found = compare(record(), record(cluster=other, blueprint=Input(name="expertflow-cx", version="4.6")))

    assert found.notes == (
        f"these are runs of two clusters: {CLUSTER.uid} and another",
        "the blueprint has changed: version 4.5.3 before, 4.6 now",
    )
