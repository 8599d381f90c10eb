"""A run of a CronJob that begins or ends just now is no trouble, and one that stays so is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cx_conformance.cluster.troubles import troubles
from cx_conformance.objects.event import Event, event
from cx_conformance.objects.pod import pod

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
STOPPED = "sidecar proxy of pod nightly-1 has ended with exit code 143 (killed by SIGTERM) and is to be started again"
ENDED = {"exitCode": 0, "reason": "Completed"}


def told(state: dict[str, Any], *, age: float, owner: str = "Job", events: tuple[Event, ...] = ()) -> list[str]:
    """Return the troubles of a pod whose container, and a stopped sidecar, are so since ``age`` seconds."""
    since = (NOW - timedelta(seconds=age)).isoformat()
    of_the_run = {"name": "report", "state": {kind: held | {"finishedAt": since} for kind, held in state.items()}}
    stopped = {"terminated": {"exitCode": 143, "reason": "Error", "finishedAt": since}}
    sidecars = [{"name": "proxy", "state": stopped}] if "terminated" in state else []
    specified = [{"name": "proxy", "image": "proxy", "restartPolicy": "Always"}] if sidecars else []
    live = {
        "metadata": {
            "name": "nightly-1",
            "namespace": "expertflow",
            "creationTimestamp": since,
            "ownerReferences": [{"kind": owner, "name": "nightly", "uid": "n", "controller": True}],
        },
        "spec": {
            "nodeName": "node-1",
            "restartPolicy": "OnFailure" if owner == "Job" else "Always",
            "containers": [{"name": "report", "image": "report"}],
            "initContainers": specified,
        },
        "status": {
            "phase": "Running" if sidecars else "Pending",
            "containerStatuses": [of_the_run],
            "initContainerStatuses": sidecars,
        },
    }
    return [one.words for one in troubles(pod(live), events, NOW)]


@pytest.mark.parametrize("state", [{"waiting": {"reason": "ContainerCreating"}}, {"terminated": ENDED}])
def test_a_run_that_begins_or_ends_just_now_is_no_trouble(state: dict[str, Any]) -> None:
    """The container is made or has done its work, and the native sidecar was stopped after it."""
    assert told(state, age=4) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            {"waiting": {"reason": "ContainerCreating"}},
            ["container report of pod nightly-1 is still being created (ContainerCreating)"],
        ),
        (
            {"terminated": ENDED},
            [STOPPED],
        ),
        (
            {"terminated": {"exitCode": 1, "reason": "Error"}},
            [
                STOPPED,
                "container report of pod nightly-1 has ended with exit code 1 and is to be started again",
            ],
        ),
    ],
)
def test_one_that_stays_so_or_fails_is(state: dict[str, Any], words: list[str]) -> None:
    """Three minutes are more than a kubelet takes to say what it waits for."""
    assert told(state, age=4 if state.get("terminated", ENDED) != ENDED else 200) == words


def test_what_the_kubelet_warns_of_is_told_at_once() -> None:
    """A volume that does not come, whatever the age of the run."""
    said = event(
        {
            "metadata": {"name": "e", "namespace": "expertflow"},
            "involvedObject": {"kind": "Pod", "name": "nightly-1", "namespace": "expertflow"},
            "type": "Warning",
            "reason": "FailedMount",
            "message": 'MountVolume.SetUp failed for volume "config" : configmap "gone" not found',
        }
    )
    assert told({"waiting": {"reason": "ContainerCreating"}}, age=4, events=(said,)) == [
        "container report of pod nightly-1 waits for volume config (ContainerCreating): ConfigMap gone does not exist"
    ]


def test_a_pod_that_is_to_stay_is_in_trouble_at_once() -> None:
    """That of a ReplicaSet serves nobody while it begins."""
    assert told({"waiting": {"reason": "ContainerCreating"}}, age=4, owner="ReplicaSet") != []
    assert told({"terminated": ENDED}, age=4, owner="ReplicaSet") != []
