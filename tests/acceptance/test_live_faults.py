"""Every fault that only a probe can see is found in the area it names, by no other area, and none hangs the run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.faults import Fault, catalogue
from tests.acceptance.test_edge_troubles import TROUBLES
from tests.checks.installation import blueprint

ELSEWHERE = {one.fault.partition(":")[0] for one in TROUBLES}
"""Faults of call edges, which ``test_edge_troubles`` has all at once."""
LIVE = [one for one in catalogue() if not one.check.startswith("CX") and one.name not in ELSEWHERE]
SLOW = {"store-hangs", "health-hang"}
"""Faults that are waited for; `tox -e long` has them, and the soak test has what hangs in every run."""


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Keep one embedded cluster up for all of them."""
    with EmbeddedCluster(reference_installation(blueprint(), seed=1)) as cluster:
        cluster.settle()
        yield cluster


def judged(kubeconfig: Path) -> list[Outcome]:
    """Judge everything on a cluster."""
    run = Run(Options(kubeconfig=str(kubeconfig)))
    looks: dict[str, Any] = {
        "snapshot": lambda: run.snapshot,
        "seen": lambda: run.seen,
        "health_probes": lambda: run.live.health,
        "edge_probes": lambda: run.live.edges,
        "store_probes": lambda: run.live.stores,
        "entrance_probes": lambda: run.live.entrance,
        "store_copies": lambda: run.live.copies,
        "inside_probes": lambda: run.live.inside,
    }
    checks = all_checks()
    run.judge.register(checks)
    try:
        return [
            run.judge.outcome(check, entry, lambda name: looks[name]())
            for check in checks
            for entry in run.plan.entries(check.per)
        ]
    finally:
        run.close()


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=pytest.mark.long if one.name in SLOW else (), id=one.name) for one in LIVE]
)
def test_a_fault_that_only_a_probe_sees_is_found(embedded: EmbeddedCluster, fault: Fault) -> None:
    """It fails, or could not be looked at, in its area; what follows elsewhere is blocked."""
    embedded.replace(reference_installation(blueprint(), seed=1))
    embedded.inject(fault.name)
    embedded.settle()
    outcomes = judged(embedded.kubeconfig)
    told = [
        f"{one.check} {one.component} [{one.entry}]: {one.result} {one.message[:200]}"
        for one in outcomes
        if one.result in (Result.FAIL, Result.ERROR)
    ]
    if fault.found_as == "note":
        assert told == []
        return
    wanted = Result(fault.found_as)
    ended = {one.result for one in outcomes} & {Result.FAIL, Result.ERROR}
    assert [one for one in outcomes if one.result is wanted and one.area == fault.check], told
    assert ended == {wanted}, told
