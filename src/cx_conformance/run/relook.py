"""Looking at a run's cluster again: what to look at, what to keep, and what waiting cannot mend."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.readiness import rollout, troubles
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.event import Event
from cx_conformance.objects.helm import by_helm
from cx_conformance.objects.job import Job
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.settle import Settled, settle

if TYPE_CHECKING:
    from cx_conformance.run.run import Run

_LOOKS_UNCHANGED: Final = 5
"""After so many looks that show the same objects, and no rollout in progress, nobody is still installing."""
_LOOKS_MISSING: Final = 3
"""For so many looks a missing Secret or ConfigMap is waited for: whoever installs may be about to create it."""
_JOBS: Final = "CX115"
"""The check of what charts do once; it looks at no workload whose rollout would tell whether it goes on."""
_OF_THE_LOGIN: Final = frozenset({"CX850", "CX851"})
"""The checks of a person's login, which a run makes once."""
_MAY_COME: Final = frozenset({"CreateContainerConfigError", "Terminating"})
"""Troubles that waiting does not end, but that somebody may be about to end."""
_FOR_REPORTS: Final = 2.0
"""Seconds of the time limit that settling leaves for judging and reports."""


class Relook:
    """Judges a run's checks, look after look."""

    def __init__(self, run: "Run", asked: Collection[tuple[Check, Entry[Any]]]) -> None:
        """Judge what was ``asked`` for, by what ``run`` has seen."""
        self._run = run
        self._asked = asked
        self._live = {check.id for check, _ in asked if check.live}
        self.last: list[Outcome] = []
        """The last judgement, for a run that is interrupted while it waits."""
        self._unchanged = 1
        self._stuck: dict[str, tuple[str, int]] = {}
        self._note()

    def judge(self) -> list[Outcome]:
        """Return how everything ends by the last look."""
        self.last = [self._run.judge.outcome(check, entry, self._run.looked) for check, entry in self._asked]
        return self.last

    def hopeless(self, outcome: Outcome) -> str | None:
        """Say why waiting alone will not mend ``outcome``; None: it may, or nobody can tell."""
        if outcome.component in self._stuck:
            words, looks = self._stuck[outcome.component]
            return words if looks <= 0 else None
        if outcome.check == _JOBS and (failed := self._job_that_failed(outcome.entry)) is not None:
            return failed or None
        if outcome.check in _OF_THE_LOGIN and self._run.looks.login and self._run.looks.login.made:
            return "a run logs in as a person once, whatever comes of it"
        planned = self._run.plan.components.get(outcome.component)
        try:
            moving = planned is not None and _in_progress(planned, self._run.seen)
        except CouldNotLook:
            return None
        if moving or outcome.check in self._live or self._unchanged < _LOOKS_UNCHANGED:
            return None
        return f"the cluster's objects are the same in {self._unchanged} looks, and no rollout is in progress"

    def _job_that_failed(self, namespace: str) -> str | None:
        """Say which Job of the charts in that namespace has failed; empty where one runs still, None without any."""
        try:
            jobs = [one for one in self._run.snapshot.list(Job, namespace) if by_helm(one) and one.owner is None]
        except CouldNotLook:
            return None
        failed = next((f"Job {one.where} has failed" for one in jobs if one.failure), "")
        return failed if failed or any(not (one.completed or one.suspended) for one in jobs) else None

    def leaving(self) -> int:
        """Count the components of which an old pod is about to end: all else of them is there."""
        number = 0
        for planned in self._run.plan.components.values():
            with suppress(Absent, CouldNotLook):
                live, pods = self._run.seen.workload(planned).object, self._run.seen.pods(planned)
                number += rollout(live, pods, self._run.seen.snapshot.now).state == "leaving"
        return number

    def look_again(self, broken: Iterable[Outcome]) -> None:
        """Look at every object again, and by probes at what is ``broken``."""
        again = {(one.component, one.entry) for one in broken if one.check in self._live}
        before = _snapshot(self._run)

        def kept(outcome: Outcome) -> bool:
            fine = outcome.result in (Result.PASS, Result.NOT_APPLICABLE)
            return fine and outcome.check in self._live and (outcome.component, outcome.entry) not in again

        self._run.look_again(kept, lambda _kind, entry: (entry.component, entry.id) in again)
        now = _snapshot(self._run)
        same = before is not None and now is not None and _same(before, now)
        self._unchanged = self._unchanged + 1 if same else 1
        self._note()

    def _note(self) -> None:
        """Note which components are stuck, and for how many looks more they are waited for all the same."""
        found = {}
        try:
            for name, planned in self._run.plan.components.items():
                stuck = _stuck(planned, self._run.seen)
                if stuck is not None:
                    words, patience = stuck
                    earlier = self._stuck.get(name)
                    found[name] = (words, patience - 1 if earlier is None else min(patience, earlier[1]) - 1)
        except CouldNotLook:
            return
        self._stuck = found


def _snapshot(run: "Run") -> Snapshot | None:
    try:
        return run.snapshot
    except CouldNotLook:
        return None


def _same(before: Snapshot, now: Snapshot) -> bool:
    """Whether two looks saw the same objects; warnings come and go without anything being installed."""
    kinds = (before.listings.keys() | now.listings.keys()) - {Event}
    return before.secrets == now.secrets and all(before.listings.get(one) == now.listings.get(one) for one in kinds)


def _stuck(planned: Planned, seen: Seen) -> tuple[str, int] | None:
    """Return what keeps the component from ever getting ready, and for how many looks that is waited for."""
    try:
        live = seen.workload(planned).object
        pods = seen.pods(planned)
    except Absent:
        return None
    for pod in pods:
        for trouble in troubles(pod, seen.snapshot.events_about(pod), seen.snapshot.now):
            if trouble.current and trouble.lasting:
                return trouble.words, _LOOKS_MISSING if trouble.reason in _MAY_COME else 1
    state = rollout(live, pods, seen.snapshot.now)
    return (f"{live.kind} {live.where} {state.words}", 1) if state.stuck else None


def _in_progress(planned: Planned, seen: Seen) -> bool:
    """Whether the component's workload is still being rolled out, or has yet to stay up; raises CouldNotLook."""
    try:
        pods = seen.pods(planned)
        return not rollout(seen.workload(planned).object, pods, seen.snapshot.now).complete or any(
            one.reason == "Restarting" for pod in pods for one in troubles(pod, now=seen.snapshot.now)
        )
    except Absent:
        return False


def settled(run: "Run", collected: Collection[tuple[str, str, str]], tell: Callable[[str], None]) -> Settled:
    """Judge and look again until nothing is left to wait for, and return how that went; ``run`` tells it, too.

    ``collected`` are the promises that this process judges, none where worker processes do: these find the last look
    where they share it, and judge by it themselves. Raises KeyboardInterrupt, with the last judgement left in ``run``.
    """
    asked = [
        (check, entry)
        for check, entry in run.implied
        if run.selection.takes(check, entry) and (not collected or (check.id, entry.component, entry.id) in collected)
    ]
    run.judge.register({check for check, _ in asked})
    relook = Relook(run, asked)
    limit = min(run.options.settle or 0.0, run.time_limit.remaining() - _FOR_REPORTS)
    try:
        found = settle(relook, limit, tell=tell)
    except KeyboardInterrupt:
        run.outcomes = {" ".join(one.key): one for one in relook.last}
        raise
    run.extra["settle"] = found.as_mapping()
    return found
