"""Promises that were to be looked at and have no outcome: each becomes an error, so that nothing is lost silently."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from cx_conformance.outcome.judge import severity_of
from cx_conformance.outcome.outcome import Outcome, Result

if TYPE_CHECKING:
    from cx_conformance.run.run import Run

Key = tuple[str, str, str]


def lost_outcomes(run: "Run", lost: Collection[Key], because: str, ended: Mapping[Key, str]) -> list[Outcome]:
    """Return an error for each promise of ``lost``; ``because`` says why, where ``ended`` does not say so of it."""
    if not lost:
        return []
    return [
        Outcome(
            check=check.id,
            title=check.title,
            area=check.area,
            component=entry.component,
            entry=entry.id,
            severity=severity_of(check, entry),
            result=Result.ERROR,
            message=ended.get((check.id, entry.component, entry.id), because),
            remedy="run again",
        )
        for check, entry in run.implied
        if (check.id, entry.component, entry.id) in lost
    ]
