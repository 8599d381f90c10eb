"""Whether pods that run would find a node again, were they made anew: taints and labels change under running pods.

A taint of effect NoSchedule, and a label that is taken away, leave what runs where it is.
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod

_MAKES_NODES: Final = ("aws:", "azure:", "gce:")
"""How a node's provider ID begins in clouds, where an autoscaler may make a node for pods that find none."""


class Homeless(Struct, frozen=True, kw_only=True):
    """Components whose running pods no node would take again, for one reason."""

    components: tuple[str, ...]
    why: str
    perhaps: bool
    """Whether the cloud may make a node for them."""


def homeless(seen: Seen, nodes: Sequence[Node]) -> tuple[Homeless, ...]:
    """Return the components whose running pods would find no node again, by reason; cordons do not count.

    Pods that nobody schedules, for their template names a node or a DaemonSet makes them, are not judged. Raises
    CouldNotLook.
    """
    found: dict[tuple[str, bool], list[str]] = {}
    by_name = {one.name: one for one in nodes}
    for planned in seen.plan.components.values():
        try:
            live = seen.workload(planned).object
            pods = [pod for pod in seen.pods(planned) if pod.ready]
        except Absent:
            continue
        if live.kind == "DaemonSet" or live.template.spec.node_name:
            continue
        for pod in pods:
            own = by_name.get(pod.node)
            why = _why_homeless(pod, own, nodes) if own else ""
            if own and why:
                perhaps = own.provider_id.startswith(_MAKES_NODES)
                found.setdefault((why, perhaps), []).append(planned.id)
                break
    return tuple(
        Homeless(components=tuple(components), why=why, perhaps=perhaps) for (why, perhaps), components in found.items()
    )


def _why_homeless(pod: Pod, own: Node, nodes: Iterable[Node]) -> str:
    """Say what has changed of the pod's own node since it came there; empty where some node would take the pod."""
    why = _why_not(pod, own)
    return why if why and all(_why_not(pod, node) for node in nodes) else ""


def _why_not(pod: Pod, node: Node) -> str:
    wanted = pod.spec.node_selector.items()
    lacking = [f"{key}={value}" for key, value in wanted if node.labels.get(key) != value]
    if lacking:
        return f"node {node.name} does not have the label {', '.join(lacking)} that they select"
    if pod.spec.placement is None:  # a snapshot of an earlier version does not say
        return ""
    if not pod.spec.placement.wants(node):
        return f"node {node.name} does not have the labels that their node affinity requires"
    taint = pod.spec.placement.repelled_by(node)
    if taint is None:
        return ""
    value = f"={taint.value}" if taint.value else ""
    return f"node {node.name} has the taint {taint.key}{value}:{taint.effect}, which they do not tolerate"
