"""Settling: judging again, with a back-off, until every promise is kept, time is up, or nothing can heal any more.

After an installation pods are still starting, and a run that looks once reports what a minute later would be well.
Only what the last look shows counts; how it came to that is in the evidence, and a promise that was seen kept and then
broken is called flaky, whatever it ended as.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from cx_conformance.outcome.outcome import Outcome, Result

Key = tuple[str, str, str]

_KEPT: Final = (Result.PASS, Result.NOT_APPLICABLE, Result.WAIVED)
"""What is not waited for."""

_MOST_NAMED: Final = 3
"""Components, Jobs and releases that are named while they are waited for; the others are like them."""

_WORDS: Final = {
    Result.PASS: "kept",
    Result.FAIL: "broken",
    Result.ERROR: "error",
    Result.WAIVED: "waived",
    Result.BLOCKED: "blocked",
    Result.NOT_APPLICABLE: "n/a",
}


class Looking(Protocol):
    """What can be looked at several times."""

    def judge(self) -> Iterable[Outcome]:
        """Return how everything ends by the last look."""

    def hopeless(self, outcome: Outcome) -> str | None:
        """Say why waiting alone will not mend ``outcome``; None: it may."""

    def leaving(self) -> int:
        """Count what is kept, and has an old pod that is about to end."""

    def look_again(self, broken: Iterable[Outcome]) -> None:
        """Look at the cluster again, by probes only at what is ``broken``."""


class BackOff(Struct, frozen=True, kw_only=True):
    """Seconds between two looks: the first, by what each is longer than the one before, and the longest."""

    first: float = 2.0
    factor: float = 1.5
    longest: float = 15.0

    def after(self, looks: int) -> float:
        """Return the seconds to wait after so many looks."""
        return min(self.first * self.factor ** (looks - 1), self.longest)


class Course(Struct):
    """How one promise ended, look by look."""

    results: list[Result] = field(default_factory=list)
    last_change: float = 0.0
    """Seconds from the first look to the one that showed what the last one still shows."""
    first_seen: str = ""
    """What the first look that did not find it kept said."""
    hopeless: str = ""
    """Why it was not waited for."""

    @property
    def flaky(self) -> bool:
        """Whether it was seen kept and, at a later look, broken."""
        kept = self.results.index(Result.PASS) if Result.PASS in self.results else len(self.results)
        return Result.FAIL in self.results[kept:]

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Add what a look ``seconds`` after the first one showed."""
        if not self.results or self.results[-1] is not outcome.result:
            self.last_change = seconds
        self.results.append(outcome.result)
        if not self.first_seen and outcome.result not in _KEPT:
            self.first_seen = outcome.message


