"""A CronJob's pods, which come and go: what cannot be seen from one that has ended since is not looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import NoVantage, Unreachable


def runs_now(seen: Seen, planned: Planned) -> None:
    """Raise NotApplicable where the component is a CronJob, and no pod of it is ready to look from."""
    live = seen.workload(planned).object
    if live.kind == "CronJob" and not any(pod.ready for pod in seen.pods(planned)):
        raise NotApplicable(f"{live.kind} {live.where} runs now and then; no pod of it runs now to look from")


@contextmanager
def from_a_run(seen: Seen, planned: Planned) -> Iterator[None]:
    """Raise NotApplicable for what cannot be looked at from a CronJob's pod: it ran when pods were listed."""
    try:
        yield
    except (NoVantage, Unreachable) as reason:
        live = seen.workload(planned).object
        if live.kind != "CronJob":
            raise
        raise NotApplicable(f"{live.kind} {live.where} runs now and then; its run may be over: {reason}") from None
