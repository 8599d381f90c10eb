"""A pack takes the place of the one before as a whole: made beside it, then moved while no signal ends the process.

The sums go first and come last: a set that was cut off by a kill in between has none, and so is told from a whole one.
"""

import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from cx_conformance.reports.file_names import EVIDENCE, SIGNATURE, SUMMED, SUMS
from cx_conformance.reports.held_signals import held_signals
from cx_conformance.reports.pack.places import within
from cx_conformance.reports.sums import sha256
from cx_conformance.reports.writing import STAGED, ReportNotWritten, not_written


@contextmanager
def beside(directory: Path) -> Iterator[Path]:
    """Give an empty folder inside ``directory`` that is gone afterwards; raises ReportNotWritten.

    Inside, for the folder itself may be a volume that cannot be moved. What a killed run has left there goes too.
    """
    try:
        for left in directory.glob(f"{STAGED}*"):
            shutil.rmtree(left, ignore_errors=True)
        stage = Path(tempfile.mkdtemp(prefix=STAGED, dir=directory))
    except OSError as reason:
        raise not_written(directory, reason) from reason
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def swap(stage: Path, directory: Path, earlier: Mapping[str, str]) -> list[ReportNotWritten]:
    """Move what is in ``stage`` to its place in ``directory``, and take away what is left of the ``earlier`` pack.

    ``earlier`` are its files' sums by name. Returns what could not be moved.
    """
    made = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
    failed: list[ReportNotWritten] = []
    with held_signals():
        for name in (SUMS, SIGNATURE):
            _without(directory / name, failed)
        _take_away(directory, earlier, made, failed)
        for name in sorted(made, key=lambda one: one == SUMS):
            try:
                _move(stage / name, within(directory, *name.split("/")))
            except ReportNotWritten as reason:
                failed.append(reason)
    return failed


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as reason:
        raise not_written(target, reason) from reason


def _take_away(
    directory: Path, earlier: Mapping[str, str], made: Collection[str], failed: list[ReportNotWritten]
) -> None:
    """Remove what the earlier pack has and this one has not; what somebody has changed since is theirs."""
    folders: set[Path] = set()
    for name, digest in earlier.items():
        path = directory / name
        if name in made or path.is_symlink() or not path.is_file():
            continue
        if name.startswith(f"{EVIDENCE}/") or (name in SUMMED and sha256(path) == digest):
            _without(path, failed)
            folders.update((path.parent, path.parent.parent, directory / EVIDENCE))
    for folder in sorted(folders - {directory, directory.parent}, reverse=True):
        with suppress(OSError):  # somebody else's files are in it, or it is gone
            folder.rmdir()


def _without(path: Path, failed: list[ReportNotWritten]) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as reason:
        failed.append(not_written(path, reason))
