"""The signals that end a run: Ctrl-C, a supervisor's polite end, a terminal that goes away."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

from cx_conformance.wire.fuse import burn_all

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_like_ctrl_c() -> None:
    """Let each of them end the run by KeyboardInterrupt, so that what was seen is told."""
    _handle(signal.default_int_handler)


def hold(note: Callable[[], None]) -> None:
    """Let the first of them be noted only, where an exception would end it without a report; the next one ends it.

    Whatever is waited for meanwhile is cut off.
    """

    def noted(_number: int, _frame: FrameType | None) -> None:
        end_like_ctrl_c()
        note()
        # Not here: what was interrupted may hold a lock that is needed for it.
        threading.Thread(target=burn_all, daemon=True).start()

    _handle(noted)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and a shell's background have it
            signal.signal(number, handler)
