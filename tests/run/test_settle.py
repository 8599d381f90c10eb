"""Settling: looks follow each other until all is kept, time is up, or waiting is no use; the evidence tells how."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.settle import BackOff, Settled, settle

PASS, FAIL, ERROR, BLOCKED, WAIVED, NA = (
    Result.PASS,
    Result.FAIL,
    Result.ERROR,
    Result.BLOCKED,
    Result.WAIVED,
    Result.NOT_APPLICABLE,
)


def outcome(name: str, result: Result, message: str = "", **evidence: object) -> Outcome:
    """Return how the promise ``name`` ends."""
    return Outcome(
        check="CX104",
        title="Rollout complete",
        area="workloads",
        component=name,
        entry=name,
        severity=Severity.CRITICAL,
        result=result,
        message=message or ("" if result is PASS else f"{name} is {result}"),
        evidence=evidence,
    )


class Course:
    """A cluster whose promises end as told, look by look; the last look is what stays. Its clock is its own."""

    def __init__(self, looks: Sequence[dict[str, Result]], hopeless: Iterable[str] = (), seconds: float = 1.0) -> None:
        """Show ``looks`` one after the other, each of which takes ``seconds``."""
        self.looks = looks
        self.stuck = set(hopeless)
        self.seconds = seconds
        self.now = 100.0
        self.taken = 1
        self.again: list[set[str]] = []
        self.slept: list[float] = []
        self.ends: tuple[int, ...] = ()
        """Old pods about to end, look by look."""

    def judge(self) -> list[Outcome]:
        """Return the outcomes of the last look."""
        shown = self.looks[min(self.taken, len(self.looks)) - 1]
        return [outcome(name, result, found=f"look {self.taken}") for name, result in shown.items()]

    def hopeless(self, one: Outcome) -> str | None:
        """Say that what is stuck is stuck."""
        return "the image does not exist" if one.component in self.stuck else None

    def leaving(self) -> int:
        """Say how many old pods the look shows that are about to end."""
        return self.ends[self.taken - 1] if self.taken <= len(self.ends) else 0

    def look_again(self, broken: Iterable[Outcome]) -> None:
        """Take the next look."""
        self.again.append({one.component for one in broken})
        self.taken += 1
        self.now += self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds

    def settle(self, limit: float = 60.0) -> Settled:
        """Settle on this course."""
        back_off = BackOff(first=2, factor=2, longest=10)
        return settle(self, limit, back_off=back_off, clock=lambda: self.now, sleep=self.sleep)


def test_what_is_kept_at_the_first_look_is_not_looked_at_again() -> None:
    """One look, no waiting, nothing to tell."""
    course = Course([{"a": PASS, "b": NA, "c": WAIVED}])
    settled = course.settle()

    assert (settled.looks, course.again, course.slept) == (1, [], [])
    assert settled.annotated(outcome("a", PASS)) == outcome("a", PASS)


def test_it_looks_again_at_what_failed_until_all_is_kept() -> None:
    """Back-off grows; the kept promise says when it settled, after how many looks, and what was seen before."""
    course = Course([{"a": PASS, "b": FAIL}, {"a": PASS, "b": ERROR}, {"a": PASS, "b": PASS}])
    settled = course.settle()

    assert course.again == [{"b"}, {"b"}]
    assert course.slept == [2, 4]
    assert (settled.looks, settled.unsettled, settled.words) == (3, 0, "settled after 8 s and 3 looks")
    told = settled.annotated(outcome("b", PASS)).evidence
    assert told["settle"] == {"looks": 3, "seconds": 8.0, "before": "b is fail"}
    assert told["notes"] == ["settled 8 s after the first look; before: b is fail"]
    assert settled.annotated(outcome("a", PASS)) == outcome("a", PASS)


def test_old_pods_that_are_about_to_end_are_waited_for() -> None:
    """Everything is kept already, and what comes after them may break."""
    course = Course([{"a": PASS}])
    course.ends = (2, 1)
    assert (course.settle().looks, course.again) == (3, [set(), set()])


def test_it_ends_when_time_is_up_with_a_last_look() -> None:
    """The broken promise says how long and how often it was looked at, and the last value seen."""
    course = Course([{"a": FAIL}])
    settled = course.settle(limit=20)

    assert course.slept[-1] < 10, "the last pause is what is left"
    assert settled.seconds >= 20
    assert settled.unsettled == 1
    assert settled.words == f"not settled within 20 s and {settled.looks} looks"
    told = settled.annotated(outcome("a", FAIL, found="0 of 1")).evidence["settle"]
    assert told == {"looks": settled.looks, "seconds": round(settled.seconds, 1), "last": "0 of 1"}


def test_it_stops_early_when_nothing_that_is_left_can_heal() -> None:
    """What is blocked waits for its cause, so it does not count."""
    course = Course([{"a": FAIL, "b": FAIL, "c": BLOCKED}, {"a": FAIL, "b": PASS, "c": BLOCKED}], hopeless=["a"])
    settled = course.settle()

    assert settled.looks == 2, "b may heal, so there is a second look"
    assert "does not heal by waiting" in settled.words
    told = settled.annotated(outcome("a", FAIL)).evidence["settle"]
    assert told["not waited for"] == "the image does not exist"


def test_a_promise_that_flips_is_flaky_even_if_it_ends_kept() -> None:
    """Its evidence shows the changes; it is never silently passed."""
    looks = [{"a": PASS, "b": FAIL}, {"a": FAIL, "b": FAIL}, {"a": PASS, "b": PASS}]
    settled = Course(looks).settle()

    told = settled.annotated(outcome("a", PASS)).evidence
    assert told["flaky"] == "kept, broken, kept"
    assert "flaky: kept, broken, kept in 3 looks" in told["notes"]
    assert "flaky" not in settled.annotated(outcome("b", PASS)).evidence, "healing is no flipping"
    assert settled.as_mapping()["flaky"] == 1


def test_a_look_that_failed_makes_nothing_flaky() -> None:
    """An API server that does not answer shows no promise broken."""
    settled = Course([{"a": PASS, "b": FAIL}, {"a": ERROR, "b": ERROR}, {"a": PASS, "b": PASS}]).settle()

    assert "flaky" not in settled.annotated(outcome("a", PASS)).evidence


def test_notes_of_the_check_itself_are_kept() -> None:
    """What settling tells is added to them."""
    settled = Course([{"a": FAIL}, {"a": PASS}]).settle()

    assert settled.annotated(outcome("a", PASS, notes=["found by its alias"])).evidence["notes"] == [
        "found by its alias",
        "settled 3 s after the first look; before: a is fail",
    ]


def test_without_time_there_is_one_look() -> None:
    """A time limit may leave nothing for settling."""
    course = Course([{"a": FAIL}])

    assert course.settle(limit=-1).looks == 1
    assert course.slept == []


def test_the_pause_grows_to_its_longest() -> None:
    """2, 3, 4.5 ... 15 seconds."""
    back_off = BackOff()

    assert [round(back_off.after(looks), 2) for looks in (1, 2, 3)] == [2, 3, 4.5]
    assert back_off.after(40) == 15


def test_what_is_waited_for_is_named_with_how_long_it_has_been_so() -> None:
    """The longest first; of many components the others are counted."""
    first = {"a": FAIL, "b": FAIL, "c": FAIL, "d": FAIL, "e": PASS}
    course = Course([first, first | {"a": PASS}, dict.fromkeys("abcde", PASS)])
    told: list[str] = []
    settle(course, 60, tell=told.append, clock=lambda: course.now, sleep=course.sleep)
    assert told[0].startswith("again: 4 promises not kept yet (a for 0 s, b for 0 s, c for 0 s and 1 more); look 2")
    assert told[1].startswith("again: 3 promises not kept yet (b for 3 s, c for 3 s, d for 3 s); look 3")


def test_jobs_and_releases_are_waited_for_by_their_own_names() -> None:
    """Of the platform there are many promises; which Job is awaited, its check has said."""

    class OfJobs(Course):
        def judge(self) -> list[Outcome]:
            return [replace(one, evidence={"about": ["Job ef-external/schema"]}) for one in super().judge()]

    course = OfJobs([{"platform": FAIL}, {"platform": PASS}])
    told: list[str] = []
    settle(course, 60, tell=told.append, clock=lambda: course.now, sleep=course.sleep)
    assert told[0].startswith("again: 1 promises not kept yet (Job ef-external/schema for 0 s)")
