"""Jobs: what runs once, such as what a chart does to a database before the new pods start."""

from datetime import datetime

from cx_conformance.objects.json_fields import Json, count, flag, mapping, moment, texts
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, find_condition, metadata


class Job(ApiObject, frozen=True, kw_only=True):
    """A Job; ``active`` are its pods that have not ended, those among them that are to; ``ended`` those that have."""

    active: int
    started: datetime | None
    suspended: bool
    conditions: tuple[Condition, ...]
    ended: int | None = None
    """None: not known, as in snapshots of earlier versions."""

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

    @property
    def lacks_pod(self) -> bool:
        """Whether it is to run, and no pod of it was ever made; False where that is not known."""
        going = not (self.failure or self.completed or self.suspended)
        return going and self.started is not None and self.active == self.ended == 0


def job(source: Json) -> Job:
    """Read a Job."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    # Pods that have ended and still bear the finalizer by which they are counted once.
    uncounted = mapping(status, "uncountedTerminatedPods")
    ended = [*texts(uncounted, "failed"), *texts(uncounted, "succeeded")]
    return Job(
        **metadata(source),
        active=count(status, "active") + count(status, "terminating"),
        ended=count(status, "failed") + count(status, "succeeded") + len(ended),
        started=moment(status, "startTime"),
        suspended=flag(spec, "suspend") or False,
        conditions=conditions(status),
    )
