"""Why a rollout is not complete: what its pods lack, and why its controller makes no more of them."""

from collections.abc import Iterator
from typing import Final

from cx_conformance.cluster.pod import Pod
from cx_conformance.cluster.secrecy import mask_text
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.cluster.troubles import troubles
from cx_conformance.cluster.workload import Workload

_DELAYS: Final = frozenset({"NotReady", "Terminating"})
"""Troubles that are nothing but the rollout's delay; the others are broken promises of their own."""
_MOST: Final = 3
"""A workload of a hundred pods has one reason, seldom more."""


def delays(workload: Workload, pods: tuple[Pod, ...], snapshot: Snapshot) -> tuple[str, ...]:
    """Return what keeps ``workload`` with its ``pods`` from being complete, in words; empty where nobody says it."""
    told = dict.fromkeys((*_controller(workload, snapshot), *_pods(pods, snapshot)))
    return tuple(told)[:_MOST]


def _controller(workload: Workload, snapshot: Snapshot) -> Iterator[str]:
    """Tell why pods cannot be made: a StatefulSet says so by a warning only, a Deployment in its conditions too."""
    if workload.current_replicas >= workload.replicas or workload.kind == "Deployment":
        return
    heard = [
        one
        for one in snapshot.events_about(workload)
        if one.about_kind == workload.kind and one.reason == "FailedCreate" and one.last_seen is not None
    ]
    last = max(heard, key=lambda one: (one.last_seen, one.name), default=None)
    if last is not None:
        yield f"pods cannot be made: {mask_text(' '.join(last.message[:2000].split()))[:500]}"


def _pods(pods: tuple[Pod, ...], snapshot: Snapshot) -> Iterator[str]:
    for pod in pods:
        for one in troubles(pod, snapshot.events_about(pod), snapshot.now):
            if one.current and one.reason in _DELAYS:
                yield one.words
