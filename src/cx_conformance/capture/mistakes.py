"""What is wrong already when it is captured: it is written down as known, so that only what is new breaks."""

from collections.abc import Iterator
from typing import Final

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.site import Site
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.lost_addresses import lost_addresses
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.workload import CronJob

_SO: Final = "it was so when it was captured"


def mistakes(made: Blueprint, snapshot: Snapshot) -> Iterator[ChartErratum]:
    """Yield, by component, the addresses that lead to no Service, and the CronJobs whose pods its Service selects too.

    Raises CouldNotLook.
    """
    seen = Seen(snapshot, Plan(made, Site()))
    for identity, planned in seen.plan.components.items():
        told = dict.fromkeys(
            (one.variable, *one.why.partition(" ")[::2]) for one in lost_addresses(seen, planned) if not one.instead
        )
        for variable, address, why in told:
            words = f"{why}; {_SO}"
            yield ChartErratum(
                component=identity, kind="variable", about=variable, says=address, why=words, source=Source.CAPTURED
            )
        yield from _selectors(seen, identity, planned)


def _selectors(seen: Seen, identity: str, planned: Planned) -> Iterator[ChartErratum]:
    if planned.facts.service is None or isinstance(seen.workload(planned).object, CronJob):
        return
    service = seen.service(planned).object
    for one in seen.snapshot.workloads(service.namespace):
        if isinstance(one, CronJob) and service.selects(one.template.labels):
            why = f"a pod of the CronJob is behind the Service while it runs; {_SO}"
            yield ChartErratum(
                component=identity, kind="selector", about=service.name, says=one.name, why=why, source=Source.CAPTURED
            )
