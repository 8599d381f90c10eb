"""How long all live probes of a run take together: where all is well, and where one target hangs.

    PYTHONPATH=src python bench/live.py [--kubeconfig FILE] [--hang FAULT]

Without a kubeconfig it starts the embedded cluster with the reference installation, measures, lets one target hang,
and measures again. Together is the time from the start of the first probe until every live check of the shipped
blueprint is judged; the slowest probe is the longest of them by itself, measured while the others run, without what
it waits for others before it begins. Wanted are 5 s
where all is well, and 1.5 times the slowest probe plus 2 s where one target hangs.
"""  # noqa: INP001 - a script, no package

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.vantage.pool import Pending

WELL_SECONDS = 5.0
HANGS = "edge-hang:ccm"


def main() -> int:
    """Measure and print; return 1 where it took longer than is wanted."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kubeconfig", help="a cluster that holds the installation; the embedded one by default")
    options.add_argument("--hang", metavar="FAULT", default=HANGS, help=f"what hangs (default: {HANGS})")
    chosen = options.parse_args()
    if chosen.kubeconfig:
        together, _ = _measured("all is well", chosen.kubeconfig)
        return int(together > WELL_SECONDS)
    with ExitStack() as stack:
        blueprint = Run(Options()).blueprint.document
        embedded = stack.enter_context(EmbeddedCluster(reference_installation(blueprint)))
        embedded.settle()
        well, _ = _measured("all is well", str(embedded.kubeconfig))
        embedded.inject(chosen.hang)
        embedded.settle()
        hanging, slowest = _measured(f"with {chosen.hang}", str(embedded.kubeconfig))
    most = 1.5 * slowest + 2
    _say(f"wanted: {WELL_SECONDS:.2f} s where all is well, {most:.2f} s where one target hangs")
    return int(well > WELL_SECONDS or hanging > most)


def _measured(words: str, kubeconfig: str) -> tuple[float, float]:
    """Run all live probes, and return how long they took together, and the slowest of them by itself."""
    run = Run(Options(kubeconfig=kubeconfig))
    run.judge.register(all_checks())
    live = [check for check in all_checks() if check.live]
    took: list[float] = []
    work = Pending.work

    def timed(pending: Pending[Any], probe: Callable[[], Any]) -> None:
        began = time.monotonic()
        try:
            work(pending, probe)
        finally:
            took.append(time.monotonic() - began)

    setattr(Pending, "work", timed)  # noqa: B010 - measured from outside, for this script alone
    try:
        _ = run.seen
        began = time.monotonic()
        ended = Counter(
            run.judge.outcome(check, entry, run.looked).result
            for check in live
            for entry in run.plan.entries(check.per)
        )
        together = time.monotonic() - began
    finally:
        setattr(Pending, "work", work)  # noqa: B010 - as above
        run.close()
    told = ", ".join(f"{ended[result]} {result}" for result in Result if ended[result])
    _say(f"{words}: {len(took)} probes in {together:.2f} s, the slowest by itself {max(took):.2f} s; {told}")
    return together, max(took)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
