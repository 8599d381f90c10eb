"""The whole campaign: ``tox -e campaign``.

Breaks every fact of every release in every way that an operator knows: by the API's objects in memory, then so that
only a probe sees it, on the embedded cluster. Exits 1 where something survives without a reason in ``survivors.yaml``.
With ``--write`` it keeps what it found for ``docs/coverage.md``.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from cx_conformance.blueprint.releases import KNOWN, PAGE
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.campaign import captured, entrance, measured
from tests.campaign.coverage import PAGE as COVERAGE
from tests.campaign.coverage import page
from tests.campaign.ground import Ground, Inapplicable, all_facts, base
from tests.campaign.judging import Fate, Judged, judge
from tests.campaign.operators import all_mutations, live_mutations
from tests.campaign.rounds import Arena, rounds
from tests.campaign.survivors import reason_for, unexplained


def static(releases: Sequence[str], only: str) -> Iterator[Judged]:
    """Break facts by the API's own objects, in the ways whose names hold a text."""
    for mutation in (one for one in all_mutations(releases) if only in one.name):
        try:
            yield judge(mutation)
        except Inapplicable:
            continue


def live(releases: Sequence[str], folder: Path) -> Iterator[Judged]:
    """Break facts so that only a probe sees it."""
    if PAGE in releases:
        yield from entrance.play(folder)
    with EmbeddedCluster(Ground(base(releases[0])).manifests) as cluster:
        arena = Arena(cluster, folder)
        for one in rounds(live_mutations(releases)):
            yield from arena.play(one)


def told(found: Iterator[Judged], name: str) -> list[Judged]:
    """Run a part, and tell how it went on."""
    began, kept, shown = time.monotonic(), [], 0.0
    for one in found:
        kept.append(one)
        if one.fate is not Fate.KILLED and reason_for(one.mutation.fact, one.mutation.operator.name) is None:
            print(f"{one.fate}: {one.mutation.base.name} {one.mutation.name}: {one.words[:300]}", flush=True)
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"{name}: {len(kept)} broken, {shown - began:.0f} s", file=sys.stderr, flush=True)
    counts = Counter(one.fate.value for one in kept)
    words = ", ".join(f"{number} {fate}" for fate, number in sorted(counts.items()))
    print(f"{name}: {len(kept)} mutations in {time.monotonic() - began:.0f} s: {words}", flush=True)
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tox -e campaign --", description=__doc__)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--static", action="store_true", help="only what the API's own objects show")
    part.add_argument("--probes", action="store_true", help="only what a probe sees")
    parser.add_argument("--write", action="store_true", help="keep what was found, and write docs/coverage.md")
    parser.add_argument("--only", default="", metavar="TEXT", help="with --static, only mutations whose name holds it")
    parser.add_argument(
        "--release", choices=KNOWN, action="append", help="only this release; may be given several times"
    )
    parser.add_argument("--page", action="store_true", help="only write docs/coverage.md anew, from what is kept")
    parser.add_argument("--kubeconfig", type=Path, help="break a real cluster instead")
    parser.add_argument("--context", help="context of the kubeconfig")
    parser.add_argument("--image", help="what the reference installation's pods run there: any with python3 and sh")
    parser.add_argument("--yes-break-this-cluster", action="store_true", help="needed with --kubeconfig")
    parser.add_argument("--captured", action="store_true", help="only measure what a captured blueprint finds broken")
    options = parser.parse_args(arguments)
    if options.kubeconfig:
        from tests.campaign.real.campaign import break_cluster

        return break_cluster(
            options.kubeconfig, options.context, agreed=options.yes_break_this_cluster, image=options.image
        )
    if options.captured:
        print(captured.measure())
    if options.page or options.captured:
        COVERAGE.write_text(page(), encoding="utf-8")
        return 0
    releases = options.release or KNOWN
    found = [] if options.probes else told(static(releases, options.only), "by objects")
    if not options.static:
        with tempfile.TemporaryDirectory() as folder:
            found += told(live(releases, Path(folder)), "seen by probes only")
    if options.write:
        parts = (False,) if options.static else (True,) if options.probes else (False, True)
        measured.save(measured.rows(found), releases=releases, instead=options.only, parts=parts)
        measured.load.cache_clear()
        COVERAGE.write_text(page(), encoding="utf-8")
    unbroken = {(start.name, one.name): one for start, one in all_facts(releases)}
    for one in found:
        unbroken.pop((one.mutation.base.name.split()[0], one.mutation.fact.name), None)
    silent = [] if options.static or options.probes else unexplained(unbroken.values())
    for name in silent:
        print(f"nothing breaks {name}, and no reason says why")
    wrong = [
        one
        for one in found
        if one.fate is not Fate.KILLED and reason_for(one.mutation.fact, one.mutation.operator.name) is None
    ]
    return 1 if wrong or silent else 0


if __name__ == "__main__":
    sys.exit(main())
