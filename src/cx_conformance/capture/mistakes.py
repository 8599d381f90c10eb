"""What leads nowhere already when it is captured: it is written down as known, so that only what is new breaks."""

from collections.abc import Iterator

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.lost_addresses import lost_addresses
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot_record import Snapshot


def mistakes(made: Blueprint, snapshot: Snapshot) -> Iterator[ChartErratum]:
    """Yield the addresses in variables and ConfigMaps that lead to no Service, by component; raises CouldNotLook."""
    seen = Seen(snapshot, Plan(made, Site()))
    for identity, planned in seen.plan.components.items():
        told = dict.fromkeys(
            (one.variable, *one.why.partition(" ")[::2]) for one in lost_addresses(seen, planned) if not one.instead
        )
        for variable, address, why in told:
            words = f"{why}; it was so when it was captured"
            yield ChartErratum(component=identity, kind="variable", about=variable, says=address, why=words)
