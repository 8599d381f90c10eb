"""Leases of nodes: each kubelet renews its own every ten seconds, by its node's own clock."""

from datetime import datetime

from cx_conformance.objects.json_fields import Json, mapping, moment
from cx_conformance.objects.metadata import ApiObject, metadata


class Lease(ApiObject, frozen=True, kw_only=True):
    """A lease; those of nodes bear the node's name and stand in namespace kube-node-lease."""

    renewed: datetime | None


def lease(source: Json) -> Lease:
    """Read a Lease."""
    return Lease(**metadata(source), renewed=moment(mapping(source, "spec"), "renewTime"))
