"""Whether pods that run would come to be again, were they made anew: what they need changes under running pods.

A taint of effect NoSchedule, and a label that is taken away, leave what runs where it is, and so does the Pod Security
profile that a namespace is given.
https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ and
https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.admission import ENFORCED, RESTRICTED
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod

_MAKES_NODES: Final = ("aws:", "azure:", "gce:")
"""How a node's provider ID begins in clouds, where an autoscaler may make a node for pods that find none."""
_BY_AUTOSCALERS: Final = ("ToBeDeletedByClusterAutoscaler", "karpenter.sh/")
"""How taints begin that an autoscaler puts on a node which it takes away, wherever it makes others."""


class Homeless(Struct, frozen=True, kw_only=True):
    """Components whose running pods no node would take again, for one reason."""

    components: tuple[str, ...]
    why: str
    perhaps: bool
    """Whether an autoscaler may make a node for them."""


def refused(seen: Seen) -> Iterator[str]:
    """Yield a sentence for each namespace whose Pod Security profile refuses components' pods that run there now.

    What a profile refuses is told by what is sure to be refused. Raises CouldNotLook.
    """
    for name in seen.plan.namespaces:
        live = seen.snapshot.get(Namespace, None, name)
        profile = live.labels.get(ENFORCED, "") if live else ""
        if profile not in (_BASELINE, RESTRICTED):
            continue
        pods = [pod for pod in seen.snapshot.list(Pod, name) if pod.ready and (name, pod.name) in seen.owners]
        shut = {pod.where: why for pod in pods if (why := _why_refused(pod, profile))}
        if shut:
            first, why = next(iter(shut.items()))
            yield (
                f"namespace {name} enforces the Pod Security profile {profile}, which refuses {len(shut)} of the "
                f"{len(pods)} pods that run there, were they made anew, such as {first}: {why}"
            )


def _why_refused(pod: Pod, profile: str) -> str:
    spec = pod.spec
    if spec.host_network:
        return "it is on the node's network"
    volume = next((one for one in spec.volumes if one.source == "hostPath"), None)
    if volume is not None:
        return f"volume {volume.name} is a path of the node"
    bound = next(
        (one for one in (*spec.init_containers, *spec.containers) for port in one.ports if port.host_port), None
    )
    if bound is not None:
        return f"container {bound.name} takes a port of the node"
    free = next((one for one in (*spec.init_containers, *spec.containers) if one.may_escalate), None)
    if profile == RESTRICTED and free is not None:
        return f"container {free.name} does not set allowPrivilegeEscalation: false"
    return ""


_BASELINE: Final = "baseline"


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
                autoscaled = any(taint.key.startswith(_BY_AUTOSCALERS) for taint in own.taints)
                perhaps = autoscaled or own.provider_id.startswith(_MAKES_NODES)
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
