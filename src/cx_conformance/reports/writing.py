"""Writes a file whole or not at all, and says in a sentence why it could not."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

STAGED: Final = ".cx-conformance-"
"""How the name of a folder begins in which files wait for their place."""
_ADVICE: Final = {
    errno.EACCES: "the account may not write there; name another place",
    errno.EPERM: "the account may not write there; name another place",
    errno.EROFS: "the file system is read-only; name another place",
    errno.ENOSPC: "no space is left on the device; free some, or name another place",
    errno.EDQUOT: "the account's disk quota is used up; free some space, or name another place",
    errno.EISDIR: "it is a directory; name a file",
    errno.ENOTDIR: "a part of the path is a file, not a directory; name another place",
    errno.ENOENT: "its directory does not exist; create it, or name another place",
    errno.ENAMETOOLONG: "the name is too long; name a shorter one",
}


class ReportNotWritten(Exception):  # noqa: N818 - what happened to the report
    """A report could not be written; the text says which, why, and what to do."""


class PaperCutOff(KeyboardInterrupt):
    """Somebody wanted the run to end while its paper was made; all else of the pack is in its place."""


def not_written(path: Path, reason: OSError) -> ReportNotWritten:
    """Return the sentence for an error of the operating system; a folder that only stands in is not named."""
    path = Path(*(part for part in path.parts if not part.startswith(STAGED)))
    why = _ADVICE.get(reason.errno or 0, f"{reason.strerror or reason}; name another place")
    return ReportNotWritten(f"could not write {path}: {why}")


def prepare_place(path: Path) -> None:
    """Create the directory of ``path`` where it is missing, and see that a file can be made there; ReportNotWritten."""
    tried = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tried.open("xb").close()
        tried.unlink()
    except FileExistsError:
        raise ReportNotWritten(f"could not write {path}: {path.parent} is a file; name another place") from None
    except OSError as reason:
        raise not_written(path, reason) from reason


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into that takes the place of ``path`` when the block ends without an exception.

    A reader, such as a CI server that collects files while the run is being stopped, sees the old file or the new one,
    never half of one. Raises ReportNotWritten.
    """
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb", buffering=1 << 16) as file:
            yield file
        temporary.replace(path)
    except OSError as reason:
        raise not_written(path, reason) from reason
    finally:
        with suppress(OSError):
            temporary.unlink()
