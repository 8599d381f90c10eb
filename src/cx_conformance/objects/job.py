"""Jobs: what runs once, such as what a chart does to a database before the new pods start."""

from datetime import datetime

from cx_conformance.objects.json_fields import Json, count, flag, mapping, moment
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, find_condition, metadata


class Job(ApiObject, frozen=True, kw_only=True):
    """A Job; ``active`` are its pods that have not ended."""

    active: int
    started: datetime | None
    suspended: bool
    conditions: tuple[Condition, ...]

    @property
    def failure(self) -> Condition | None:
        """The condition that says that it has failed for good, with the reason; None: it has not."""
        found = find_condition(self.conditions, "Failed")
        return found if found is not None and found.is_true else None

    @property
    def completed(self) -> bool:
        """Whether it has done what it is for."""
        found = find_condition(self.conditions, "Complete")
        return found is not None and found.is_true


def job(source: Json) -> Job:
    """Read a Job."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    return Job(
        **metadata(source),
        active=count(status, "active"),
        started=moment(status, "startTime"),
        suspended=flag(spec, "suspend") or False,
        conditions=conditions(status),
    )
