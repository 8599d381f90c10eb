"""One command as a whole process: wall time, CPU, memory."""  # noqa: INP001 - a module of scripts, no package

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process took, the processes that it started and waited for included."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of all of them."""
    memory: float
    """MiB, resident at most, of the largest of them."""
    status: int
    """Exit status."""
    output: str
    """Standard output."""


def measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run ``command`` and return what it took."""
    surroundings = {**os.environ, "PYTHONPATH": str(SOURCES), **(environment or {})}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed command has its bytecode
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = os.posix_spawnp(
            command[0],
            list(command),
            surroundings,
            file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1)],
        )
        _, status, used = os.wait4(process, 0)
        wall = time.perf_counter() - began
        output.seek(0)
        said = output.read().decode(errors="replace")
    return Measured(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss / 1024,
        status=os.waitstatus_to_exitcode(status),
        output=said,
    )


def middle(runs: Sequence[Measured]) -> Measured:
    """Return the run of the median wall time."""
    return sorted(runs, key=lambda one: one.wall)[(len(runs) - 1) // 2]


def spread(runs: Sequence[Measured]) -> str:
    """Return the median and the range of the wall times, in words."""
    walls = [one.wall for one in runs]
    return f"{statistics.median(walls):.2f} s ({min(walls):.2f} to {max(walls):.2f})"


def ours(*arguments: str) -> list[str]:
    """Return the command line of this checkout's own command."""
    return [sys.executable, "-m", "cx_conformance", *arguments]


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
