"""The signals that end a run: Ctrl-C, a supervisor's polite end, a terminal that goes away.

A signal becomes a KeyboardInterrupt wherever the main thread is just then, and there it may be lost: Python drops
whatever is raised in what it calls when an object goes, what is written in C makes an error of its own of it, and a
thread that was waiting for its turn may begin to wait for something else before it looks
(https://docs.python.org/3/library/signal.html#handlers-and-exceptions). So it comes again until it was heard.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, TypeVar

from cx_conformance.reports.held_signals import ENDING, held_signals
from cx_conformance.wire.fuse import burn_all

T = TypeVar("T")

_UNHEARD_FOR: Final = 1.0
"""Seconds after which a signal comes again that nobody has heard of; twenty times what it takes to reach pytest."""


def end_like_ctrl_c() -> None:
    """Let each of them end the run by KeyboardInterrupt, so that what was seen is told."""
    _handle(signal.default_int_handler)


def insist(heard: Callable[[], bool]) -> None:
    """Let a signal that ends the run come again until it was ``heard``, from now on.

    Not where somebody else is told of signals as they come (``signal.set_wakeup_fd``).
    """
    come, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    if before in _OWN:
        _OWN.discard(before)
        os.close(before)  # whoever reads at its other end ends
    elif before != -1:
        signal.set_wakeup_fd(before)
        os.close(told)
        os.close(come)
        return
    _OWN.add(told)
    if not isinstance(sys.unraisablehook, _InSilence):
        sys.unraisablehook = _InSilence(sys.unraisablehook)
    threading.Thread(
        target=_again, args=(come, told, heard, threading.get_ident()), name="insisting", daemon=True
    ).start()


_OWN: Final[set[int]] = set()
"""The end of the pipe by which Python tells of signals."""


def relent() -> None:
    """Insist no more, for the run is over; a signal is for whoever goes on in this process."""
    before = signal.set_wakeup_fd(-1)
    if before in _OWN:
        _OWN.discard(before)
        os.close(before)
    else:
        signal.set_wakeup_fd(before)


def _again(come: int, told: int, heard: Callable[[], bool], main: int) -> None:
    while octet := os.read(come, 1):
        if octet[0] in ENDING:
            time.sleep(_UNHEARD_FOR)
            if told in _OWN and not heard():
                signal.pthread_kill(main, octet[0])  # to that thread, so that it is waked from what it waits for
    os.close(come)


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


def undisturbed(step: Callable[[], T], note: Callable[[], None]) -> T:
    """Do a ``step`` that the report needs whole, and return what it gives; one of them that came is noted after it."""
    found: list[T] = []
    try:
        with held_signals():
            found.append(step())
    except KeyboardInterrupt:
        note()
    return found[0]


def hold_until_begun() -> None:
    """Let the first of them be noted only, for there is no run yet whose report it could end with; ``begin`` tells."""
    hold(_EARLY.set)


def begin() -> None:
    """End by KeyboardInterrupt from now on, and at once where one of them came since ``hold_until_begun``."""
    end_like_ctrl_c()
    if _EARLY.is_set():
        _EARLY.clear()
        raise KeyboardInterrupt


_EARLY: Final = threading.Event()


class _InSilence:
    """Says nothing of an interrupt that Python dropped, for it comes again, and all else as before."""

    def __init__(self, otherwise: Callable[["sys.UnraisableHookArgs"], object]) -> None:
        self._otherwise = otherwise

    def __call__(self, dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            self._otherwise(dropped)


def _handle(handler: Callable[[int, FrameType | None], object]) -> None:
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and a shell's background have it
            signal.signal(number, handler)
