"""Which autoscalers choose the replicas of a workload."""

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.autoscaler import HorizontalPodAutoscaler
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook


def autoscalers_of(workload: Workload, snapshot: Snapshot) -> tuple[HorizontalPodAutoscaler, ...]:
    """Return the autoscalers that target ``workload``; none where they may not be looked at: they only add words."""
    try:
        every = snapshot.list(HorizontalPodAutoscaler, workload.namespace)
    except CouldNotLook:
        return ()
    return tuple(one for one in every if (one.target_kind, one.target_name) == (workload.kind, workload.name))
