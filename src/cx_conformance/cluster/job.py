"""Jobs. CronJobs are workloads (``workload.py``)."""

from dataclasses import dataclass
from datetime import datetime

from cx_conformance.cluster.json_fields import Json, count, mapping, moment, number
from cx_conformance.cluster.metadata import ApiObject, Condition, conditions, find_condition, metadata
from cx_conformance.cluster.pod_spec import PodTemplate, pod_template


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(ApiObject):
    """A Job; a started one is not a finished one."""

    template: PodTemplate
    completions: int
    active: int
    succeeded: int
    failed: int
    started: datetime | None
    completed: datetime | None
    conditions: tuple[Condition, ...]

    @property
    def complete(self) -> bool:
        """Whether it has finished well."""
        return (found := find_condition(self.conditions, "Complete")) is not None and found.is_true

    @property
    def broken(self) -> Condition | None:
        """The condition Failed when it holds: it has given up."""
        found = find_condition(self.conditions, "Failed")
        return found if found is not None and found.is_true else None


def job(source: Json) -> Job:
    """Read a Job."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    completions = number(spec, "completions")
    return Job(
        **metadata(source),
        template=pod_template(mapping(spec, "template")),
        completions=1 if completions is None else completions,
        active=count(status, "active"),
        succeeded=count(status, "succeeded"),
        failed=count(status, "failed"),
        started=moment(status, "startTime"),
        completed=moment(status, "completionTime"),
        conditions=conditions(status),
    )
