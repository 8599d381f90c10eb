"""What is asked of the pods of a CronJob, which run for seconds: one may be over before it is looked at."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, Unreachable
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.edges import EdgeFinding
from tests.campaign.ground import Ground, base
from tests.checks.installation import Object
from tests.checks.test_edges import EdgesSeen, Ended

EDGE = "reporting-connector -> mongo:27017"
RUN = "cx-reporting-cron-29540220"
OVER = NoVantage(f"container reporting-connector of pod expertflow/{RUN}-x is not running")


def _with_a_run(objects: list[Object]) -> None:
    """Add a Job of the CronJob, and its pod, which runs."""
    cron_job = next(
        one for one in objects if one["kind"] == "CronJob" and one["metadata"]["name"] == "cx-reporting-cron"
    )
    template = copy.deepcopy(cron_job["spec"]["jobTemplate"]["spec"]["template"])
    own = {"namespace": cron_job["metadata"]["namespace"]}
    by_cron = [{"kind": "CronJob", "name": "cx-reporting-cron", "uid": cron_job["metadata"]["uid"], "controller": True}]
    by_job = [{"kind": "Job", "name": RUN, "uid": "run", "controller": True}]
    statuses = [
        {"name": one["name"], "ready": True, "state": {"running": {}}} for one in template["spec"]["containers"]
    ]
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": statuses}
    objects += [
        {"kind": "Job", "metadata": own | {"name": RUN, "uid": "run", "ownerReferences": by_cron}, "spec": {}},
        {
            "kind": "Pod",
            "metadata": own | {"name": f"{RUN}-x", "uid": "pod", "ownerReferences": by_job},
            "spec": template["spec"] | {"nodeName": "node-1"},
            "status": ready,
        },
    ]


def judged(check: str, entry: str, **probes: Any) -> Outcome:
    """Judge what is asked of the pod of the run."""
    installation = Ground(base("5.1"))
    installation.change_live(_with_a_run)
    installation.probes.update(probes)
    return installation.outcome(check, "reporting-connector", entry)


@pytest.mark.parametrize(
    ("check", "ended", "result"),
    [
        ("CX701", EdgeFinding.CONNECTS, Result.PASS),
        ("CX701", EdgeFinding.LOOKUP_TIMED_OUT, Result.FAIL),
        ("CX701", OVER, Result.NOT_APPLICABLE),
        ("CX701", Unreachable("the exec was cut off"), Result.NOT_APPLICABLE),
        ("CX701", Forbidden("create", "pods/exec", "expertflow"), Result.ERROR),
        ("CX702", EdgeFinding.CONNECTS, Result.PASS),
        ("CX702", EdgeFinding.REFUSED, Result.FAIL),
        ("CX702", OVER, Result.NOT_APPLICABLE),
    ],
)
def test_a_call_of_a_run_that_is_over_was_not_looked_at(check: str, ended: Ended, result: Result) -> None:
    """What a run that still runs shows counts, and what nobody may ask stays open."""
    outcome = judged(check, EDGE, edge_probes=EdgesSeen(ended))
    assert outcome.result is result
    if ended is OVER:
        assert (
            outcome.message
            == f"n/a: CronJob expertflow/cx-reporting-cron runs now and then; its run may be over: {OVER}"
        )


@pytest.mark.parametrize("ended", [OVER, Unreachable("the exec was cut off")])
def test_a_volume_of_a_run_that_is_over_was_not_looked_at(ended: CouldNotLook) -> None:
    """Its container is gone."""

    def mounts(_: object) -> None:
        raise ended

    outcome = judged("CX408", "mongo-mongodb-ca", inside_probes=SimpleNamespace(mounts=mounts))
    assert outcome.message.endswith(f"its run may be over: {ended}")
    assert outcome.result is Result.NOT_APPLICABLE
