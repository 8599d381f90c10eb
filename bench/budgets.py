"""What a run may take, and by how much each budget is met.

    PYTHONPATH=src python bench/budgets.py [--runs 5] [--quick]

Each figure is the median of whole processes, imports included, against an embedded cluster that is up already; its
own start is told apart (``--sandbox``). ``--quick`` leaves the thousands of components out.
"""  # noqa: INP001 - a script, no package

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from installations import SHIPPED, grown
from measuring import Measured, measured, middle, ours, say

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster


def main() -> int:
    """Measure and print; return 1 when a budget is exceeded."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    kept = [
        _budget("--help", ours("--help"), chosen.runs, seconds=0.25),
        _budget("import cx_conformance", [sys.executable, "-c", "import cx_conformance"], chosen.runs, seconds=0.1),
        _budget(
            "static, with --sandbox", ours("run", "--sandbox", "--static"), chosen.runs, seconds=1.5, mebibytes=120
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        grown_file = Path(folder) / "blueprint.yaml"
        grown_file.write_text(grown(1_000), encoding="utf-8")
        kept += _on(SHIPPED, "29 components", chosen.runs, seconds=0.6, mebibytes=100, full=(2.0, 120.0))
        if not chosen.quick:
            kept += _on(grown_file, "1,000 components", 3, seconds=4.5, mebibytes=300)
            grown_file.write_text(grown(3_000), encoding="utf-8")
            kept += _on(grown_file, "3,000 components", 1, seconds=15.0, mebibytes=700, pods=9_000)
    return 0 if all(kept) else 1


def _on(  # noqa: PLR0913 - one budget a keyword
    blueprint: Path,
    name: str,
    runs: int,
    *,
    seconds: float,
    mebibytes: float,
    full: tuple[float, float] | None = None,
    pods: int = 0,
) -> list[bool]:
    objects = reference_installation(load_blueprint(blueprint).document)
    for one in objects if pods else ():
        if one["kind"] == "Deployment":
            one["spec"]["replicas"] = max(one["spec"].get("replicas", 1), pods // 3_000)
    command = ours("run", "--blueprint", str(blueprint))
    with EmbeddedCluster(objects, static=full is None) as cluster:
        cluster.settle()
        command += ["--kubeconfig", str(cluster.kubeconfig)]
        kept = [_budget(f"static, {name}", [*command, "--static"], runs, seconds=seconds, mebibytes=mebibytes)]
        if full is not None:
            kept.append(_budget(f"everything, {name}", command, runs, seconds=full[0], mebibytes=full[1]))
    return kept


def _budget(name: str, command: Sequence[str], runs: int, *, seconds: float, mebibytes: float | None = None) -> bool:
    measured(command)  # bytecode and the operating system's cache are warm in use, too
    took: Measured = middle([measured(command) for _ in range(runs)])
    words = f"{name:26} {took.wall:6.2f} s of {seconds:5.2f} ({took.wall / seconds:4.0%}), CPU {took.cpu:5.2f} s"
    if mebibytes is not None:
        words += f", {took.memory:4.0f} MiB of {mebibytes:.0f} ({took.memory / mebibytes:.0%})"
    kept = took.wall <= seconds and (mebibytes is None or took.memory <= mebibytes)
    say(words + ("" if kept else "  EXCEEDED"))
    return kept


if __name__ == "__main__":
    sys.exit(main())
