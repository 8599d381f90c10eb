"""Workloads: Deployment, StatefulSet, DaemonSet and CronJob, in the same words.

One record for all, with a subclass a kind: a promise says "a workload of kind X", and the four are listed apart.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from msgspec import Struct

from cx_conformance.objects.json_fields import (
    Json,
    count,
    flag,
    mapping,
    moment,
    number,
    objects,
    optional_text,
    quantities,
    text,
    texts,
)
from cx_conformance.objects.metadata import (
    ApiObject,
    Condition,
    LabelSelector,
    Metadata,
    conditions,
    label_selector,
    metadata,
)
from cx_conformance.objects.pod_spec import PodTemplate, pod_template


class VolumeClaimTemplate(Struct, frozen=True, kw_only=True):
    """What a StatefulSet makes a claim of for each pod; ``size`` is the requested quantity as it is written."""

    name: str
    size: str | None
    access_modes: tuple[str, ...]
    storage_class: str | None


class Workload(ApiObject, frozen=True, kw_only=True):
    """A workload. Counts are of pods; ``replicas`` is desired, ``current_replicas`` exist by the status.

    ``terminating_replicas`` is None where the server does not tell (before Kubernetes 1.33).
    ``partition`` is the StatefulSet's: so many pods keep the old revision on purpose, from ``first_ordinal`` on.
    ``counts_updated`` tells whether ``updated_replicas`` was counted by the server.
    """

    kind: str
    observed_generation: int | None
    replicas: int
    current_replicas: int
    ready_replicas: int
    updated_replicas: int
    available_replicas: int
    terminating_replicas: int | None
    conditions: tuple[Condition, ...]
    selector: LabelSelector | None
    template: PodTemplate
    volume_claim_templates: tuple[VolumeClaimTemplate, ...] = ()
    current_revision: str = ""
    update_revision: str = ""
    update_strategy: str = ""
    partition: int = 0
    paused: bool = False
    progress_deadline_seconds: int | None = None
    service_name: str = ""
    counts_updated: bool = True
    first_ordinal: int = 0

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether its selector matches ``labels``; no selector selects nothing."""
        return self.selector is not None and self.selector.selects(labels)


class Deployment(Workload, frozen=True, kw_only=True):
    """A Deployment."""


class StatefulSet(Workload, frozen=True, kw_only=True):
    """A StatefulSet."""


class DaemonSet(Workload, frozen=True, kw_only=True):
    """A DaemonSet; ``replicas`` is the number of nodes that should run a pod of it."""


class CronJob(Workload, frozen=True, kw_only=True):
    """A CronJob: no replicas and no selector; its pods belong to the Jobs that it makes."""

    schedule: str
    last_schedule: datetime | None
    last_success: datetime | None
    active: int


class _Common(Metadata):
    observed_generation: int | None
    conditions: tuple[Condition, ...]
    selector: LabelSelector | None
    template: PodTemplate


class _Counts(TypedDict):
    replicas: int
    current_replicas: int
    ready_replicas: int
    updated_replicas: int
    available_replicas: int
    terminating_replicas: int | None


def _common(source: Json) -> _Common:
    return {
        **metadata(source),
        "observed_generation": number(mapping(source, "status"), "observedGeneration"),
        "conditions": conditions(mapping(source, "status")),
        "selector": label_selector(mapping(source, "spec"), "selector"),
        "template": pod_template(mapping(source, "spec", "template")),
    }


def _counts(source: Json) -> _Counts:
    desired, status = number(mapping(source, "spec"), "replicas"), mapping(source, "status")
    return {
        "replicas": 1 if desired is None else desired,
        "current_replicas": count(status, "replicas"),
        "ready_replicas": count(status, "readyReplicas"),
        "updated_replicas": count(status, "updatedReplicas"),
        "available_replicas": count(status, "availableReplicas"),
        "terminating_replicas": number(status, "terminatingReplicas"),
    }


def deployment(source: Json) -> Deployment:
    """Read a Deployment."""
    spec = mapping(source, "spec")
    return Deployment(
        **_common(source),
        **_counts(source),
        kind="Deployment",
        update_strategy=text(mapping(spec, "strategy"), "type") or "RollingUpdate",
        paused=flag(spec, "paused") or False,
        progress_deadline_seconds=number(spec, "progressDeadlineSeconds"),
    )


def stateful_set(source: Json) -> StatefulSet:
    """Read a StatefulSet.

    Before Kubernetes 1.22 its status does not count available pods: those are the ready ones. Older servers do not
    count updated pods where no revision is pending: those are the pods of the current one.
    """
    spec, status = mapping(source, "spec"), mapping(source, "status")
    counts = _counts(source)
    if number(status, "availableReplicas") is None and not count(spec, "minReadySeconds"):
        counts["available_replicas"] = counts["ready_replicas"]
    current, latest = text(status, "currentRevision"), text(status, "updateRevision")
    if number(status, "updatedReplicas") is None and latest in ("", current):
        counts["updated_replicas"] = count(status, "currentReplicas") or counts["current_replicas"]
    return StatefulSet(
        **_common(source),
        **counts,
        kind="StatefulSet",
        volume_claim_templates=tuple(_claim_template(item) for item in objects(spec, "volumeClaimTemplates")),
        current_revision=current,
        update_revision=latest,
        update_strategy=text(mapping(spec, "updateStrategy"), "type") or "RollingUpdate",
        partition=count(mapping(spec, "updateStrategy", "rollingUpdate"), "partition"),
        first_ordinal=count(mapping(spec, "ordinals"), "start"),
        service_name=text(spec, "serviceName"),
    )


def daemon_set(source: Json) -> DaemonSet:
    """Read a DaemonSet; with strategy OnDelete a server that does not count updated pods means all of them."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    strategy = text(mapping(spec, "updateStrategy"), "type") or "RollingUpdate"
    scheduled, updated = count(status, "currentNumberScheduled"), count(status, "updatedNumberScheduled")
    counted = number(status, "updatedNumberScheduled") is not None
    if strategy == "OnDelete" and not counted:
        updated = scheduled
    return DaemonSet(
        **_common(source),
        kind="DaemonSet",
        replicas=count(status, "desiredNumberScheduled"),
        current_replicas=scheduled,
        ready_replicas=count(status, "numberReady"),
        updated_replicas=updated,
        available_replicas=count(status, "numberAvailable"),
        terminating_replicas=None,
        update_strategy=strategy,
        counts_updated=counted,
    )


def cron_job(source: Json) -> CronJob:
    """Read a CronJob; ``paused`` is its ``suspend``."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    return CronJob(
        **metadata(source),
        kind="CronJob",
        observed_generation=None,
        replicas=0,
        current_replicas=0,
        ready_replicas=0,
        updated_replicas=0,
        available_replicas=0,
        terminating_replicas=None,
        conditions=(),
        selector=None,
        template=pod_template(mapping(spec, "jobTemplate", "spec", "template")),
        paused=flag(spec, "suspend") or False,
        schedule=text(spec, "schedule"),
        last_schedule=moment(status, "lastScheduleTime"),
        last_success=moment(status, "lastSuccessfulTime"),
        active=len(objects(status, "active")),
    )


def _claim_template(source: Any) -> VolumeClaimTemplate:
    spec = mapping(source, "spec")
    return VolumeClaimTemplate(
        name=text(mapping(source, "metadata"), "name"),
        size=quantities(mapping(spec, "resources"), "requests").get("storage"),
        access_modes=texts(spec, "accessModes"),
        storage_class=optional_text(spec, "storageClassName"),
    )
