"""Pods that are added to a Deployment beside enough that are ready: by an autoscaler, or where a node was drained."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from cx_conformance.cluster.readiness import Rollout
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.workload import Workload

_A_MOMENT: Final = timedelta(minutes=3)
_ON_THE_WAY: Final = frozenset({"Unhealthy", "FailedScheduling"})
"""Warnings of a pod that is not there yet: its readiness probe fails until it is, and its node may have been added."""


def joining(live: Workload, pods: Iterable[Pod], least: int, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names of pods that were made within three minutes, have a node, and start there without a complaint.

    None where fewer than ``least`` are ready without them, or where a rollout goes on: those are a new version's.
    """
    rolls = live.updated_replicas < live.replicas or live.current_replicas > live.updated_replicas
    own = tuple(pods)
    ready = min(live.ready_replicas, sum(pod.ready for pod in own))
    if live.kind != "Deployment" or rolls or ready < max(least, 1):
        return ()
    return tuple(sorted(pod.name for pod in own if _begins(pod, snapshot)))


def only_joining(
    live: Workload, state: Rollout, pods: Iterable[Pod], least: int, snapshot: Snapshot
) -> tuple[str, ...]:
    """Return the names of those pods where nothing but them keeps the rollout from being complete; none otherwise."""
    if state.state != "unready":
        return ()
    added = joining(live, pods, least, snapshot)
    return added if live.replicas - live.ready_replicas <= len(added) else ()


def _begins(pod: Pod, snapshot: Snapshot) -> bool:
    young = pod.created is not None and snapshot.now - pod.created <= _A_MOMENT
    if not young or not pod.node or pod.ready or pod.deleted or pod.finished or pod.restarts:
        return False
    return all(one.reason in _ON_THE_WAY for one in snapshot.events_about(pod))
