"""A pack takes the place of the one before as a whole: made beside it, then moved while no signal ends the process.

The sums go first and come last: a set that was cut off by a kill in between has none, and so is told from a whole one.
"""

import shutil
import signal
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

from cx_conformance.reports.file_names import EVIDENCE, SIGNATURE, SUMMED, SUMS
from cx_conformance.reports.pack.places import within
from cx_conformance.reports.sums import sha256
from cx_conformance.reports.writing import STAGED, ReportNotWritten, not_written

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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


@contextmanager
def held_signals() -> Iterator[None]:
    """Hold back the signals that end a run while the block lasts; the first of them comes when it is over.

    Python handles signals in the main thread only; elsewhere nothing has to be held.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before: dict[signal.Signals, Any] = {}
    for number in _ENDING:
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, hold)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
