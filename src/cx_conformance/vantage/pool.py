"""Threads for probes that a run does not wait for when it is out of time.

``concurrent.futures`` joins its threads when the process ends, so one hanging probe would hold up the run. These are
daemon threads, and what they find after the deadline counts as not looked at.
"""

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, TypeVar

from cx_conformance.outcome.looking import CouldNotLook, OutOfTime

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

    def result(self, seconds: float | None = None) -> T:
        """Return what was found, or raise what the probe raised; OutOfTime when that came too late.

        Waits until the deadline, and for ``seconds`` at most.
        """
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        left = seconds if left is None else left if seconds is None else min(left, seconds)
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
            if isinstance(error, CouldNotLook):
                error.__traceback__ = error.__context__ = None  # they hold all that was read
            self._future.set_exception(OutOfTime(_OVER) if late else error)
        else:
            self._future.set_result((found, time.monotonic()))

    def then(self, do: Callable[[], None]) -> None:
        """Call ``do`` as soon as it is known, or was given up, in the thread that found it."""
        self._future.add_done_callback(lambda _: do())


class ProbePool:
    """Runs probes at once, each in a thread of its own, up to ``at_once`` of them."""

    def __init__(self, deadline: float | None = None, at_once: int = 64) -> None:
        """Make the threads when they are needed; ``deadline`` is on the monotonic clock, None: there is none."""
        self.deadline = deadline
        self._at_once = at_once
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        """Over what begins and what ends: a probe that has ended begins others in its own thread."""
        self._closed = self._abandoned = False
        _LIVE.add(self)

    def submit(self, probe: Callable[..., T], *given: object) -> Pending[T]:
        """Start ``probe`` with what it is given as soon as there is a thread for it."""
        pending: Pending[T] = Pending(self.deadline)
        self._start(lambda: pending.work(lambda: probe(*given)))
        return pending

    def _start(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._waiting.put(work)
            if len(self._threads) < self._at_once:
                thread = threading.Thread(target=self._work, name=f"probe-{len(self._threads)}", daemon=True)
                thread.start()
                self._threads.append(thread)

    def submit_after(self, answers: Sequence[Pending[Any]], probe: Callable[..., T], *given: object) -> Pending[T]:
        """Start ``probe`` when all ``answers`` are known, or were given up; no thread waits for them meanwhile."""
        pending: Pending[T] = Pending(self.deadline)
        left, lock = [len(answers)], threading.Lock()

        def one_less() -> None:
            with lock:
                left[0] -= 1
                ready = left[0] == 0
            if ready:
                self._start(lambda: pending.work(lambda: probe(*given)))

        if not answers:
            self._start(lambda: pending.work(lambda: probe(*given)))
        for one in answers:
            one.then(one_less)
        return pending

    def allowed(self, seconds: float) -> float:
        """Return how long a probe that may take ``seconds`` may take now, so that it ends soon after the deadline."""
        if self.deadline is None:
            return seconds
        return min(seconds, max(0.0, self.deadline - time.monotonic()) + _PATIENCE_BEYOND)

    def close(self, seconds: float = 2.0) -> None:
        """Begin nothing more, and wait for what still runs: at most ``seconds``, once out of time not at all."""
        with self._lock:
            self._drop()
            for _ in self._threads:
                self._waiting.put(None)
        ends = time.monotonic() + (0.0 if self._abandoned else seconds)
        if self.deadline is not None:
            ends = min(ends, self.deadline + _PATIENCE_BEYOND)
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def abandon(self) -> None:
        """Begin nothing more, and wait for nothing in the end."""
        with self._lock:
            self._abandoned = True
            self._drop()

    def _drop(self) -> None:
        self._closed = True
        while not self._waiting.empty():
            with suppress(Empty):
                self._waiting.get_nowait()

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            work()


_LIVE: Final["weakref.WeakSet[ProbePool]"] = weakref.WeakSet()


def abandon_all() -> None:
    """Abandon every pool: somebody wants the process to end, and what still runs ends with it."""
    for pool in list(_LIVE):
        pool.abandon()
