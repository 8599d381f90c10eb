"""How much faster a run is than the suite that one would write without it (``baseline/``).

    PYTHONPATH=src python bench/compare.py [--kubeconfig FILE] [--runs 3]

Both run in turn on the same cluster, so that a slow minute of the machine slows both: a static look at the API's
objects, then everything (the baseline: edges, one health endpoint, the stores' ports; a run: all edges, all health
endpoints, logins). The ratios are printed by wall time, and by finding: the baseline's tests that passed or failed, a
run's outcomes that are not ``n/a``.
"""  # noqa: INP001 - a script, no package

import argparse
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from measuring import Measured, measured, ours, say, spread

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster

ROOT = Path(__file__).parents[1]
BASELINE = ROOT / "bench" / "baseline"
AIMS = {"static": (4.0, 20.0), "everything": (8.0, None)}
"""The least ratio by wall time, and by finding."""


def main() -> int:
    """Run both in turn; return 1 when an aim is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kubeconfig", help="a cluster that holds the installation; the embedded one by default")
    options.add_argument("--runs", type=int, default=3, help="of each; the medians are compared")
    chosen = options.parse_args()
    with ExitStack() as stack:
        kubeconfig = chosen.kubeconfig
        if not kubeconfig:
            objects = reference_installation(load_blueprint(ROOT / "blueprint.yaml").document)
            embedded = stack.enter_context(EmbeddedCluster(objects))
            embedded.settle()
            kubeconfig = str(embedded.kubeconfig)
        kept = [_compared(kind, kubeconfig, chosen.runs) for kind in AIMS]
    return 0 if all(kept) else 1


def _compared(kind: str, kubeconfig: str, runs: int) -> bool:
    static = kind == "static"
    theirs = [sys.executable, "-m", "pytest", "-c", str(BASELINE / "pytest.ini"), str(BASELINE)]
    mine = ours("run", "--kubeconfig", kubeconfig, *(["--static"] if static else []))
    slow: list[Measured] = []
    fast: list[Measured] = []
    for _ in range(runs):
        slow.append(measured([*theirs, *(["-m", "not live"] if static else [])], {"KUBECONFIG": kubeconfig}))
        fast.append(measured(mine))
    found = _number(r"(\d+) passed", slow[-1].output) + _number(r"(\d+) failed", slow[-1].output)
    outcomes = _number(r"([\d,]+) outcomes in", fast[-1].output) - _number(r"n/a ([\d,]+)", fast[-1].output)
    wall = median(one.wall for one in slow) / median(one.wall for one in fast)
    by_finding = wall * outcomes / max(1, found)
    least_wall, least_by_finding = AIMS[kind]
    say(f"{kind}")
    say(f"  baseline    {spread(slow)}, {found} findings, exit status {slow[-1].status}")
    say(f"  a run       {spread(fast)}, {outcomes} findings, exit status {fast[-1].status}")
    say(f"  by wall     {wall:.1f} times as fast; aimed at {least_wall:.0f}")
    say(f"  by finding  {by_finding:.1f} times" + (f"; aimed at {least_by_finding:.0f}" if least_by_finding else ""))
    return wall >= least_wall and (least_by_finding is None or by_finding >= least_by_finding)


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1].replace(",", "")) if found else 0


if __name__ == "__main__":
    sys.exit(main())
