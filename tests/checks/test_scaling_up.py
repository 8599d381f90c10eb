"""A Deployment that an autoscaler gives a pod more is well while that pod begins, and as many as promised are ready."""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cx_conformance.blueprint.site import Installed
from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation, Object, notes

CHECKS = ("CX103", "CX104", "CX105", "CX106", "CX112", "CX113")
NEW = "ef-ccm-new"


def ago(seconds: float) -> str:
    """Return the moment so many seconds ago."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)).isoformat()


def creating(pod: Object) -> None:
    """Let its container be created."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    pod["status"]["containerStatuses"] = [{"name": "ccm", "ready": False, "restartCount": 0, "state": waiting}]


def without_a_node(pod: Object) -> None:
    """Let it find no node."""
    del pod["spec"]["nodeName"]
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
    pod["status"] |= {"conditions": [unscheduled], "containerStatuses": []}


def restarted(pod: Object) -> None:
    """Let its container have ended already."""
    creating(pod)
    pod["status"]["containerStatuses"][0] |= {
        "restartCount": 1,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(2)}},
    }


def grown(change: Callable[[Object], Any], age: float = 20, warning: str = "", **status: int) -> Installation:
    """Give ccm a second pod, ``age`` seconds ago, of which the kubelet or the scheduler may warn."""
    installation = Installation()

    def grow(objects: list[Object]) -> None:
        (first,) = [one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("ef-ccm-")]
        second = copy.deepcopy(first)
        second["metadata"] |= {"name": NEW, "uid": "new", "creationTimestamp": ago(age)}
        second["status"] = {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}]}
        change(second)
        objects.append(second)
        if warning:
            about = {"kind": "Pod", "namespace": "expertflow", "name": NEW}
            meta = {"name": "warned", "namespace": "expertflow"}
            told = {"type": "Warning", "reason": warning, "message": "it is so", "involvedObject": about}
            objects.append({"kind": "Event", "metadata": meta, **told})
        for one in objects:
            if one["kind"] == "Deployment" and one["metadata"]["name"] == "ef-ccm":
                one["spec"]["replicas"] = 2
                one["status"] |= {
                    "replicas": 2,
                    "updatedReplicas": 2,
                    "readyReplicas": 1,
                    "availableReplicas": 1,
                } | status

    installation.change_live(grow)
    return installation


def test_nor_does_one_of_a_deployment_that_no_promise_knows() -> None:
    """An autoscaler moves others, too."""
    for age, result in ((20, Result.PASS), (200, Result.FAIL)):
        installation = grown(creating, age=age)
        installation.site = installation.site.model_copy(update={"components": Installed(without=("ccm",))})
        assert installation.outcome("CX012", "platform").result is result


def failing(installation: Installation) -> list[str]:
    """Return the checks of ccm that fail."""
    ended = [one for one in installation.all_outcomes(CHECKS) if one.component == "ccm"]
    return [one.check for one in ended if one.result is Result.FAIL]


@pytest.mark.parametrize(
    ("change", "warning"),
    [(creating, ""), (creating, "Unhealthy"), (creating, "FailedScheduling")],
)
def test_a_pod_more_that_begins_just_now_breaks_nothing(change: Callable[[Object], Any], warning: str) -> None:
    """Its probe fails until it is there, and a node may have been added for it first."""
    installation = grown(change, warning=warning)
    assert failing(installation) == []
    assert notes(installation.outcome("CX104", "ccm")) == [
        f"1 of 2 pods are ready; beside as many as are promised {NEW} was made just now"
    ]


@pytest.mark.parametrize(
    ("installation", "checks"),
    [
        (grown(creating, age=200), ["CX112"]),
        (grown(without_a_node), ["CX113"]),
        (grown(creating, warning="FailedMount"), ["CX112"]),
        (grown(restarted), ["CX106"]),
        (grown(creating, updatedReplicas=1), ["CX112"]),
        (grown(creating, replicas=3), ["CX112"]),
        (grown(creating, readyReplicas=0), ["CX112"]),
    ],
    ids=[
        "for long",
        "without a node",
        "with a warning",
        "restarted",
        "a new version",
        "beside an old",
        "alone",
    ],
)
def test_one_that_does_not_come_or_is_needed_does(installation: Installation, checks: list[str]) -> None:
    """So do those of a rollout, which is complete with them."""
    assert failing(installation) == checks


def test_a_pod_that_is_not_ready_while_its_status_says_so_is_none_that_is_added() -> None:
    """As where the controllers stand still: the status counts as many ready as are wanted, whatever becomes of them."""
    installation = Installation()

    def unready(pod: Object) -> None:
        pod["status"]["conditions"] = [
            {"type": kind, "status": "False" if kind in ("Ready", "ContainersReady") else "True"}
            for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ]

    installation.live("Pod", "ef-ccm-", unready)
    outcome = installation.outcome("CX104", "ccm")
    assert outcome.result is Result.FAIL
    assert notes(outcome) == []
    installation.site = installation.site.model_copy(update={"components": Installed(without=("ccm",))})
    beside = installation.outcome("CX012", "platform")
    assert beside.result is Result.FAIL
    assert "Deployment expertflow/ef-ccm: 0 of 1 pods are ready" in beside.message
