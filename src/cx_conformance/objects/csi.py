"""CSI nodes: which storage drivers have registered with which kubelet."""

from cx_conformance.objects.json_fields import Json, mapping, objects, text
from cx_conformance.objects.metadata import ApiObject, metadata


class CSINode(ApiObject, frozen=True, kw_only=True):
    """What a node's kubelet knows of drivers; it bears the node's name."""

    drivers: frozenset[str]


def csi_node(source: Json) -> CSINode:
    """Read a CSINode."""
    return CSINode(
        **metadata(source), drivers=frozenset(text(one, "name") for one in objects(mapping(source, "spec"), "drivers"))
    )
