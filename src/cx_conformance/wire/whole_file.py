"""Reading a whole file that somebody names, which may be anything: a pipe that nobody writes to, or without end."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from cx_conformance.wire.bounds import size

SMALL: Final = 4 << 20
"""A file that a person writes: configuration, keys, certificates."""
_PIPED: Final[dict[tuple[int, int], bytes]] = {}
"""What came through each pipe."""


class NobodyWrites(OSError):  # noqa: N818 - what is the matter with the file
    """It is a pipe, and nobody writes to it."""

    def __init__(self, path: Path) -> None:
        """Name it."""
        super().__init__(errno.ENODATA, "is a pipe that nobody writes to", str(path))


class TooLarge(OSError):  # noqa: N818 - what is the matter with the file
    """The file holds more than is read of it."""

    def __init__(self, path: Path, most: int) -> None:
        """Say how many bytes it may have."""
        super().__init__(errno.EFBIG, f"is larger than {size(most)}, the most that is read", str(path))


def opened(path: Path) -> BinaryIO:
    """Open ``path`` for reading; a pipe is read while somebody writes to it, and is empty where nobody does.

    Opened the usual way it would wait for somebody, for good where nobody comes. Raises OSError.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(handle, True)
    return os.fdopen(handle, "rb")


def bytes_of(path: Path, most: int = SMALL) -> bytes:
    """Return what stands in ``path``, or comes through it: a pipe (``<(command)`` in a shell) is read to its end.

    What came through one is kept: it comes only once, and a run reads its files again. Raises OSError; NobodyWrites,
    and TooLarge where it has more than ``most`` bytes.
    """
    with opened(path) as file:
        content = file.read(most + 1)
        found = os.fstat(file.fileno())
    if stat.S_ISFIFO(found.st_mode):
        content = content or _PIPED.get((found.st_dev, found.st_ino), b"")
        if not content:
            raise NobodyWrites(path)
        _PIPED[found.st_dev, found.st_ino] = content
    if len(content) > most:
        raise TooLarge(path, most)
    return content


def text_of(path: Path, most: int = SMALL) -> str:
    """Return the text that stands in ``path``, lines ended by line feeds and without the mark that editors put first.

    Raises as ``bytes_of``, and UnicodeDecodeError for what is not UTF-8.
    """
    return bytes_of(path, most).decode("utf-8-sig").replace("\r\n", "\n")
