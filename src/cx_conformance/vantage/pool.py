"""Threads for probes that a run does not wait for when it is out of time.

``concurrent.futures`` joins its threads when the process ends, so one hanging probe would hold up the run. These are
daemon threads, and what they find after the deadline counts as not looked at.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotYet
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

from cx_conformance.outcome.looking import OutOfTime

T = TypeVar("T")

_OVER: Final = "out of time: the run's time limit came before this could be looked at; give a longer --time-limit"
_PATIENCE_BEYOND: Final = 0.3
"""Seconds that a probe's own limit goes beyond the deadline: what it cuts off is then known to be out of time."""


class Pending(Generic[T]):
    """What a probe finds, as soon as it has found it."""

    def __init__(self, deadline: float | None) -> None:
        """Wait for it until ``deadline`` on the monotonic clock; None: for ever."""
        self._deadline = deadline
        self._future: Future[tuple[T, float]] = Future()

    def result(self) -> T:
        """Return what was found, or raise what the probe raised; OutOfTime when that came too late."""
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        try:
            found, ended = self._future.result(left)
        except NotYet:
            raise OutOfTime(_OVER) from None
        if self._deadline is not None and ended > self._deadline:
            raise OutOfTime(_OVER)
        return found

    def work(self, probe: Callable[[], T]) -> None:
        """Run ``probe`` now, unless it is too late."""
        if self._deadline is not None and time.monotonic() > self._deadline:
            self._future.set_exception(OutOfTime(_OVER))
            return
        try:
            found = probe()
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result is to hear it
            late = self._deadline is not None and time.monotonic() > self._deadline
            self._future.set_exception(OutOfTime(_OVER) if late else error)
        else:
            self._future.set_result((found, time.monotonic()))

    def wait(self, seconds: float) -> None:
        """Wait until it has been found, for at most ``seconds``."""
        wait([self._future], seconds)


class ProbePool:
    """Runs probes at once, each in a thread of its own, up to ``at_once`` of them."""

    def __init__(self, deadline: float | None = None, at_once: int = 64) -> None:
        """Make the threads when they are needed; ``deadline`` is on the monotonic clock, None: there is none."""
        self.deadline = deadline
        self._at_once = at_once
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, probe: Callable[..., T], *given: object) -> Pending[T]:
        """Start ``probe`` with what it is given as soon as there is a thread for it."""
        pending: Pending[T] = Pending(self.deadline)
        self._waiting.put(lambda: pending.work(lambda: probe(*given)))
        if len(self._threads) < self._at_once:
            thread = threading.Thread(target=self._work, name=f"probe-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return pending

    def allowed(self, seconds: float) -> float:
        """Return how long a probe that may take ``seconds`` may take now, so that it ends soon after the deadline."""
        if self.deadline is None:
            return seconds
        return min(seconds, max(0.0, self.deadline - time.monotonic()) + _PATIENCE_BEYOND)

    def close(self, seconds: float = 2.0) -> None:
        """Begin nothing more, and wait for what still runs: at most ``seconds``, once out of time not at all."""
        while not self._waiting.empty():
            self._waiting.get()
        for _ in self._threads:
            self._waiting.put(None)
        ends = time.monotonic() + seconds
        if self.deadline is not None:
            ends = min(ends, self.deadline + _PATIENCE_BEYOND)
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()
