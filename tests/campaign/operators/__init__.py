"""The operators, one module an area; importing this package makes all of them known."""

from collections.abc import Iterable, Iterator

from cx_conformance.blueprint.releases import KNOWN
from tests.campaign.ground import all_facts, live_facts
from tests.campaign.mutation import Mutation, mutations
from tests.campaign.operators import (
    configuration,
    containers,
    edges,
    ingress,
    live_edges,
    live_health,
    live_stores,
    platform,
    routes,
    services,
    storage,
    stores,
    workloads,
)

__all__ = [
    "all_mutations",
    "configuration",
    "containers",
    "edges",
    "ingress",
    "live_edges",
    "live_health",
    "live_mutations",
    "live_stores",
    "platform",
    "routes",
    "services",
    "storage",
    "stores",
    "workloads",
]


def all_mutations(releases: Iterable[str] = KNOWN) -> Iterator[Mutation]:
    """Yield every way in which the API's own objects break a fact of a release."""
    return mutations(all_facts(releases))


def live_mutations(releases: Iterable[str] = KNOWN) -> Iterator[Mutation]:
    """Yield every way of breaking a fact so that only a probe sees it."""
    return mutations(live_facts(releases), live=True)
