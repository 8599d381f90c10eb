"""How the last runs of a CronJob ended, and whether it starts any.

The pods of a run that failed are gone, for its Job takes them away when it gives up; the Job stays, one of those that
failed and three of those that succeeded by default
(https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#jobs-history-limits).
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.job import Job
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.objects.workload import CronJob
from cx_conformance.outcome.looking import CouldNotLook

_A_DAY: Final = timedelta(hours=25)
"""What is to run every night, and has not succeeded for longer, has failed twice; what runs oftener, many times."""
_SETTLED: Final = timedelta(hours=1)
"""After which an installation stands, so that a first run that fails is no longer one that came before the stores."""
_NO_POD: Final = timedelta(minutes=10)
"""After which a Job whose pods may be made has one, or had."""


class FailedRun(Struct, frozen=True, kw_only=True):
    """The last run, that failed, or one for which no pod can be made.

    ``lasting``: none has succeeded for longer than a day before, or ever, and the CronJob was made an hour before.
    """

    words: str
    lasting: bool


def failed_run(cron_job: CronJob, snapshot: Snapshot) -> FailedRun | None:
    """Return how the last run failed; None where it did not, none has ended yet, or Jobs may not be looked at."""
    try:
        every = snapshot.list(Job, cron_job.namespace)
    except CouldNotLook:
        return None
    own = [one for one in every if one.owner and (one.owner.kind, one.owner.name) == ("CronJob", cron_job.name)]
    if (stuck := _stuck(own, snapshot)) is not None:
        return stuck
    ended = [(one.started, one) for one in own if one.started and (one.failure or one.completed)]
    started, last = max(ended, key=lambda pair: pair[0], default=(None, None))
    if last is None or started is None or last.failure is None:
        return None
    # Servers before 1.21 do not tell when a run last succeeded, but keep its Job.
    succeeded = [at for at, one in ended if one.completed]
    since: datetime | None = max(
        [*succeeded, *([cron_job.last_success] if cron_job.last_success else [])], default=None
    )
    if since is not None and since > started:
        return None  # its Job was not kept
    why = f"{last.failure.reason}: {mask_line(last.failure.message)}".rstrip(": ")
    before = (
        f"the last that succeeded was of {since:%Y-%m-%d %H:%M:%SZ}" if since else "none is known to have succeeded"
    )
    before_that = started - (since or cron_job.created or datetime.min.replace(tzinfo=UTC))
    return FailedRun(
        words=f"its last run, Job {last.name} of {started:%Y-%m-%d %H:%M:%SZ}, failed ({why}); {before}",
        lasting=before_that > (_A_DAY if since else _SETTLED),
    )


def _stuck(own: Iterable[Job], snapshot: Snapshot) -> FailedRun | None:
    """Return the run for which no pod can be made, as for a quota, a webhook or an account that lacks; None: none is.

    It neither ends nor fails, and none comes after it where the CronJob lets no two run at once.
    """
    for one in own:
        if one.started is not None and one.lacks_pod and snapshot.now - one.started > _NO_POD:
            said = snapshot.last_warning(one, "FailedCreate")
            words = f"its run, Job {one.name} of {one.started:%Y-%m-%d %H:%M:%SZ}, has no pod"
            return FailedRun(
                words=f"{words}: {said}" if said else f"{words}; kubectl describe job says why", lasting=True
            )
    return None


def why_idle(cron_job: CronJob, now: datetime) -> str:
    """Say since when no run was started that the schedule wants; empty where one was, runs, or that cannot be told.

    Only schedules that are the same every day are read. After a cluster was off its controller starts the last of the
    missed runs at once (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#jobs-creation).
    """
    since, pause = cron_job.last_schedule or cron_job.created, _longest_pause(cron_job.schedule)
    if cron_job.active or since is None or pause is None or now - since <= max(3 * pause, _A_DAY):
        return ""
    words = "has started no run since" if cron_job.last_schedule else "has started no run since it was made,"
    often = "hour" if pause == _HOUR else "day"
    return f"{words} {since:%Y-%m-%d %H:%M:%SZ}; its schedule {cron_job.schedule} has one every {often} at least"


_HOUR: Final = timedelta(hours=1)
_EVERY: Final = ("*", "*/1")


def _longest_pause(schedule: str) -> timedelta | None:
    """Return how long a schedule pauses at most; None for one that looks at days, or is written otherwise."""
    fields = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *"}.get(schedule, schedule).split()
    if len(fields) != _FIELDS or any(one not in _EVERY for one in fields[2:]):
        return None
    return _HOUR if fields[1] in _EVERY else timedelta(days=1)


_FIELDS: Final = 5
