"""Memory: building very many small objects at once, and giving large buffers back."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache


@contextmanager
def without_collection() -> Iterator[None]:
    """Pause the cyclic garbage collector: over 10,000 pods it would take as long as reading them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024
_ARENA_MAX = -8
_ARENAS = 2
"""Python's threads take turns; a heap for each of them only spreads what is free."""


@cache
def give_large_buffers_back() -> None:
    """Have buffers beyond 256 KiB returned to the system when they are freed, and threads share their heaps.

    The C library of Linux stops doing so after the first large one, and keeps as many of them as there are threads:
    https://man7.org/linux/man-pages/man3/mallopt.3.html (M_MMAP_THRESHOLD, M_ARENA_MAX). Others are left alone.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_ARENA_MAX, _ARENAS)
