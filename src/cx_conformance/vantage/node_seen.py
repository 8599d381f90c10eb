"""What pods found of one node before anything is installed, as checks judge it."""

from typing import Final

from msgspec import Struct, field

from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.probes.edges import EdgeFinding, EdgeObservation
from cx_conformance.probes.packets import Packets

CLUSTER_NAME: Final = "kubernetes.default.svc"
"""A name that every cluster has: its API's own."""


class NodeSeen(Struct):
    """What was found of one node."""

    pulled: bool | None = None
    """Whether the image was; None: it is not known, for ``trouble``."""
    trouble: str = ""
    """Why the image was not pulled, or no pod came to stand there."""
    address: str = ""
    """Of the standing pod."""
    names: tuple[EdgeObservation, ...] = ()
    """What came of each name; none where no pod could ask."""
    others: dict[str, Packets | CouldNotLook] = field(default_factory=dict)
    """What came from each other node's standing pod."""

    @property
    def silent(self) -> str:
        """Why nothing is known of what its pods reach; empty where something is."""
        troubles = [one for one in self.others.values() if isinstance(one, CouldNotLook)]
        troubles += [one.trouble for one in self.names if one.trouble is not None]
        return str(troubles[0]) if troubles else ""


def resolved(one: EdgeObservation) -> bool | None:
    """Whether a name was found; None: that could not be told."""
    if one.finding is None:
        return None
    return one.finding not in (EdgeFinding.NOT_RESOLVABLE, EdgeFinding.LOOKUP_TIMED_OUT)
