"""Where the time of a run goes, and how far it is from the floor.

    PYTHONPATH=src python bench/profile.py

Wall and CPU seconds of the phases of one whole process, against an embedded cluster that is up already: the median of
several. The floor of a static run is the time of its API requests alone, asked by a program that does nothing else;
that of everything is this and the slowest single probe.
"""  # noqa: INP001 - a script, no package

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from measuring import say

from cx_conformance.api.client import Cluster
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.rights import kinds_for
from cx_conformance.cluster.snapshot import take
from cx_conformance.sandbox.cluster import EmbeddedCluster

ROOT: Final = Path(__file__).parents[1]
PHASES: Final = ("imports", "blueprint, plan", "collection", "connection", "look", "judging", "reports", "rest")

TRACED: Final = """
import functools, json, sys, time
began = time.perf_counter()
spent = {}
inside = set()
def timed(owner, name, phase):
    inner = getattr(owner, name)
    @functools.wraps(inner)
    def outer(*arguments, **keywords):
        if phase in inside:
            return inner(*arguments, **keywords)
        inside.add(phase)
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return inner(*arguments, **keywords)
        finally:
            inside.discard(phase)
            known = spent.setdefault(phase, [0.0, 0.0])
            known[0] += time.perf_counter() - wall
            known[1] += time.process_time() - cpu
    setattr(owner, name, outer)
import cx_conformance.__main__ as command
import cx_conformance.commands.run, cx_conformance.plugin.hooks, cx_conformance.reports.terminal.summary
import cx_conformance.api.client, cx_conformance.cluster.snapshot, cx_conformance.cluster.seen
import cx_conformance.api.kubeconfig, kubernetes.config, cx_conformance.vantage.entrance
spent["imports"] = [time.perf_counter() - began, time.process_time()]
from cx_conformance.run.run import Run
from cx_conformance.run.looks import Looks
import cx_conformance.plugin.reporting
from cx_conformance.plugin.own_way import OwnWay
from cx_conformance.api.client import Cluster
from _pytest.main import Session
timed(Run, "__init__", "blueprint, plan")
timed(Run, "promise", "blueprint, plan")
timed(Session, "perform_collect", "collection")
timed(Looks, "_connect", "connection")
timed(Looks, "_look", "look")
timed(cx_conformance.plugin.reporting, "leave", "reports")
timed(Looks, "begin_probing", "judging")
timed(OwnWay, "pytest_runtestloop", "judging")
status = command.main(sys.argv[2:])
spent["all"] = [time.perf_counter() - began, time.process_time()]
open(sys.argv[1], "w").write(json.dumps(spent))
"""


def main() -> int:
    """Measure and print two tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    chosen = options.parse_args()
    blueprint = load_blueprint(ROOT / "blueprint.yaml").document
    with EmbeddedCluster(reference_installation(blueprint)) as embedded, tempfile.TemporaryDirectory() as folder:
        embedded.settle()
        kubeconfig = str(embedded.kubeconfig)
        static = [_traced(Path(folder), ["--static"], kubeconfig) for _ in range(chosen.runs)]
        everything = [_traced(Path(folder), ["--report", f"{folder}/r", "--no-pdf"], kubeconfig) for _ in range(3)]
        slowest = max(
            one["duration_ms"] if "ms" not in one["evidence"] else float(one["evidence"]["ms"])
            for one in json.loads((Path(folder) / "r" / "report.json").read_bytes())["outcomes"]
            if one["area"] in ("health", "edges", "stores") and isinstance(one["evidence"].get("ms", 0.0), int | float)
        )
        lists = statistics.median(_lists(kubeconfig, blueprint) for _ in range(chosen.runs))
    _table("static", static)
    say()
    _table("everything, with --report", everything)
    say()
    imported = statistics.median(_imports("pytest") for _ in range(chosen.runs))
    floor = lists + imported
    say(
        f"Floor of a static run: {floor:.2f} s, {lists:.2f} s for its API requests alone and {imported:.2f} s to "
        f"import pytest; it takes {_median(static, 'all'):.2f} s."
    )
    floor += slowest / 1000
    say(
        f"Floor of everything: {floor:.2f} s, with the slowest single probe ({slowest:.0f} ms); "
        f"it takes {_median(everything, 'all'):.2f} s."
    )
    return 0


def _traced(folder: Path, arguments: Sequence[str], kubeconfig: str) -> dict[str, list[float]]:
    script, told = folder / "traced.py", folder / "spent.json"
    script.write_text(TRACED, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, str(script), str(told), "run", "--kubeconfig", kubeconfig, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    spent: dict[str, list[float]] = json.loads(told.read_bytes())
    # Nobody has said the release, so that the look is taken while it is decided what is promised.
    spent["blueprint, plan"] = [spent["blueprint, plan"][n] - spent["look"][n] for n in (0, 1)]
    spent["rest"] = [
        spent["all"][n] - sum(spent.get(phase, [0.0, 0.0])[n] for phase in PHASES if phase != "rest") for n in (0, 1)
    ]
    return spent


def _imports(module: str) -> float:
    """Return how long Python takes to begin, import ``module``, and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)  # noqa: S603 - this interpreter
    return time.perf_counter() - began


def _lists(kubeconfig: str, blueprint: Any) -> float:
    cluster, plan = Cluster.connect(kubeconfig), Plan(blueprint, Site())
    began = time.perf_counter()
    take(cluster, plan.namespaces, alternatives=plan.secrets, kinds=kinds_for(plan), groups=False)
    return time.perf_counter() - began


def _median(runs: Sequence[dict[str, list[float]]], phase: str, which: int = 0) -> float:
    return statistics.median(one.get(phase, [0.0, 0.0])[which] for one in runs)


def _table(name: str, runs: Sequence[dict[str, list[float]]]) -> None:
    say(f"| {name} | wall | CPU |")
    say("| --- | ---: | ---: |")
    for phase in (*PHASES, "all"):
        say(f"| {phase} | {_median(runs, phase):.2f} s | {_median(runs, phase, 1):.2f} s |")


if __name__ == "__main__":
    sys.exit(main())
