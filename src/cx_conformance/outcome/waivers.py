"""Known deviations that a site accepts until a day, and whether they are still needed."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from cx_conformance.blueprint.site import Waiver
from cx_conformance.outcome.outcome import Outcome, Result


class Waivers:
    """A site's waivers, applied to outcomes; remembers which were needed."""

    def __init__(self, waivers: Iterable[Waiver], today: dt.date) -> None:
        """Take the waivers of a site; ``today`` in UTC decides which of them have expired."""
        self.all = tuple(waivers)
        self.today = today
        self._used: set[int] = set()
        self._matched: set[int] = set()

    def apply(self, outcome: Outcome) -> Outcome:
        """Return the outcome, waived where a waiver covers it; an expired waiver is named in the message."""
        expired = ""
        for index, waiver in enumerate(self.all):
            if not _matches(waiver, outcome):
                continue
            self._matched.add(index)
            if outcome.result is not Result.FAIL and not (waiver.errors_too and outcome.result is Result.ERROR):
                continue
            if waiver.expires < self.today:
                expired = f" (the waiver of {waiver.owner} expired on {waiver.expires})"
                continue
            self._used.add(index)
            accepted = f"waived: {waiver.reason} ({waiver.owner}, until {waiver.expires}): {outcome.message}"
            evidence = dict(outcome.evidence) | {"waived_result": str(outcome.result)}
            return replace(outcome, result=Result.WAIVED, message=accepted, evidence=evidence)
        return replace(outcome, message=outcome.message + expired) if expired else outcome

    def listed(self) -> tuple[tuple[Waiver, str], ...]:
        """Return each waiver with its state: ``in use``, ``expired``, ``no longer needed``, ``matches nothing``."""
        return tuple((waiver, self._state(index, waiver)) for index, waiver in enumerate(self.all))

    def _state(self, index: int, waiver: Waiver) -> str:
        if waiver.expires < self.today:
            return "expired"
        if index in self._used:
            return "in use"
        return "no longer needed" if index in self._matched else "matches nothing"


def _matches(waiver: Waiver, outcome: Outcome) -> bool:
    return (
        waiver.check == outcome.check
        and waiver.component in (None, outcome.component)
        and waiver.entry in (None, outcome.entry)
    )