class Settled(Struct, frozen=True, kw_only=True):
    """What several looks showed."""

    looks: int
    seconds: float
    """From the first look to the end of the last."""
    limit: float
    unsettled: int
    """Promises that the last look did not find kept, waived or not applicable."""
    courses: Mapping[Key, Course]

    def annotated(self, outcome: Outcome) -> Outcome:
        """Return the last look's ``outcome`` with how it came to it; as it is where every look found it kept."""
        course = self.courses.get(outcome.key)
        if course is None or (set(course.results) <= set(_KEPT) and not course.flaky):
            return outcome
        notes = list(outcome.evidence.get("notes", ()))
        told: dict[str, Any] = {"looks": self.looks}
        if outcome.result in _KEPT:
            told |= {"seconds": round(course.last_change, 1), "before": course.first_seen}
            notes.append(f"settled {course.last_change:.0f} s after the first look; before: {course.first_seen}")
        else:
            told["seconds"] = round(self.seconds, 1)
            told |= {"first": course.first_seen} if course.first_seen != outcome.message else {}
            told |= {"last": outcome.evidence["found"]} if "found" in outcome.evidence else {}
            told |= {"not waited for": course.hopeless} if course.hopeless else {}
        evidence = dict(outcome.evidence) | {"settle": told}
        if course.flaky:
            changes = [one for at, one in enumerate(course.results) if at == 0 or one is not course.results[at - 1]]
            evidence["flaky"] = ", ".join(_WORDS[one] for one in changes)
            notes.append(f"flaky: {evidence['flaky']} in {self.looks} looks")
        return replace(outcome, evidence=evidence | ({"notes": notes} if notes else {}))

    def as_mapping(self) -> dict[str, Any]:
        """Return it as ``report.json`` holds it, without the single promises."""
        return {
            "looks": self.looks,
            "seconds": round(self.seconds, 1),
            "limit_seconds": round(self.limit, 1),
            "unsettled": self.unsettled,
            "flaky": sum(one.flaky for one in self.courses.values()),
        }

    @property
    def words(self) -> str:
        """How it went, in one line."""
        looks = f"{self.looks} look{'' if self.looks == 1 else 's'}"
        if not self.unsettled:
            return f"settled after {self.seconds:.0f} s and {looks}"
        if self.seconds < self.limit - 1:
            return f"given up after {self.seconds:.0f} s and {looks}: what is left does not heal by waiting"
        return f"not settled within {self.limit:.0f} s and {looks}"


def settle(  # noqa: PLR0913 - the clock and the sleep are the test's
    looking: Looking,
    limit: float,
    *,
    back_off: BackOff | None = None,
    tell: Callable[[str], None] = lambda _words: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Settled:
    """Judge, and look again until nothing is left to wait for or ``limit`` seconds have passed since the first look.

    The first look has been taken; a last one is taken when time is up. ``tell`` hears what is waited for.
    """
    pauses, started = back_off or BackOff(), clock()
    courses: dict[Key, Course] = defaultdict(Course)
    looks = 0
    while True:
        looks += 1
        passed = clock() - started
        broken = []
        for outcome in looking.judge():
            courses[outcome.key].add(outcome, passed)
            if outcome.result not in _KEPT:
                broken.append(outcome)
        left = limit - (clock() - started)
        waited_for, leaving = _waited_for(looking, broken, courses), looking.leaving()
        if not (waited_for or leaving) or left <= 0:
            break
        what = _still(waited_for, courses, passed) if waited_for else f"{leaving} old pods about to end"
        tell(f"again: {what}; look {looks + 1}, for {left:.0f} s at most")
        sleep(min(pauses.after(looks), left))
        looking.look_again(broken)
    return Settled(looks=looks, seconds=clock() - started, limit=limit, unsettled=len(broken), courses=dict(courses))


def _waited_for(looking: Looking, broken: Iterable[Outcome], courses: Mapping[Key, Course]) -> list[Outcome]:
    """Return what may still heal; what is blocked waits for its cause, which is among the ``broken`` itself."""
    found = []
    for outcome in broken:
        courses[outcome.key].hopeless = ""
        if outcome.result is Result.BLOCKED:
            continue
        reason = looking.hopeless(outcome)
        if reason is None:
            found.append(outcome)
        else:
            courses[outcome.key].hopeless = reason
    return found


def _still(waited_for: Iterable[Outcome], courses: Mapping[Key, Course], passed: float) -> str:
    """Say what is not kept yet, by component, Job or release, and for how long that is seen; the longest first."""
    since: dict[str, float] = {}
    number = 0
    for outcome in waited_for:
        number += 1
        seen = passed - courses[outcome.key].last_change
        for name in outcome.subjects:
            since[name] = max(seen, since.get(name, 0.0))
    longest = sorted(since.items(), key=lambda item: -item[1])
    named = ", ".join(f"{name} for {seconds:.0f} s" for name, seconds in longest[:_MOST_NAMED])
    more = f" and {len(longest) - _MOST_NAMED} more" if len(longest) > _MOST_NAMED else ""
    return f"{number} promises not kept yet ({named}{more})"
