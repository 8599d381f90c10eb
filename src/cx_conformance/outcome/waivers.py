"""Known deviations that a site accepts until a day, and whether they are still needed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from cx_conformance.blueprint.site import Waiver
from cx_conformance.outcome.outcome import Outcome, Result

STATIC: Final = "static run: no exec, no tunnel, no login"
"""Why a live check is not applicable in a static run: nothing is said of its promise."""


class State(StrEnum):
    """What became of a waiver in a run."""

    IN_USE = "in use"
    EXPIRED = "expired"
    UNNEEDED = "no longer needed"
    OF_NOTHING = "matches nothing"
    NOT_LOOKED_AT = "not looked at"
    """What it is about was left out, blocked, or could not be looked at: whether it is needed is not known."""


class Waivers:
    """A site's waivers, applied to outcomes."""

    def __init__(self, waivers: Iterable[Waiver], today: dt.date) -> None:
        """Take the waivers of a site; ``today`` in UTC decides which of them have expired."""
        self.all = tuple(waivers)
        self.today = today

    def apply(self, outcome: Outcome) -> Outcome:
        """Return the outcome, waived where a waiver covers it; an expired waiver is named in the message."""
        if not self.all:
            return outcome
        expired = ""
        for waiver in self.all:
            if not waiver.matches(outcome.check, outcome.component, outcome.entry):
                continue
            if outcome.result is not Result.FAIL and not (waiver.errors_too and outcome.result is Result.ERROR):
                continue
            if waiver.expires < self.today:
                expired = f" (the waiver of {waiver.owner} expired on {waiver.expires})"
                continue
            accepted = f"waived: {waiver.reason} ({waiver.owner}, until {waiver.expires}): {outcome.message}"
            evidence = dict(outcome.evidence) | {"waived_result": str(outcome.result)}
            return replace(outcome, result=Result.WAIVED, message=accepted, evidence=evidence)
        return replace(outcome, message=outcome.message + expired) if expired else outcome

    def states(
        self, outcomes: Iterable[Outcome], implied: Callable[[Waiver], bool]
    ) -> tuple[tuple[Waiver, "State"], ...]:
        """Return each waiver with what ``outcomes`` say of it.

        ``implied`` tells whether blueprint and site imply a promise that a waiver is about, looked at or not.
        """
        if not self.all:
            return ()
        found: dict[int, set[State]] = defaultdict(set)
        for outcome in outcomes:
            result, covered = Result(outcome.evidence.get("waived_result", outcome.result)), False
            for index, waiver in enumerate(self.all):
                if waiver.matches(outcome.check, outcome.component, outcome.entry) and waiver.expires >= self.today:
                    # What an earlier one covers, this one is not needed for.
                    state = State.UNNEEDED if covered else _state(waiver, outcome, result)
                    found[index].add(state)
                    covered |= state is State.IN_USE

        def told(index: int, waiver: Waiver) -> State:
            if waiver.expires < self.today:
                return State.EXPIRED
            # What was needed once is needed; what was not looked at everywhere may be.
            for state in (State.IN_USE, State.NOT_LOOKED_AT, State.UNNEEDED):
                if state in found[index]:
                    return state
            return State.NOT_LOOKED_AT if implied(waiver) else State.OF_NOTHING

        return tuple((waiver, told(index, waiver)) for index, waiver in enumerate(self.all))


def _state(waiver: Waiver, outcome: Outcome, result: Result) -> State:
    if result is Result.FAIL or (waiver.errors_too and result is Result.ERROR):
        return State.IN_USE
    kept = result is Result.PASS or (result is Result.NOT_APPLICABLE and outcome.message != f"n/a: {STATIC}")
    return State.UNNEEDED if kept else State.NOT_LOOKED_AT
