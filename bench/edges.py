"""How much faster one exec a caller is than a ``kubectl exec`` for each edge.

    PYTHONPATH=src python bench/edges.py [--kubeconfig FILE] [--one-by-one N]

Without a kubeconfig it starts the embedded cluster with the reference installation. The edges are those of the shipped
blueprint, each from the first ready pod of its caller. One by one means the same script and so the same evidence, run
by a ``kubectl exec`` for each edge; ``N`` of them are run and the rest is reckoned. What a run imports once is imported
before the clock starts.
"""  # noqa: INP001 - a script, no package

import argparse
import importlib
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from cx_conformance.api.client import Cluster
from cx_conformance.api.exec import runner
from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.probes.edges import CallerEdges, Edge, EdgeFinding, EdgeLimits, probe_edges
from cx_conformance.probes.inquiry import script
from cx_conformance.sandbox.cluster import EmbeddedCluster

BLUEPRINT = Path(__file__).parents[1] / "blueprint.yaml"


def main() -> int:
    """Run both ways and print the ratio; return 1 where an edge was not reached."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kubeconfig", help="a cluster that holds the installation; the embedded one by default")
    options.add_argument(
        "--one-by-one", type=int, metavar="N", help="kubectl execs to run (default: one for each edge)"
    )
    chosen = options.parse_args()
    blueprint = load_blueprint(BLUEPRINT).document
    with ExitStack() as stack:
        kubeconfig = chosen.kubeconfig
        if not kubeconfig:
            embedded = stack.enter_context(EmbeddedCluster(reference_installation(blueprint)))
            kubeconfig = str(embedded.kubeconfig)
            embedded.settle()
        cluster = Cluster.connect(kubeconfig)
        callers = _callers(Plan(blueprint, Site()), cluster.read("/api/v1/pods")["items"])
        return _compare(cluster, callers, kubeconfig, chosen.one_by_one)


def _compare(cluster: Cluster, callers: list[CallerEdges], kubeconfig: str, one_by_one: int | None) -> int:
    importlib.import_module("cx_conformance.api.conversation")
    began = time.monotonic()
    seen = probe_edges(runner(cluster.configuration), callers)
    together = time.monotonic() - began
    reached = sum(each.finding is EdgeFinding.CONNECTS for each in seen)
    _say(f"together:   {len(seen)} edges of {len(callers)} callers in {together:.2f} s, {reached} reached")
    for each in seen:
        if each.finding is not EdgeFinding.CONNECTS:
            _say(f"            {each.words}")
    by_hand = [(caller.place, edge) for caller in callers for edge in caller.edges][:one_by_one]
    began = time.monotonic()
    for place, edge in by_hand:
        _kubectl_exec(kubeconfig, place, edge)
    apart = (time.monotonic() - began) * len(seen) / len(by_hand)
    _say(f"one by one: {len(by_hand)} kubectl execs, {apart:.2f} s for {len(seen)}")
    _say(f"ratio:      {apart / together:.1f}")
    return 0 if reached == len(seen) else 1


def _callers(plan: Plan, pods: list[dict[str, Any]]) -> list[CallerEdges]:
    edges: dict[ContainerPlace, list[Edge]] = defaultdict(list)
    for each in plan.edges:
        callee, caller = each.callee, each.caller
        host = f"{callee.service_names[0]}.{callee.namespaces[0]}.svc"
        for pod in pods:
            name = pod["metadata"]["name"]
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
            if ready and name.startswith(f"{caller.names[0]}-"):
                container = pod["spec"]["containers"][0]["name"]
                place = ContainerPlace(namespace=pod["metadata"]["namespace"], pod=name, container=container)
                edges[place].append(Edge(caller=caller.id, callee=callee.id, host=host, port=each.port.port))
                break
    return [CallerEdges(place=place, edges=tuple(mine)) for place, mine in edges.items()]


def _kubectl_exec(kubeconfig: str, place: ContainerPlace, edge: Edge) -> None:
    kubectl = shutil.which("kubectl") or "kubectl"
    where = ["--kubeconfig", kubeconfig, "-n", place.namespace, "exec", "-i", place.pod, "-c", place.container or ""]
    command = ["sh", "-s", "--", str(EdgeLimits().seconds), "edge", "0", edge.host, str(edge.port)]
    text = b"".join(map(script, ("script_start", "edge_script", "script_end")))
    subprocess.run(  # noqa: S603 - kubectl, with arguments of the blueprint
        [kubectl, *where, "--", *command], input=b"nonce=bench\n" + text, check=True, capture_output=True
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
