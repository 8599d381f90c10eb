"""How long a fleet of 50 takes of which 3 hang, 2 refuse and 1 has an expired certificate, and how much memory.

    PYTHONPATH=src:. python bench/fleet.py [--clusters 50] [--at-once 4] [--time-limit 300]

The clusters that answer are those of a few embedded ones, each listed several times under other names; one of them runs
another image of ccm, one lacks a Service. Memory is the sum of the proportional shares (PSS) of all processes of
``fleet run``, sampled ten times a second; the embedded clusters are not counted.
"""  # noqa: INP001 - a script, no package

import argparse
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.fleet.stage import inventory, troubled

ROOT = Path(__file__).parents[1]
TROUBLED = {"hang": 3, "refuse": 2, "outdated": 1}
PROMISED_MIB = 400
PROMISED_S = 60.0


def main() -> int:
    """Run the fleet and print the figures; return 1 where the page is wrong or a promise is not kept."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clusters", type=int, default=50)
    options.add_argument("--at-once", type=int, default=4)
    options.add_argument("--time-limit", type=float, default=300.0)
    args = options.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        served = [stack.enter_context(one).kubeconfig for one in embedded()]
        number = args.clusters - sum(TROUBLED.values())
        clusters = dict(stack.enter_context(troubled(folder, **TROUBLED)))
        clusters |= {f"site-{index:03}": served[index % len(served)] for index in range(number)}
        seconds, peak, status = fleet(inventory(folder, clusters), folder / "reports", args)
        page = json.loads((folder / "reports" / "fleet.json").read_bytes())
    sys.stdout.write(f"{args.clusters} clusters, {args.at_once} at once: {seconds:.1f} s, exit status {status}\n")
    sys.stdout.write(f"memory of fleet run and its processes, at most: {peak:.0f} MiB\n{page['summary']}\n")
    return judged(page, seconds, peak)


def embedded() -> list[EmbeddedCluster]:
    """Return clusters that answer: two conformant ones, one of another version, one that lacks something."""
    reference = reference_installation(load_blueprint(ROOT / "blueprint.yaml").document)
    drifted: list[dict[str, Any]] = copy.deepcopy(reference)
    for one in drifted:
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "ef-ccm"):
            one["spec"]["template"]["spec"]["containers"][0]["image"] += "-hotfix"
    return [
        EmbeddedCluster(reference, static=True),
        EmbeddedCluster(reference, static=True),
        EmbeddedCluster(drifted, static=True),
        EmbeddedCluster(reference, ["absent-service:ccm"], static=True),
    ]


def fleet(path: Path, reports: Path, args: argparse.Namespace) -> tuple[float, float, int]:
    """Return how long it took, the most memory in MiB, and the exit status."""
    words = [sys.executable, "-m", "cx_conformance", "fleet", "run", str(path), "--report", str(reports), "--static"]
    words += ["-j", str(args.at_once), "--time-limit", f"{args.time_limit:g}", "--each", "60", "--no-pdf"]
    began, peak = time.monotonic(), 0.0
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})  # noqa: S603 - the command under test
    while process.poll() is None:
        peak = max(peak, sum(proportional_kib(one) for one in family(process.pid)) / 1024)
        time.sleep(0.1)
    return time.monotonic() - began, peak, process.returncode


def family(root: int) -> list[int]:
    """Return the process and all that descend from it."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def proportional_kib(process: int) -> int:
    """Return a process's share of memory in KiB, with what it shares with others counted once for all."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def judged(page: dict[str, Any], seconds: float, peak: float) -> int:
    """Say what is not as promised; return 1 where something is."""
    wrong = []
    if seconds > PROMISED_S:
        wrong.append(f"it took {seconds:.1f} s, promised were {PROMISED_S:g} s")
    if peak > PROMISED_MIB:
        wrong.append(f"it took {peak:.0f} MiB, promised were {PROMISED_MIB} MiB")
    verdicts = {one["name"]: one["verdict"] for one in page["clusters"]}
    expected = {
        name: "inconclusive"
        if not name.startswith("site-")
        else "non-conformant"
        if int(name.removeprefix("site-")) % 4 == 3
        else "conformant"
        for name in verdicts
    }
    wrong += [
        f"{name} is {verdicts[name]}, expected {expected[name]}"
        for name in verdicts
        if verdicts[name] != expected[name]
    ]
    if [one["name"] for one in page["images"]] != ["ccm"]:
        wrong.append(f"drift is told of {[one['name'] for one in page['images']]}, expected of ccm")
    sys.stdout.write("".join(f"NOT AS PROMISED: {one}\n" for one in wrong) or "as promised\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
