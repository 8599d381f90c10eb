"""How a static run grows: from 29 components to 3,000, as a table and a plot.

    PYTHONPATH=src python bench/scale.py [--sizes 29,100,300,1000,3000] [--runs 3] [--plot FILE]

Blueprint and cluster are generated (``installations.py``); the cluster is the embedded one, which has started and
answered a run before the clock starts. A size of 3,000 components comes with 10,000 pods.
"""  # noqa: INP001 - a script, no package

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installations import grown
from measuring import Measured, measured, middle, ours, say

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster

SIZES = (29, 100, 300, 1_000, 3_000)
MOST_PODS = 10_000
STARTED = re.compile(r"([\d,]+) outcomes? in")
ASKED = re.compile(r"([\d,]+) API requests?")


@dataclass(frozen=True, slots=True)
class Size:
    """One row of the table."""

    components: int
    pods: int
    outcomes: int
    requests: int
    took: Measured


def main() -> int:
    """Measure each size; return 1 when a run did not end as it should."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of components, with commas")
    options.add_argument("--runs", type=int, default=3, help="of each size; the median counts")
    options.add_argument("--plot", metavar="FILE", type=Path, help="draw an SVG, too")
    chosen = options.parse_args()
    sizes = [_measured(int(size), chosen.runs) for size in chosen.sizes.split(",")]
    say(_table(sizes))
    if chosen.plot:
        _plot(sizes, chosen.plot)
    return 0 if all(one.took.status in (0, 1) for one in sizes) else 1


def _measured(components: int, runs: int) -> Size:
    with tempfile.TemporaryDirectory() as folder:
        blueprint = Path(folder) / "blueprint.yaml"
        blueprint.write_text(grown(components), encoding="utf-8")
        objects = reference_installation(load_blueprint(blueprint).document)
        replicas = MOST_PODS // components if components >= max(SIZES) else 1
        for one in objects:
            if one["kind"] == "Deployment":
                one["spec"]["replicas"] = max(one["spec"].get("replicas", 1), replicas)
        with EmbeddedCluster(objects, static=True) as cluster:
            command = ours("run", "--static", "--blueprint", str(blueprint), "--kubeconfig", str(cluster.kubeconfig))
            measured(command)
            took = middle([measured(command) for _ in range(runs)])
            pods = sum(one["kind"] == "Pod" for one in cluster.objects)
    return Size(components, pods, _number(STARTED, took.output), _number(ASKED, took.output), took)


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1].replace(",", "")) if found else 0


def _table(sizes: Sequence[Size]) -> str:
    lines = [
        "| components | pods | outcomes | API requests | wall | CPU | memory | wall an outcome |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {one.components:,} | {one.pods:,} | {one.outcomes:,} | {one.requests} | {one.took.wall:.2f} s "
        f"| {one.took.cpu:.2f} s | {one.took.memory:.0f} MiB | {one.took.wall / max(1, one.outcomes) * 1000:.2f} ms |"
        for one in sizes
    ]
    return "\n".join(lines)


def _plot(sizes: Sequence[Size], path: Path) -> None:
    """Draw wall time and memory over components, both axes logarithmic: linear growth is a slope of one."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    components = [one.components for one in sizes]
    for axes, values, label in (
        (left, [one.took.wall for one in sizes], "wall time, s"),
        (right, [one.took.memory for one in sizes], "memory, MiB"),
    ):
        axes.loglog(components, values, marker="o", color="#1f5fa8")
        linear = [values[-1] * one / components[-1] for one in components]
        axes.loglog(components, linear, linestyle=":", color="#888888", label="linear")
        axes.set(xlabel="components", ylabel=label)
        axes.grid(visible=True, which="major", color="#dddddd")
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
