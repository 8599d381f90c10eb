"""``cx-conformance sonobuoy``: a run as a Sonobuoy plug-in, whose results the worker beside it takes."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cx_conformance.commands.help_text import Paragraphs
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_DESCRIPTION = """\
Runs `cx-conformance run` with the given options and hands its report to Sonobuoy's worker in the same pod: a tarball in
the folder of SONOBUOY_RESULTS_DIR, whose path the file `done` holds, written last; progress goes to
SONOBUOY_PROGRESS_PORT. deploy/sonobuoy-plugin.yaml is the plug-in's definition. The exit status is 0 when the results
were handed over, whatever they say: Sonobuoy reads the JUnit file.
"""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the subcommand, for its help."""
    parser = subparsers.add_parser(
        "sonobuoy",
        help="a run as a Sonobuoy plug-in",
        description=_DESCRIPTION,
        formatter_class=Paragraphs,
    )
    parser.add_argument("options", nargs="*", metavar="OPTION OF RUN", help="anything that `cx-conformance run` takes")


def run_with(arguments: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Run, hand the results over, and return 0; 1 where that could not be done."""
    if any(one in ("-h", "--help") for one in arguments):
        parser.parse_args(["sonobuoy", "--help"])
    from tempfile import TemporaryDirectory

    from cx_conformance.reports.formats.sonobuoy import hand_over, results_folder
    from cx_conformance.reports.writing import ReportNotWritten

    folder = results_folder()
    with TemporaryDirectory() as place:
        report = Path(place) / "report"
        status, said = _run(["--report", str(report), *arguments])
        reported = status in (*EXIT_STATUS.values(), INTERRUPTED)
        why = "" if reported else f"cx-conformance run ended with exit status {status}: {said}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            hand_over(report, folder, why or "cx-conformance run wrote no report; its log says why")
        except (OSError, ReportNotWritten) as reason:
            sys.stderr.write(f"cx-conformance sonobuoy: could not hand over the results: {reason}\n")
            return 1
    return 0


def _run(arguments: Sequence[str]) -> tuple[int, str]:
    """Run in a process of its own, which may break without breaking the hand-over; return its status and last words."""
    command = [sys.executable, "-m", "cx_conformance", "run", *arguments]
    sources = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(  # noqa: S603 - this very suite, with the options it was given
        command, stderr=subprocess.PIPE, text=True, errors="replace", env={**os.environ, "PYTHONPATH": sources}
    )
    # The pod is told to end by SIGTERM: the run then reports what it has seen, and that is handed over.
    signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGTERM))
    _, said = process.communicate()
    sys.stderr.write(said)
    lines = said.strip().splitlines()
    return process.returncode, lines[-1] if lines else "it said nothing"
