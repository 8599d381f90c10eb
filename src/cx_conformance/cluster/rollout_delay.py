"""Why a rollout is not complete: what its pods lack, their nodes too, and why its controller makes no more of them."""

from collections.abc import Iterator
from typing import Final

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.cluster.troubles import troubles
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook

_DELAYS: Final = frozenset({"NotReady", "Terminating"})
"""Troubles that are nothing but the rollout's delay; the others are broken promises of their own."""
_MOST: Final = 3
"""A workload of a hundred pods has one reason, seldom more."""


def delays(workload: Workload, pods: tuple[Pod, ...], snapshot: Snapshot) -> tuple[str, ...]:
    """Return what keeps ``workload`` with its ``pods`` from being complete, in words; empty where nobody says it."""
    told = dict.fromkeys((*_controller(workload, snapshot), *_pods(pods, snapshot)))
    return tuple(told)[:_MOST]


def on_lost_nodes(pods: tuple[Pod, ...], snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the names of pods that are not ready, or do not go, with what is wrong with their node.

    None where the account may not look at nodes.
    """
    unready = [pod for pod in pods if pod.node and not pod.ready and not pod.finished]
    if not unready:
        return []
    try:
        ready = {node.name: node.ready for node in snapshot.list(Node)}
    except CouldNotLook:
        return []
    return [
        (pod.name, f"node {pod.node} {'is not Ready' if pod.node in ready else 'does not exist'}")
        for pod in unready
        if not ready.get(pod.node)
    ]


def _controller(workload: Workload, snapshot: Snapshot) -> Iterator[str]:
    """Tell why pods cannot be made: a StatefulSet says so by a warning only, a Deployment in its conditions too."""
    if workload.current_replicas >= workload.replicas or workload.kind == "Deployment":
        return
    said = snapshot.last_warning(workload, "FailedCreate")
    if said:
        yield f"pods cannot be made: {said}"


def _pods(pods: tuple[Pod, ...], snapshot: Snapshot) -> Iterator[str]:
    if pods and all(pod.finished for pod in pods):
        last = max(pods, key=lambda pod: pod.created.timestamp() if pod.created else 0.0)
        yield from (one.words for one in troubles(last, now=snapshot.now))
    for pod in pods:
        if pod.node and pod.phase == "Pending" and not pod.statuses:
            yield f"pod {pod.name} was given to node {pod.node}, whose kubelet has said nothing of it yet"
        for one in troubles(pod, snapshot.events_about(pod), snapshot.now):
            if one.current and one.reason in _DELAYS:
                yield one.words
