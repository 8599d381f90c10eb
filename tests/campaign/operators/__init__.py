"""The operators, one module an area; importing this package makes all of them known."""

from collections.abc import Iterator

from tests.campaign.ground import all_facts
from tests.campaign.mutation import Mutation, mutations
from tests.campaign.operators import (
    configuration,
    containers,
    edges,
    ingress,
    platform,
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
    "platform",
    "services",
    "storage",
    "stores",
    "workloads",
]


def all_mutations() -> Iterator[Mutation]:
    """Yield every way in which the API's own objects break a fact of the blueprint."""
    return mutations(all_facts())
