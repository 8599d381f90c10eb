"""Standard output and standard error that may be gone: a reader that has left, a closed terminal, a full disk.

What is printed is one way of telling; a run that cannot print still looks, judges and writes its reports.
"""

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from typing import TextIO

_NOBODY_READS: Final = (errno.EPIPE, errno.EIO)
"""Whoever read has left; that is no loss to anybody."""


_UNSHOWN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_COLOUR: Final = re.compile("(\x1b\\[[0-9;]*m)")


class Stream:
    """A text stream that goes nowhere once it cannot be written to, and that nobody's words can play tricks on.

    Whatever a server said, a file is called or a label holds passes here: escape sequences, and what else does not
    print, are shown as what they are. Colours pass to a terminal.
    """

    def __init__(self, stream: "TextIO", *, colours: bool = False) -> None:
        """Write to ``stream``; ``colours``: a terminal shows them."""
        self._stream = stream
        self._colours = colours
        self.lost: OSError | None = None
        """Why it could not be written to."""

    def write(self, text: str) -> int:
        """Write ``text``, or lose it."""
        try:
            self._stream.write(self._harmless(text))
        except OSError as reason:
            self._lose(reason)
        return len(text)

    @property
    def unfiltered(self) -> "TextIO":
        """The same for a console that draws, and makes the words that it is given harmless itself."""
        return cast("TextIO", _Drawn(self))

    def draw(self, text: str) -> int:
        """Write ``text`` as it is, or lose it."""
        try:
            return self._stream.write(text)
        except OSError as reason:
            self._lose(reason)
            return len(text)

    def _harmless(self, text: str) -> str:
        if text.isprintable() or not _UNSHOWN.search(text):
            return text
        parts = _COLOUR.split(text) if self._colours else [text]
        return "".join(part if number % 2 else _UNSHOWN.sub(_shown, part) for number, part in enumerate(parts))

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


class _Drawn:
    """A stream that is drawn on."""

    def __init__(self, stream: Stream) -> None:
        self._drawn_on = stream

    def write(self, text: str) -> int:
        return self._drawn_on.draw(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._drawn_on, name)


def _shown(found: "re.Match[str]") -> str:
    from cx_conformance.reports.legible import legible

    return legible(found[0])


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
    streams = tuple(Stream(one, colours=one.isatty()) for one in before)
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
