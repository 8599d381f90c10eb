"""The soak test: ``tox -e soak``.

Runs everything on healthy and on broken installations whose containers are starved by a seed, over many seeds. Exits 1
where a run ends otherwise than the same one without starvation. With ``--write`` it keeps the count for the page
``docs/coverage.md``.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.campaign.coverage import PAGE, page
from tests.soak import counted
from tests.soak.counted import Count
from tests.soak.rounds import FAULTS, HEALTHY, Round, play


def soak(fault: str, seeds: int, at_once: int) -> Iterator[tuple[Round, list[str]]]:
    """Yield each run by a seed, with what ended otherwise in it than without starvation."""
    calm = play(fault, "")
    with ThreadPoolExecutor(at_once) as pool:
        for one in pool.map(lambda seed: play(fault, str(seed)), range(1, seeds + 1)):
            yield one, calm.differs(one)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, tell what differs, and keep the count where that is wanted."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=50, help="for the healthy installation (default: %(default)s)")
    parser.add_argument("--fault-seeds", type=int, default=50, help="for each of ten faults (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=2, help="runs beside each other (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="keep the count, and write docs/coverage.md anew")
    given = parser.parse_args(arguments)
    counts = []
    for fault in (HEALTHY, *FAULTS):
        began, runs, alike = time.monotonic(), 0, 0
        for one, differs in soak(fault, given.fault_seeds if fault else given.seeds, given.at_once):
            runs, alike = runs + 1, alike + (not differs)
            for words in differs:
                print(f"{fault or 'healthy'}, seed {one.seed}: {words}", flush=True)
        counts.append(Count(fault=fault, runs=runs, alike=alike))
        print(f"{fault or 'healthy'}: {alike} of {runs} alike, {time.monotonic() - began:.0f} s", flush=True)
    if given.write:
        counted.keep(counts)
        PAGE.write_text(page(), encoding="utf-8")
    return 0 if all(one.alike == one.runs for one in counts) else 1


if __name__ == "__main__":
    sys.exit(main())
