"""Whether a workload has rolled out, by the rule that ``kubectl rollout status`` only half keeps.

Complete means: the controller has seen the latest change, updated = ready = available = desired, and no old pod is
left but one that ends within its grace period. A Deployment that serves by its old pods is not complete, a StatefulSet
with strategy OnDelete whose pods nobody has deleted neither.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from cx_conformance.cluster.cron_runs import why_idle
from cx_conformance.cluster.troubles import Trouble, overdue, troubles
from cx_conformance.objects.json_fields import whole
from cx_conformance.objects.metadata import find_condition
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.objects.workload import CronJob, Workload

__all__ = ["Rollout", "Trouble", "rollout", "troubles"]

State = Literal[
    "complete",
    "leaving",
    "scaled-to-zero",
    "partitioned",
    "scheduled",
    "suspended",
    "idle",
    "unobserved",
    "deadline-exceeded",
    "replica-failure",
    "paused",
    "on-delete",
    "updating",
    "old-pods",
    "unready",
    "unavailable",
    "terminating",
]


class Rollout(Struct, frozen=True, kw_only=True):
    """Whether a workload has rolled out; ``words`` go after its name: ``Deployment web: 1 of 2 pods are ready``.

    ``stuck`` tells that waiting alone will not complete it.
    """

    complete: bool
    state: State
    words: str
    stuck: bool = False


def rollout(workload: Workload, pods: Sequence[Pod], now: datetime | None = None) -> Rollout:
    """Judge ``workload``; ``pods`` are its own (``Snapshot.pods_of``), ``now`` is the look's moment by the server."""
    moment = now or datetime.now(UTC)
    if isinstance(workload, CronJob):
        return _cron_job(workload, moment)
    terminating = [pod for pod in pods if pod.deleted is not None]
    late = sorted(pod.name for pod in terminating if overdue(pod, moment))
    leaving = sorted(pod.name for pod in terminating if not overdue(pod, moment))
    return (
        _unobserved(workload)
        or _given_up(workload)
        or _not_updated(workload, pods, len(terminating))
        or _not_running(workload, leaving)
        or _late(late)
        or _behind(workload, pods, leaving, moment)
        or _leaving(workload, leaving)
        or _complete(workload)
    )


def _cron_job(workload: CronJob, now: datetime) -> Rollout:
    if workload.paused:
        return Rollout(
            complete=False, state="suspended", words="is suspended: it starts no Job until resumed", stuck=True
        )
    if idle := why_idle(workload, now):
        # Its cluster may have been off, and be back since a moment: what is recorded does not tell.
        return Rollout(complete=True, state="idle", words=idle)
    return Rollout(complete=True, state="scheduled", words="is scheduled")


def _unobserved(workload: Workload) -> Rollout | None:
    observed = workload.observed_generation
    if observed is not None and observed >= workload.generation:
        return None
    if observed is None and workload.current_replicas:
        return None  # a controller counts its pods and tells no generation: it leaves the field out
    words = (
        f"its controller has not seen the latest change (generation {workload.generation}, observed {observed or 0})"
    )
    return Rollout(complete=False, state="unobserved", words=words)


def _given_up(workload: Workload) -> Rollout | None:
    if workload.paused and _all_there(workload):
        return None  # what was said before it was paused stays: nobody looks at it until it is resumed
    failure = find_condition(workload.conditions, "ReplicaFailure")
    if failure is not None and failure.is_true:
        # It is why the deadline passes, when that has passed too.
        words = f"cannot make its pods ({failure.reason}): {mask_line(failure.message)}"
        return Rollout(complete=False, state="replica-failure", words=words, stuck=True)
    progressing = find_condition(workload.conditions, "Progressing")
    if progressing is not None and progressing.reason == "ProgressDeadlineExceeded":
        within = f" within {workload.progress_deadline_seconds} s" if workload.progress_deadline_seconds else ""
        old = f", {_old(workload)} of an old revision still there" if _old(workload) else ""
        words = (
            f"made no progress{within} (ProgressDeadlineExceeded): of {workload.replicas} pods "
            f"{workload.updated_replicas} updated, {workload.ready_replicas} ready{old}"
        )
        return Rollout(complete=False, state="deadline-exceeded", words=words, stuck=True)
    return None


def _all_there(workload: Workload) -> bool:
    counts = {
        workload.current_replicas,
        workload.updated_replicas,
        workload.ready_replicas,
        workload.available_replicas,
    }
    return counts == {workload.replicas}


def _old(workload: Workload) -> int:
    return max(workload.current_replicas - workload.updated_replicas, 0)


def _not_updated(workload: Workload, pods: Sequence[Pod], terminating: int) -> Rollout | None:
    wanted = workload.replicas - workload.partition
    missing = wanted - workload.updated_replicas
    if workload.kind == "StatefulSet" and workload.update_revision in ("", workload.current_revision):
        missing -= terminating  # it counts none of them as one of any revision
    counted = f"{workload.updated_replicas} of {wanted} pods run the latest revision"
    if missing <= 0:
        return _revision_pending(workload, pods)
    if workload.update_strategy == "OnDelete" and workload.current_replicas >= workload.replicas:
        words = f"{counted}; its strategy OnDelete waits for somebody to delete the other {missing}"
        return Rollout(complete=False, state="on-delete", words=words, stuck=True)
    if workload.paused:
        return Rollout(complete=False, state="paused", words=f"is paused, and {counted}", stuck=True)
    return Rollout(complete=False, state="updating", words=counted)


