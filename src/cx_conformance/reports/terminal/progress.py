"""One line on a terminal that says what is being done, and is gone when it is done."""

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType

from cx_conformance.reports.legible import one_line

_EVERY: Final = 0.1
"""Seconds between two changes of the line; more would cost time and tell nothing."""


class Progress:
    """Shows progress on a terminal; elsewhere it is silent.

    It starts no thread: the line changes when something is reported.
    """

    def __init__(self, console: Console, *, enabled: bool = True) -> None:
        """Write to ``console`` when it is a terminal that can move its cursor, and ``enabled``."""
        self._console = console
        self._enabled = enabled and console.is_terminal and not console.is_dumb_terminal
        self._shown = False
        self._next = 0.0

    def looking(self, what: str) -> None:
        """Say what is being looked at: ``listing pods``."""
        self._show(f"looking: {what}")

    def checked(self, number: int, total: int) -> None:
        """Say how many of how many outcomes there are."""
        now = time.monotonic()
        if now >= self._next or number >= total:
            self._next = now + _EVERY
            self._show(f"checking: {number:,} of {total:,}")

    def done(self) -> None:
        """Take the line away; what is written next begins at the margin."""
        if self._shown:
            self._console.control(_ERASE)
            self._shown = False

    def _show(self, text: str) -> None:
        if not self._enabled:
            return
        self._console.control(_ERASE)
        kept = one_line(text, max(20, self._console.width - 1))
        kept = kept.encode(self._console.encoding, "backslashreplace").decode(self._console.encoding)
        self._console.print(kept, style="dim", end="", markup=False, emoji=False, highlight=False, soft_wrap=True)
        self._console.file.flush()
        self._shown = True

    def __enter__(self) -> Self:
        """Show progress until the block ends."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the line away, whatever ended the block."""
        self.done()


_ERASE: Final = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
