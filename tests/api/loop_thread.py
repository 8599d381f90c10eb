"""A server of asyncio in a thread of its own, for tests that ask it from theirs."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import Self


class LoopThread(ABC):
    """A context manager: the server starts with it, and what is left of it at the end is stopped."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    @abstractmethod
    async def _start(self) -> None:
        """Listen; in the thread."""

    @abstractmethod
    async def _stop(self) -> None:
        """Stop, with whatever is open; in the thread."""

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
