"""Running the suite as a process, and reading what it leaves behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]


def python(*arguments: object, root: Path, cwd: Path | None = None) -> Done:
    """Run a module of Python with the suite in ``root``, and from there where no other folder is given."""
    return subprocess.run(
        ["env", f"PYTHONPATH={root / 'src'}", sys.executable, *map(str, arguments)],
        cwd=cwd or root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def report(folder: Path) -> dict[str, Any]:
    """Read ``report.json``."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return found


def results(folder: Path) -> dict[str, int]:
    """Count the outcomes of a report."""
    every = [one["outcome"] for one in report(folder)["outcomes"]]
    return {one: every.count(one) for one in set(every)}
