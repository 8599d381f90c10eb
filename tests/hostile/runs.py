"""Whole runs of the command against what means harm: a process of its own, its memory measured, its pack verified."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from cx_conformance.reports.pack.verifying import verify
from cx_conformance.run.suite_files import suite_root
from tests.hostile.measured import Running, Took

MOST_MIB = 256
"""What a full run may take whatever the servers send."""
GRACE_S = float(os.environ.get("CX_CONFORMANCE_GRACE_S", "45"))
"""It ends two seconds after its limit or the signal: its report is written then. A machine that six people share takes
longer; on a calm one the tests are run with 2."""


def begun(kubeconfig: Path, folder: Path, *options: str) -> Running:
    """Begin a run against a cluster; its report comes to lie in ``folder``."""
    command = (sys.executable, "-m", "cx_conformance", "run", "--kubeconfig", str(kubeconfig), "--report", "report")
    return Running([*command, "--no-pdf", *options], folder, {"PYTHONPATH": str(suite_root() / "src")})


def ended(run: Running, limit: float, status: tuple[int, ...] = (3,)) -> Took:
    """Wait until a run has ended with one of these statuses, in its time and memory, and without a traceback."""
    took = run.ended(limit + GRACE_S)
    assert took.status in status, took.output
    assert "Traceback" not in took.output, took.output
    assert took.mebibytes < MOST_MIB, took
    return took


def whole_report(folder: Path) -> dict[str, Any]:
    """Return the report of a run, after its pack was verified: every file is there, as its sums say."""
    found = verify(folder / "report")
    assert found.problems == []
    told: dict[str, Any] = json.loads((folder / "report" / "report.json").read_bytes())
    assert len(told["outcomes"]) > 1000
    return told
