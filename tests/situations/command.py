"""The command, run through its own main function in a process of its own that has everything imported already."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final

from cx_conformance.api.client import Patience
from cx_conformance.outcome.check import AREAS

SECONDS: Final = 60
"""A command that takes longer hangs."""
_WIDTH: Final = "1000"
"""Columns of the terminal, so that no sentence is wrapped."""
_PRELOADED: Final = [
    *("pytest", "cryptography.x509", "kubernetes.client.rest", "kubernetes.config", "rich.console", "rich.table"),
    *(
        f"cx_conformance.{name}"
        for name in ("plugin.hooks", "plugin.usage", "run.relook", "run.catalogue", "commands.run")
    ),
    *(f"cx_conformance.cluster.{name}" for name in ("facts", "seen", "snapshot")),
    *(f"cx_conformance.reports.{name}" for name in ("formats.junit", "terminal.progress", "terminal.summary")),
    "cx_conformance.api.client",
    *(f"checks.{name}" for name in AREAS),
    "cx_conformance.vantage.entrance",
    "tests.situations.command",
]
"""What would be imported in each process anew; a situation costs half as much with it."""

_PATIENCE: Final = Patience

Bend = Callable[[], None]
"""Changes something of the suite in the command's process, before it runs."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command that has ended."""

    status: int
    stdout: str
    stderr: str


class Hanging(AssertionError):  # noqa: N818 - what the command does
    """A command did not end in time."""


class Running:
    """A command at work."""

    def __init__(
        self, arguments: Sequence[str | Path], folder: Path, env: Mapping[str, str], bend: Bend | None = None
    ) -> None:
        """Start it in ``folder``."""
        names = ("out", "err", "status")
        self._files = [Path(tempfile.mkstemp(dir=folder, prefix=f".{name}-")[1]) for name in names]
        self.process = _context().Process(
            target=_child, args=([str(one) for one in arguments], folder, dict(env), self._files, bend)
        )
        self.process.start()

    def end(self, seconds: float = SECONDS) -> Done:
        """Wait for its end; Hanging when it does not come."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
            raise Hanging(f"no end after {seconds} s; printed: {self._files[0].read_text()[-2000:]}")
        stdout, stderr, status = (path.read_text(errors="surrogateescape") for path in self._files)
        # What the command itself has told comes first: a busy fork server at times loses a status, and says 255.
        return Done(status=int(status or self.process.exitcode or 0), stdout=stdout, stderr=stderr)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _child(arguments: list[str], folder: Path, env: dict[str, str], files: list[Path], bend: Bend | None) -> None:
    """Be the command: its directory, its environment, its output, its exit status."""
    os.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("CX_CONFORMANCE_", "KUBE"))]:
        del os.environ[name]
    os.environ |= {"HOME": str(folder), "COLUMNS": _WIDTH, "CX_CONFORMANCE_NO_PDF": "1"} | env
    *streams, told = files
    for number, path in enumerate(streams, 1):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    sys.argv = ["cx-conformance", *arguments]
    be_patient_for(seconds=30, tries=7)
    if bend:
        bend()
    from cx_conformance.__main__ import main

    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    told.write_text(str(status))
    sys.exit(status)


def be_patient_for(seconds: float, tries: int) -> None:
    """Wait for an API server as ever, only shorter, and hardly at all between two tries."""
    from cx_conformance.api import client

    patience = partial(
        _PATIENCE,
        total_seconds=seconds,
        connection_tries=tries,
        first_pause_seconds=0.01,
        longest_pause_seconds=0.05,
        longest_retry_after_seconds=0.05,
    )
    client.Patience = patience  # type: ignore[assignment,misc] # where Cluster finds it