def _revision_pending(workload: Workload, pods: Sequence[Pod]) -> Rollout | None:
    """Tell a workload whose counts say updated while one of its pods says that it is of an old revision.

    A DaemonSet's own count is not doubted: after a rollback a pod of the revision that is wanted again stays as it is,
    under the template's earlier number (IsPodUpdated in pkg/controller/daemon/util/daemonset_util.go).
    """
    if workload.kind == "DaemonSet" and workload.counts_updated:
        return None
    if workload.kind == "StatefulSet":
        latest, label = workload.update_revision, "controller-revision-hash"
    else:
        latest, label = workload.annotations.get(_TEMPLATE_GENERATION, ""), "pod-template-generation"
    behind = [
        pod.name
        for pod in pods
        if latest
        and pod.deleted is None
        and pod.labels.get(label, latest) != latest
        and _ordinal(pod) - workload.first_ordinal >= workload.partition
    ]
    if not behind:
        return None
    words = f"pods of an old revision are left: {', '.join(sorted(behind))}"
    return Rollout(complete=False, state="old-pods", words=words)


_TEMPLATE_GENERATION: Final = "deprecated.daemonset.template.generation"
"""What only a DaemonSet has among its annotations, and each of its pods as a label."""


def _ordinal(pod: Pod) -> int:
    return whole(pod.name.rpartition("-")[2]) or 0


def _not_running(workload: Workload, leaving: Sequence[str]) -> Rollout | None:
    desired = workload.replicas
    surplus = max(workload.current_replicas, workload.updated_replicas) - desired
    if workload.kind == "StatefulSet":
        surplus -= len(leaving)  # its count of pods has those that end; a Deployment's has not
    if workload.kind == "Deployment" and _old(workload) > 0:
        words = f"{_old(workload)} pods of an old revision are left beside {workload.updated_replicas} updated ones"
        return Rollout(complete=False, state="old-pods", words=words)
    if surplus > 0:
        words = f"{surplus} pods more than the desired {desired} are left"
        return Rollout(complete=False, state="old-pods", words=words)
    if workload.ready_replicas < desired:
        return Rollout(complete=False, state="unready", words=f"{workload.ready_replicas} of {desired} pods are ready")
    if workload.available_replicas < desired:
        words = f"{workload.available_replicas} of {desired} pods are available: ready, but not for minReadySeconds"
        return Rollout(complete=False, state="unavailable", words=words)
    return None


def _late(late: Sequence[str]) -> Rollout | None:
    """Tell a pod that was replaced and should have ended: it may hold the volume or answer the Service's clients."""
    if not late:
        return None
    words = f"old pods are left, still terminating after their grace period: {', '.join(late)}"
    return Rollout(complete=False, state="terminating", words=words)


def _behind(workload: Workload, pods: Sequence[Pod], leaving: Sequence[str], now: datetime) -> Rollout | None:
    """Tell a workload that by its status is complete, and by its pods is not.

    A StatefulSet and a DaemonSet count a pod that ends as ready, and replace it only when it is gone; and every status
    stays as it is where kube-controller-manager stands still. Source: pkg/controller/statefulset and pkg/controller/
    daemon of https://github.com/kubernetes/kubernetes.
    """
    desired, ready = workload.replicas, sum(pod.ready for pod in pods)
    if ready >= desired:
        return None
    words = f"{ready} of {desired} pods are ready"
    conditions = [find_condition(pod.conditions, "Ready") for pod in pods]
    changes = [pod.created for pod in pods] + [one.changed for one in conditions if one is not None]
    if leaving and workload.kind != "Deployment":
        words = f"{words}, and replaced only when they have ended: {', '.join(leaving)}"
    elif not any(one is not None and now - one < _FOLLOWS for one in changes):
        words = (
            f"{words}, and its status still says {workload.ready_replicas}: nobody keeps it up to date; "
            "look at kube-controller-manager"
        )
    return Rollout(complete=False, state="unready", words=words)


_FOLLOWS: Final = timedelta(minutes=1)
"""Within that a status follows the pods; its controller sees a change in a moment, unless it stands still."""


def _leaving(workload: Workload, leaving: Sequence[str]) -> Rollout | None:
    """Tell old pods that end within their grace period: everything new is there already."""
    if not leaving and not workload.terminating_replicas:
        return None
    named = ", ".join(leaving) or f"{workload.terminating_replicas} of them"
    return Rollout(complete=True, state="leaving", words=f"old pods end within their grace period: {named}")


def _complete(workload: Workload) -> Rollout:
    desired = workload.replicas
    if desired == 0:
        why = "no node wants a pod of it" if workload.kind == "DaemonSet" else "scaled to zero: it runs no pod"
        return Rollout(complete=True, state="scaled-to-zero", words=why)
    if workload.partition and workload.updated_replicas < desired:
        words = f"all {desired} pods are ready; the first {workload.partition} keep the old revision (partition)"
        return Rollout(complete=True, state="partitioned", words=words)
    pods = f"all {desired} pods are" if desired != 1 else "its pod is"
    return Rollout(complete=True, state="complete", words=f"{pods} updated, ready and available")
