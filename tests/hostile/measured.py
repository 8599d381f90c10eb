"""Run a command as a grandchild, and write down what it took: a process begins with the memory of whoever starts it.

Linux counts in a process's peak what it was before it became another program, and a test's own memory is large. Whoever
starts this module reads what it took from the file that is named first: the process at once, the rest at its end.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MIB = 1024
"""Kibibytes, as ``ru_maxrss`` counts them."""


@dataclass(frozen=True, slots=True)
class Took:
    """How a command ended: its exit status, the seconds it lasted and computed, the MiB that it had at its peak."""

    status: int
    seconds: float
    computed: float
    mebibytes: int
    output: str


class Running:
    """A command that runs."""

    def __init__(self, command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start it in ``cwd``, with a file of this class's own there."""
        self._figures = cwd / "figures"
        os.mkfifo(self._figures)
        self._process = subprocess.Popen(
            [sys.executable, __file__, self._figures, *command],
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._told = self._figures.open()
        self.pid = int(self._told.readline())

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, where it did not end by itself."""
        if self._process.poll() is None:
            os.kill(self.pid, 9)
        self._process.communicate()
        self._told.close()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def ended(self, within: float) -> Took:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        output, _ = self._process.communicate(timeout=within)
        return Took(output=output, **json.loads(self._told.readline()))


def main(figures: str, *command: str) -> None:
    """Run ``command`` and write its figures to a FIFO."""
    with Path(figures).open("w") as told:
        began = time.monotonic()
        pid = os.fork()
        if not pid:
            os.execvp(command[0], command)  # noqa: S606 - without one is the point
        print(pid, file=told, flush=True)
        _, status, used = os.wait4(pid, 0)
        took = {"status": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - began}
        took["computed"] = used.ru_utime + used.ru_stime
        print(json.dumps({**took, "mebibytes": used.ru_maxrss // MIB}), file=told)


if __name__ == "__main__":
    main(*sys.argv[1:])
