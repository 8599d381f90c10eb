"""``cx-conformance watch``: looks again and again, for the hour of an installation."""

import argparse
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED, WRONG_USAGE

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from cx_conformance.reports.terminal.watched import Watched

EVERY_S: Final = 60.0
_TICK_S: Final = 0.2
_GRACE_S: Final = 15.0
"""A run ends within two seconds of a signal, and then deletes its pods and claims."""

_DESCRIPTION: Final = """\
Looks at the installation every so many seconds by `cx-conformance run`, whose options are taken too. On a terminal the
table of components stays in sight, with what changed and when; elsewhere there is a line for each look and each change.
Ctrl-C ends it and leaves the last report on the terminal and, with --report, in the folder: never half of one.

exit status: that of the last look's verdict; 130 when none had ended
"""


class _WrongUsage(Exception):  # noqa: N818 - what happened
    """The run says that its options are wrong."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand, for its help."""
    parser = subparsers.add_parser(
        "watch",
        help="look again and again, for the hour of an installation",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    _declare(parser)
    parser.add_argument("options", nargs="*", metavar="OPTION OF RUN", help="anything that `cx-conformance run` takes")


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--every", metavar="SECONDS", type=_seconds, default=EVERY_S, help="time between two looks (default: 60)"
    )
    parser.add_argument("--report", metavar="DIR", type=Path, help="leave the last whole report in this folder")


def run_with(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Watch until somebody ends it; return the exit status of the last verdict."""
    if any(one in ("-h", "--help") for one in arguments):
        parser.parse_args(["watch", "--help"])
    from tempfile import TemporaryDirectory

    from cx_conformance.reports.pack.directory import prepare_directory
    from cx_conformance.reports.terminal.summary import console_for, render
    from cx_conformance.reports.terminal.watched import Watched
    from cx_conformance.reports.writing import ReportNotWritten
    from cx_conformance.run.interrupts import end_like_ctrl_c

    own = argparse.ArgumentParser(prog="cx-conformance watch", allow_abbrev=False, add_help=False)
    _declare(own)
    args, options = own.parse_known_args(arguments)
    console = console_for(sys.stdout)
    watched = Watched(console)
    end_like_ctrl_c()
    try:
        if args.report:
            prepare_directory(args.report)
        with TemporaryDirectory() as folder:
            _watch(watched, options, args.every, Path(folder), args.report)
    except KeyboardInterrupt:
        pass
    except (_WrongUsage, ReportNotWritten) as reason:
        sys.stderr.write(f"{reason}\n")
        return WRONG_USAGE
    if watched.last is None:
        return INTERRUPTED
    render(watched.last, console)
    return EXIT_STATUS[watched.last.verdict]


def _watch(watched: "Watched", options: Sequence[str], every: float, folder: Path, keep: Path | None) -> None:
    """Look and wait in turn; ended by KeyboardInterrupt only."""
    from cx_conformance.reports.file_names import REPORT
    from cx_conformance.reports.formats.json_report import UnreadableReport, read_json

    state = ["looking for the first time"]
    with _live(watched, state):
        while True:
            began = time.monotonic()
            # A look that is killed, as where the memory is full, would leave that of the one before.
            (folder / REPORT).unlink(missing_ok=True)
            # Each look is a run of its own: a person's login that fails would soon lock the account.
            status, said = _look([*options, "--report", str(folder), "--no-pdf", "--no-login"])
            if status == WRONG_USAGE and watched.last is None:
                raise _WrongUsage(said)
            try:
                lines = watched.looked(read_json(folder / REPORT), dt.datetime.now().astimezone())
            except (OSError, UnreadableReport):
                now = dt.datetime.now().astimezone()
                told = f"{now:%H:%M:%S} the look left no report (exit status {status}): {said[-500:]}"
                watched.console.print(told.rstrip(": "), markup=False, soft_wrap=True)
            else:
                if keep is not None:
                    _keep(folder, keep)
                if not watched.console.is_terminal:
                    for line in lines:
                        watched.console.print(line, soft_wrap=True)
            while (left := began + every - time.monotonic()) > 0:
                state[0] = f"look {watched.looks} took {_took(watched)}; the next one in {left:.0f} s; Ctrl-C ends it"
                time.sleep(min(left, _TICK_S))
            state[0] = f"looking again, for the {watched.looks + 1}. time"


def _look(options: Sequence[str]) -> tuple[int, str]:
    """Run once in a process of its own and return its exit status and its last words."""
    sources = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(  # noqa: S603 - this very suite, with the options it was given
        [sys.executable, "-m", "cx_conformance", "run", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONPATH": sources},
        start_new_session=True,  # Ctrl-C is for the watch, which ends the look itself
    )
    try:
        _, said = process.communicate()
    except KeyboardInterrupt:
        _end(process)
        raise
    return process.returncode, said.strip()


def _end(process: subprocess.Popen[str]) -> None:
    """End a look, of which half is worth nothing here; what it has made in the cluster it takes away before."""
    try:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _live(watched: "Watched", state: list[str]) -> Iterator[None]:
    """Keep the table in sight where there is a terminal that can do so."""
    from rich.live import Live

    if not watched.console.is_terminal or watched.console.is_dumb_terminal:
        yield
        return
    with Live(
        console=watched.console,
        get_renderable=lambda: watched.frame(state[0]),
        refresh_per_second=2,
        transient=True,
        vertical_overflow="crop",
    ):
        yield


def _keep(folder: Path, keep: Path) -> None:
    """Put the files of a finished look in the place of those before."""
    from cx_conformance.reports.nights.kept_nights import is_of_pack
    from cx_conformance.reports.writing import not_written, replacing

    new = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    emptied: set[Path] = set()
    try:
        for path in [one for one in keep.rglob("*") if one.is_file()]:
            within = path.relative_to(keep)
            if within not in new and is_of_pack(within.as_posix()):
                path.unlink()
                emptied.update(keep / parent for parent in within.parents if parent.parts)
        for parent in sorted(emptied, reverse=True):
            with suppress(OSError):  # somebody else's files are in it
                parent.rmdir()
        for within in sorted(new):
            (keep / within).parent.mkdir(parents=True, exist_ok=True)
            with replacing(keep / within) as file:
                file.write((folder / within).read_bytes())
    except OSError as reason:
        raise not_written(keep, reason) from reason


def _took(watched: "Watched") -> str:
    return f"{watched.last.seconds:.0f} s" if watched.last else "its time"


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


_seconds.__name__ = "number of seconds"
