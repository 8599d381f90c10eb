"""Standard output and standard error that may be gone: a reader that has left, a closed terminal, a full disk.

What is printed is one way of telling; a run that cannot print still looks, judges and writes its reports.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from typing import TextIO

_NOBODY_READS: Final = (errno.EPIPE, errno.EIO)
"""Whoever read has left; that is no loss to anybody."""


class Stream:
    """A text stream that goes nowhere once it cannot be written to."""

    def __init__(self, stream: "TextIO") -> None:
        """Write to ``stream``."""
        self._stream = stream
        self.lost: OSError | None = None
        """Why it could not be written to."""

    def write(self, text: str) -> int:
        """Write ``text``, or lose it."""
        try:
            return self._stream.write(text)
        except OSError as reason:
            self._lose(reason)
            return len(text)

    def flush(self) -> None:
        """Write what waits, or lose it."""
        try:
            self._stream.flush()
        except OSError as reason:
            self._lose(reason)

    def _lose(self, reason: OSError) -> None:
        """Lead to nowhere what waits and what comes, also what Python itself writes when it ends."""
        self.lost = self.lost or reason
        with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no path of anybody's
            os.dup2(nowhere.fileno(), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        """Be the stream in everything else."""
        return getattr(self._stream, name)


def _open_what_is_closed() -> None:
    """Lead to nowhere what the command was started without (``>&-``): Python has no stream there.

    The next file that is opened, a report for one, would have the number of standard output.
    """
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as the process


@contextmanager
def standard_streams() -> Iterator[Stream]:
    """Make both standard streams such ones for the length of a command; yields standard output."""
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    streams = tuple(Stream(one) for one in before)
    sys.stdout, sys.stderr = (cast("TextIO", one) for one in streams)
    try:
        yield streams[0]
    finally:
        for one in streams:
            one.flush()
        sys.stdout, sys.stderr = before


def told(output: Stream, status: int, otherwise: int) -> int:
    """Return ``status``; where what was printed is lost to no reader's will, say so, and ``otherwise`` for a 0."""
    output.flush()
    if output.lost is None or output.lost.errno in _NOBODY_READS:
        return status
    sys.stderr.write(f"cx-conformance: could not print everything: {output.lost.strerror}; the exit status holds\n")
    return status or otherwise
