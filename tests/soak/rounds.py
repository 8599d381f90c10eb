"""Whole runs on an embedded cluster whose containers are starved by a seed, and how each promise ended in them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cx_conformance.sandbox.starvation import VARIABLE

HEALTHY: Final = ""
FAULTS: Final = (
    "absent-workload:ccm",
    "health-503:ccm",
    "health-hang:ccm",
    "health-reset:unified-admin",
    "port-closed:bot-framework",
    "edge-refused:ccm",
    "edge-hang:routing-engine",
    "name-not-resolvable:ccm",
    "store-password-changed:redis",
    "store-hangs:redis",
)
"""Ten that are found by waiting, or beside probes that wait."""
LONGEST_S: Final = 300
Ended = Mapping[str, str]
"""How each promise ended (``fail``), by check, component and entry."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One run: with which fault, by which seed, and how each promise ended."""

    fault: str
    seed: str
    verdict: str
    ended: Ended

    def differs(self, other: "Round") -> list[str]:
        """Return the promises that ended otherwise there."""
        names = sorted({*self.ended, *other.ended})
        return [
            f"{name}: {self.ended.get(name)} here, {other.ended.get(name)} there"
            for name in names
            if self.ended.get(name) != other.ended.get(name)
        ]


def play(fault: str, seed: str) -> Round:
    """Run everything once on an embedded cluster of its own; an empty ``seed`` starves nobody."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "cx_conformance", "run", f"--sandbox={fault}" if fault else "--sandbox", "--report", folder]
        ran = subprocess.run(
            [sys.executable, *command],
            env=os.environ | {VARIABLE: seed},
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        written = Path(folder) / "report.json"
        if not written.exists():
            raise RuntimeError(f"{fault or 'healthy'} by seed {seed or 'none'} wrote no report: {ran.stdout[-2000:]}")
        report = json.loads(written.read_text("utf-8"))
    ended = {f"{one['check']} {one['component']} [{one['entry']}]": one["outcome"] for one in report["outcomes"]}
    return Round(fault=fault, seed=seed, verdict=report["verdict"], ended=ended)
