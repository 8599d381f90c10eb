"""How long a run waits for its stores: all eight when they are well, and all eight when they hang.

    PYTHONPATH=src python bench/stores.py [--kubeconfig FILE]

Without a kubeconfig it starts the embedded cluster with the reference installation, with real servers where this
machine has them. What a run imports once is imported before the clock starts. Hanging stores accept connections and
say nothing; they are only tried in the embedded cluster. It also counts the threads that are left behind.
"""  # noqa: INP001 - a script, no package

import argparse
import importlib
import sys
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.cluster.references import References
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.vantage.execs import run_in_time
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.logins import StoreProbes
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.reach import Reach
from cx_conformance.vantage.store_asking import LIMITS

BLUEPRINT = Path(__file__).parents[1] / "blueprint.yaml"
CLIENTS = ("mongo", "redis_store", "activemq", "s3", "postgresql", "keycloak", "grafana", "superset")
WELL_S = 2.0
"""What all eight may take together when they are well."""
BEYOND_S = 1.0
"""What they may take beyond the time limit of each when all of them hang."""


def main() -> int:
    """Ask them; return 1 where they took longer than they may, or left a thread behind."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kubeconfig", help="a cluster that holds the installation; the embedded one by default")
    chosen = options.parse_args()
    for client in CLIENTS:
        importlib.import_module(f"cx_conformance.probes.stores.{client}")
    blueprint = load_blueprint(BLUEPRINT).document
    with ExitStack() as stack:
        kubeconfig, embedded = chosen.kubeconfig, None
        if not kubeconfig:
            embedded = stack.enter_context(EmbeddedCluster(reference_installation(blueprint)))
            for note in embedded.settle():
                _say(f"stand-in    {note}")
            kubeconfig = str(embedded.kubeconfig)
        kept = _asked("well", kubeconfig, WELL_S)
        if embedded is not None:
            for store in blueprint.components:
                if blueprint.components[store].store is not None:
                    embedded.inject(f"store-hangs:{store}")
            embedded.settle()
            kept = _asked("all hang", kubeconfig, LIMITS.total_s + BEYOND_S) and kept
        return 0 if kept else 1


def _asked(how: str, kubeconfig: str, allowed_s: float) -> bool:
    """Ask every store at once, say how long each took, and tell whether all of them kept to the time."""
    with closing(Run(Options(kubeconfig=kubeconfig))) as run:
        seen, cluster = run.seen, run.cluster
        before = set(threading.enumerate())
        pool = ProbePool(None)
        reach = Reach(cluster, seen, Inquiries(run_in_time(cluster, pool)))
        probes = StoreProbes(seen, reach, References(cluster, Path()), pool)
        began = time.monotonic()
        asked = {entry.component: probes.start(entry) for entry in seen.plan.entries("store")}
        lines = []
        for name, pending in asked.items():
            try:
                found = pending.result()
                lines.append(f"{name} {found.observation.milliseconds:.0f} ms")
            except CouldNotLook as reason:
                lines.append(f"{name}: {reason}")
        took = time.monotonic() - began
        reach.close()
        pool.close()
        left = [one.name for one in set(threading.enumerate()) - before]
    _say(f"{how + ':':<11} {len(asked)} stores in {took:.2f} s, of {allowed_s:g} s; {', '.join(lines)}")
    _say(f"{'':<11} threads left: {', '.join(left) or 'none'}")
    return took <= allowed_s and not left


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
