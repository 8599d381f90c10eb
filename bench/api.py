"""What a run asks of the API server, counted in the log of the embedded cluster: by area, and as components grow.

    PYTHONPATH=src python bench/api.py [--sizes 29,100,300,1000]

Requests are those that are answered, bytes their bodies before they are packed; an exec and a port-forward are an
upgrade each. Each area is run by itself, so that the rows share what every look needs. Returns 1 when a budget of the
reference installation is exceeded.
"""  # noqa: INP001 - a script, no package

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from installations import SHIPPED, grown
from measuring import measured, ours, say

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.run.catalogue import catalogue
from cx_conformance.sandbox.cluster import EmbeddedCluster

BUDGETS: Final = {"execs": 30, "port-forwards": 45, "execs of one pod": 1, "port-forwards of one pod": 2}
"""For everything, on the reference installation, each of whose pods has one container."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asked."""

    requests: int
    execs: Counter[str]
    """By pod."""
    port_forwards: Counter[str]
    size: int
    """Bytes of the answers."""

    def row(self, name: str) -> str:
        """Return it as a line of a table."""
        return (
            f"| {name} | {self.requests} | {self.execs.total()} | {self.port_forwards.total()} "
            f"| {self.size / 1024:,.0f} KiB |"
        )


def main() -> int:
    """Count and print two tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default="29,100,300,1000", help="numbers of components, with commas")
    chosen = options.parse_args()
    say("| area | requests | execs | port-forwards | bytes |")
    say("| --- | ---: | ---: | ---: | ---: |")
    with EmbeddedCluster(reference_installation(load_blueprint(SHIPPED).document)) as cluster:
        cluster.settle()
        for area in dict.fromkeys(check.area for check in catalogue().checks if check.area != "ready"):
            say(_run(cluster, "--only", area).row(area))
        everything = _run(cluster)
        say(everything.row("everything"))
        say(_run(cluster, "--static").row("static"))
    say()
    say("| components, static | requests | execs | port-forwards | bytes |")
    say("| ---: | ---: | ---: | ---: | ---: |")
    for size in map(int, chosen.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            blueprint = Path(folder) / "blueprint.yaml"
            blueprint.write_text(grown(size), encoding="utf-8")
            objects = reference_installation(load_blueprint(blueprint).document)
            with EmbeddedCluster(objects, static=True) as cluster:
                say(_run(cluster, "--static", "--blueprint", str(blueprint)).row(f"{size:,}"))
    say()
    kept = [_kept(name, found, BUDGETS[name]) for name, found in _figures(everything).items()]
    return 0 if all(kept) else 1


def _figures(asked: Asked) -> Mapping[str, int]:
    return {
        "execs": asked.execs.total(),
        "port-forwards": asked.port_forwards.total(),
        "execs of one pod": max(asked.execs.values()),
        "port-forwards of one pod": max(asked.port_forwards.values()),
    }


def _kept(name: str, found: int, most: int) -> bool:
    say(f"{name}: {found} of {most}" + ("" if found <= most else "  EXCEEDED") + "  ")
    return found <= most


def _run(cluster: EmbeddedCluster, *arguments: str) -> Asked:
    before = len(cluster.requests())
    measured(ours("run", "--kubeconfig", str(cluster.kubeconfig), *arguments))
    return _counted(cluster.requests()[before:])


def _counted(log: Iterable[Mapping[str, Any]]) -> Asked:
    upgrades: dict[str, Counter[str]] = {"exec": Counter(), "portforward": Counter()}
    requests = size = 0
    for one in log:
        *_, pod, last = one["path"].partition("?")[0].split("/")
        if last in upgrades:
            upgrades[last][pod] += 1
        else:
            requests += 1
            size += one["bytes"]
    return Asked(requests, upgrades["exec"], upgrades["portforward"], size)


if __name__ == "__main__":
    sys.exit(main())
