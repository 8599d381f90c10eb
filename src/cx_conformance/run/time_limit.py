"""The time that a run may take, from its beginning to its report."""

import datetime as dt
import math
import time

from cx_conformance.outcome.looking import OutOfTime


class TimeLimit:
    """Begins with the run; ``seconds`` is None where the run may take as long as it wants."""

    def __init__(self, seconds: float | None) -> None:
        """Begin now."""
        self.started = dt.datetime.now(dt.UTC)
        self._clock = time.monotonic()
        self._seconds = seconds

    @property
    def passed(self) -> float:
        """Return the seconds since the run began."""
        return time.monotonic() - self._clock

    @property
    def deadline(self) -> float | None:
        """Return when time is up, by the monotonic clock; None without a limit."""
        return None if self._seconds is None else self._clock + self._seconds

    def remaining(self) -> float:
        """Return the seconds that are left; infinite without a limit."""
        return math.inf if self._seconds is None else self._seconds - self.passed

    def check(self) -> None:
        """Raise OutOfTime when time is up."""
        if self.remaining() < 0:
            raise OutOfTime(f"out of time: the run's limit of {self._seconds:g} s came before this could be looked at")
