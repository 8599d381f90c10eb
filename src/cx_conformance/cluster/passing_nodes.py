"""Nodes that autoscalers add and take away: for some minutes one is not Ready, and nothing is wrong with it."""

from datetime import datetime, timedelta
from typing import Final

from cx_conformance.objects.metadata import find_condition
from cx_conformance.objects.node import Node

_SOME_MINUTES: Final = timedelta(minutes=10)
_AT_ONCE: Final = timedelta(seconds=30)
"""Within which a kubelet that has registered its node tells of it."""
_LEAVING: Final = frozenset({"ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption"})
"""Taints of nodes that are about to be removed. Sources: kubernetes/autoscaler, cluster-autoscaler/utils/taints;
https://karpenter.sh/docs/concepts/disruption/"""


def in_passing(node: Node, now: datetime) -> str:
    """Say that a node which is not Ready has just been added, or is being taken away; empty: it should be Ready."""
    ready = find_condition(node.conditions, "Ready")
    since = ready.changed if ready else None
    leaves = node.deleted is not None or any(one.key in _LEAVING for one in node.taints)
    if leaves and since is not None and now - since <= _SOME_MINUTES:
        return f"it is being taken away, since {since:%Y-%m-%d %H:%M:%SZ}"
    # A kubelet that begins says so itself; one that was Ready before, or is silent, is lost, however new its node is.
    begins = ready is None or (ready.status == "False" and since is not None)
    if node.created is not None and begins and now - node.created <= _SOME_MINUTES:
        never_ready = since is None or since - node.created <= _AT_ONCE
        return f"it was added at {node.created:%Y-%m-%d %H:%M:%SZ}" if never_ready else ""
    return ""
