"""All installations of a fleet, so many at a time, each within its own limit and all within the fleet's."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Final

from cx_conformance.blueprint.inventory import ListedCluster
from cx_conformance.fleet.processes import Processes
from cx_conformance.fleet.visit import Errand, Visit, Visited
from cx_conformance.run.interrupts import hold

_WAITED_FOR: Final = 4
"""Clusters that may be waited for beside those that have their turn."""
_LEAST_S: Final = 5.0
"""A run that has less time than this sees nothing."""


class Tour:
    """Visits the clusters of a fleet."""

    def __init__(self, clusters: Sequence[ListedCluster], errand: Errand, *, each: float, limit: float | None) -> None:
        """Look at ``clusters``, each for at most ``each`` seconds, and at all for at most ``limit`` (None: no limit).

        A cluster that is still waiting when the limit comes is not looked at, which is said.
        """
        self._processes = Processes()
        self.visits = [Visit(one, errand, self._processes) for one in clusters]
        self.interrupted = False
        """Whether somebody cut it short."""
        self._each = each
        self._ends = math.inf if limit is None else time.monotonic() + limit
        self._limit = limit

    def run(self, at_once: int, tell: Callable[[Visited], None]) -> list[Visited]:
        """Visit ``at_once`` clusters at a time; tell each that ended. Ends as well when it is interrupted.

        To be called in the main thread, which is the one that signals come to.
        """
        ended: list[Visited] = []
        hold(self.interrupt)  # as an exception it could come between two visits that are being begun
        turns = _Turns(at_once)
        with self._processes, ThreadPoolExecutor(turns.most) as threads:
            visiting = {threads.submit(self._visit, one, turns) for one in self.visits}
            while visiting:
                try:
                    done, visiting = wait(visiting, return_when=FIRST_COMPLETED)
                except KeyboardInterrupt:
                    self.interrupt()
                    continue
                for one in done:
                    ended.append(one.result())
                    tell(ended[-1])
        return ended

    def interrupt(self) -> None:
        """Let what is under way report what it has seen, and begin no more."""
        self.interrupted = True
        for visit in self.visits:
            visit.interrupt()

    def running(self) -> list[tuple[str, float]]:
        """Return the clusters that are being looked at, with the seconds since."""
        now = time.monotonic()
        return [(one.cluster.name, now - one.began) for one in self.visits if one.began is not None and not one.over]

    def _visit(self, visit: Visit, turns: "_Turns") -> Visited:
        with turns.taken() as slow:
            return self._visited(visit, slow)

    def _visited(self, visit: Visit, slow: Callable[[], None]) -> Visited:
        left = self._ends - time.monotonic()
        if left < _LEAST_S:
            return visit.skip(f"not looked at: the fleet's limit of {self._limit:g} s came first")
        return visit.run(min(visit.cluster.time_limit or self._each, left), slow)


class _Turns:
    """So many at a time, beside those that are only waited for: a slow cluster holds nobody up."""

    def __init__(self, at_once: int) -> None:
        """Let ``at_once`` have their turn, and as many again be waited for, at least a few."""
        self._turns = threading.Semaphore(at_once)
        self._waited_for = threading.Semaphore(max(at_once, _WAITED_FOR))
        self.most = at_once + max(at_once, _WAITED_FOR)
        """How many may be under way."""

    @contextmanager
    def taken(self) -> Iterator[Callable[[], None]]:
        """Wait for a turn and keep it; give what passes it on early."""
        self._turns.acquire()
        passed_on = False

        def pass_on() -> None:
            nonlocal passed_on
            if not passed_on and self._waited_for.acquire(blocking=False):
                passed_on = True
                self._turns.release()

        try:
            yield pass_on
        finally:
            (self._waited_for if passed_on else self._turns).release()
