"""Each bad state of the recorded shop, in the words that an engineer would use."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cx_conformance.cluster.troubles import Trouble, troubles
from cx_conformance.objects.event import Event, event
from cx_conformance.objects.pod import Pod, pod
from tests.objects.recordings import recorded, recorded_items

RECORDED_AT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def raw_pod(name: str) -> dict[str, Any]:
    """Return the recorded pod whose name starts so, raw."""
    return next(item for item in recorded_items("/api/v1/pods") if item["metadata"]["name"].startswith(name))


def heard_about(name: str) -> list[Event]:
    """Return the recorded events about pods whose name starts so."""
    return [event for event in recorded(Event) if event.about_name.startswith(name)]


def found(name: str, *, events: bool = True, now: datetime = RECORDED_AT) -> tuple[Trouble, ...]:
    """Return the troubles of the recorded pod whose name starts so."""
    return troubles(pod(raw_pod(name)), heard_about(name) if events else (), now)


CRASHES = "crashes again and again (CrashLoopBackOff): it ended with exit code"
NO_PROGRAM = 'exec: "/no/such/program": stat /no/such/program: no such file or directory'
NO_NODE = "(Unschedulable): 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."


@pytest.mark.parametrize(
    ("name", "reasons", "words"),
    [
        (
            "bad-image",
            "ImagePullBackOff",
            "cannot pull image registry.invalid/none:1 (ImagePullBackOff): failed to pull",
        ),
        (
            "rollout-5956596f96",
            "ImagePullBackOff",
            "cannot pull image registry.invalid/new:2 (ImagePullBackOff): failed",
        ),
        ("bad-crash", "CrashLoopBackOff", f"{CRASHES} 3 at 2026-11-23 06:27:06Z, 5 restarts"),
        (
            "bad-oom",
            "OOMKilled CrashLoopBackOff",
            "killed out of memory (OOMKilled, limit 20Mi) at 2026-11-23 06:26:57Z",
        ),
        ("bad-pending", "Unschedulable", f"finds no node {NO_NODE}"),
        (
            "bad-unready",
            "NotReady",
            "but is not ready: Readiness probe failed: dial tcp 10.244.0.64:1: connect: connection",
        ),
        ("bad-liveness", "CrashLoopBackOff", f"{CRASHES} 137 (killed by SIGKILL) at 2026-11-23 06:28:41Z, 6 restarts"),
        ("bad-liveness", "CrashLoopBackOff", "its liveness probe had it killed: Liveness probe failed"),
        (
            "bad-config",
            "CreateContainerConfigError",
            "cannot be configured (CreateContainerConfigError): Secret not-there",
        ),
        (
            "bad-volume",
            "ContainerCreating",
            "waits for volume v (ContainerCreating): ConfigMap not-there does not exist",
        ),
        ("bad-init", "CrashLoopBackOff", f"{CRASHES} 1 at"),
        ("bad-command", "StartError CrashLoopBackOff", NO_PROGRAM),
    ],
)
def test_a_bad_state_is_named(name: str, reasons: str, words: str) -> None:
    """The reason is the kubelet's word, and the sentence names pod, container and cause."""
    seen = found(name)
    assert [trouble.reason for trouble in seen] == reasons.split()
    assert any(words in trouble.words for trouble in seen), [trouble.words for trouble in seen]
    assert all(trouble.current for trouble in seen)
    assert all(f"pod {trouble.pod} " in trouble.words for trouble in seen)
    assert all(f"container {trouble.container} " in trouble.words for trouble in seen if trouble.container)


@pytest.mark.parametrize(
    "name", ["web-", "db-0", "two-containers", "rollout-5b698cb6bc", "migrate", "nightly", "coredns"]
)
def test_a_good_pod_has_no_trouble(name: str) -> None:
    """Ready pods, native sidecars and finished Jobs are none."""
    assert found(name) == ()


def test_without_events_the_state_is_still_told() -> None:
    """Events explain; they are not needed."""
    assert [trouble.reason for trouble in found("bad-volume", events=False)] == ["ContainerCreating"]
    assert "its readiness probe does not succeed" in found("bad-unready", events=False)[0].words


def test_a_terminating_pod_is_a_trouble_only_after_its_grace_period() -> None:
    """The deletion timestamp already holds the grace period."""
    deadline = pod(raw_pod("stubborn-7dbfd79d77-nz58d")).deleted
    assert deadline is not None
    assert found("stubborn-7dbfd79d77-nz58d", now=deadline + timedelta(seconds=5)) == ()
    (late,) = found("stubborn-7dbfd79d77-nz58d", now=deadline + timedelta(hours=3))
    assert late.reason == "Terminating"
    assert "should have ended 3 h ago and is still terminating on node rk8s-node" in late.words


def test_an_oom_before_the_last_restart_is_history_with_its_time() -> None:
    """The container runs again: the OOM is told as past, so that a check can weigh its age."""
    source = raw_pod("bad-oom")
    status = source["status"]["containerStatuses"][0]
    status.update(state={"running": {"startedAt": "2026-11-23T06:29:00Z"}}, ready=True, started=True)
    (oom,) = troubles(pod(source), now=RECORDED_AT)
    assert (oom.reason, oom.current, oom.times) == ("OOMKilled", False, 5)
    assert oom.at == datetime(2026, 11, 23, 6, 26, 57, tzinfo=UTC)


def test_restarts_of_a_running_container_are_counted_and_dated() -> None:
    """A crash that is over is told as past, with exit code and time."""
    source = raw_pod("bad-crash")
    status = source["status"]["containerStatuses"][0]
    status.update(state={"running": {"startedAt": "2026-11-23T06:29:00Z"}}, ready=True, started=True)
    (restarted,) = troubles(pod(source), now=RECORDED_AT)
    assert (restarted.reason, restarted.current, restarted.times) == ("Restarted", False, 5)
    assert "runs, after 5 restarts; it last ended with exit code 3 at 2026-11-23 06:27:06Z" in restarted.words


@pytest.mark.parametrize(
    ("lived", "runs", "restarts", "reason"),
    [
        (90, 60, 5, "Restarting"),
        (90, 99, 2, "Restarting"),
        (90, 110, 5, "Restarted"),  # it has got over what it died of
        (90, 60, 1, "Restarted"),  # once is no loop
        (3600, 60, 5, "Restarted"),  # so long a run is none of a crash loop's
    ],
)
def test_a_crash_loop_is_told_also_while_the_container_runs(lived: int, runs: int, restarts: int, reason: str) -> None:
    """A look may fall between two crashes: only a run that is longer than the last one shows that they are over."""
    source = raw_pod("bad-crash")
    started, ended = RECORDED_AT - timedelta(seconds=runs), RECORDED_AT - timedelta(seconds=runs + 40)
    status = source["status"]["containerStatuses"][0]
    last = {"exitCode": 3, "reason": "Error", "finishedAt": ended.isoformat()}
    last["startedAt"] = (ended - timedelta(seconds=lived)).isoformat()
    status.update(ready=True, started=True, restartCount=restarts, lastState={"terminated": last})
    status["state"] = {"running": {"startedAt": started.isoformat()}}
    (told,) = troubles(pod(source), now=RECORDED_AT)
    assert (told.reason, told.current) == (reason, reason == "Restarting")
    assert (f"after {lived} s, and has not run for longer since" in told.words) is told.current


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "CrashLoopBackOff"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "ImagePullBackOff"),
        ({"waiting": {"reason": "CreateContainerConfigError"}}, "CreateContainerConfigError"),
        ({"running": {"startedAt": "2026-11-23T06:26:57Z"}}, "NotReady"),
    ],
)
def test_a_sidecar_that_does_not_start_is_the_only_trouble(state: dict[str, Any], reason: str) -> None:
    """The containers after a native sidecar wait for it: that they do not run is its fault, not theirs."""
    source = raw_pod("bad-init")
    source["spec"]["initContainers"][0]["restartPolicy"] = "Always"
    source["status"]["initContainerStatuses"][0].update(state=state, lastState={}, ready=False, started=False)
    (told,) = troubles(pod(source), now=RECORDED_AT)
    assert told.reason == reason
    assert f"sidecar i of pod {told.pod}" in told.words


def test_of_the_containers_that_wait_for_an_init_container_one_is_told() -> None:
    """Init containers whose turn has not come, and further containers, say nothing more."""
    source = raw_pod("bad-init")
    first, (own,) = source["status"]["initContainerStatuses"][0], source["status"]["containerStatuses"]
    first.update(state={"running": {"startedAt": "2026-11-23T06:26:57Z"}}, lastState={})
    waits = {"state": {"waiting": {"reason": "PodInitializing"}}, "ready": False, "restartCount": 0}
    source["status"]["initContainerStatuses"].append({"name": "second", **waits})
    source["status"]["containerStatuses"].append({"name": "another", **waits})
    (told,) = troubles(pod(source), now=RECORDED_AT)
    assert told.words.startswith(f"container {own['name']} of pod {told.pod} waits for init container i,")


@pytest.mark.parametrize("reason", ["OOMKilled", "StartError"])
def test_how_an_init_container_failed_that_is_done_is_history(reason: str) -> None:
    """It was tried again until it had succeeded, and never runs again."""
    source = raw_pod("web-")
    source["spec"]["initContainers"] = [{"name": "migrate", "image": "m"}]
    times = {"startedAt": "2026-11-23T06:26:00Z", "finishedAt": "2026-11-23T06:29:59Z"}
    status = {"name": "migrate", "ready": True, "restartCount": 2, "lastState": {}}
    status["state"] = {"terminated": {"exitCode": 0, "reason": "Completed", **times}}
    source["status"]["initContainerStatuses"] = [status]
    assert troubles(pod(source), now=RECORDED_AT) == ()
    status["lastState"] = {"terminated": {"exitCode": 137, "reason": reason, **times}}
    (told,) = troubles(pod(source), now=RECORDED_AT)
    assert (told.reason, told.current) == (reason, False)


def test_an_evicted_pod_says_why() -> None:
    """The kubelet's own message is the evidence."""
    source = raw_pod("web-")
    message = "The node was low on resource: memory."
    source["status"] = {"phase": "Failed", "reason": "Evicted", "message": message}
    (evicted,) = troubles(pod(source))
    assert evicted.reason == "Evicted"
    assert evicted.words.endswith(f"has failed (Evicted): {message}")


def test_a_failed_pod_names_the_container_that_failed() -> None:
    """A Job's failed attempt shows its exit code."""
    source = raw_pod("migrate")
    source["status"]["phase"] = "Failed"
    source["status"]["containerStatuses"][0]["state"]["terminated"].update(exitCode=2, reason="Error")
    (failed,) = troubles(pod(source))
    assert failed.reason == "Failed"
    assert "container m of pod migrate-x6tp8 ended with exit code 2" in failed.words


@pytest.mark.parametrize(
    ("waiting", "reason", "words", "lasting"),
    [
        ({"reason": "InvalidImageName"}, "InvalidImageName", "has an image name that is none", True),
        (
            {"reason": "ErrImagePull", "message": "manifest for ef/ccm:9.9 not found: manifest unknown"},
            "ErrImagePull",
            "(ErrImagePull): manifest for ef/ccm:9.9 not found",
            True,
        ),
        (
            {"reason": "CreateContainerConfigError", "message": "couldn't find key url in ConfigMap shop/web-settings"},
            "CreateContainerConfigError",
            "ConfigMap shop/web-settings has no key url",
            True,
        ),
        ({"reason": "CreateContainerError"}, "CreateContainerError", "the kubelet gives no reason", False),
        ({}, "Waiting", "the kubelet gives no reason", False),
    ],
)
def test_a_waiting_reason_is_told(waiting: dict[str, str], reason: str, words: str, *, lasting: bool) -> None:
    """Also those that the recorded shop does not have; what cannot heal by waiting is marked."""
    source = raw_pod("bad-image")
    source["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    (trouble,) = troubles(pod(source))
    assert trouble.reason == reason
    assert words in trouble.words
    assert trouble.lasting is lasting


def test_a_container_that_waits_for_a_working_init_container_says_so() -> None:
    """PodInitializing behind an init container that runs is no mystery."""
    source = raw_pod("bad-init")
    source["status"]["initContainerStatuses"][0].update(
        state={"running": {"startedAt": "2026-11-23T06:26:57Z"}}, lastState={}
    )
    (trouble,) = troubles(pod(source))
    assert trouble.reason == "PodInitializing"
    assert "waits for init container i, which still runs" in trouble.words


def test_a_readiness_gate_that_fails_is_told() -> None:
    """All containers are ready, the pod is not: the condition's message says why."""
    source = raw_pod("web-")
    for condition in source["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition.update(
                status="False", message='corresponding condition of pod readiness gate "x" does not exist.'
            )
    (trouble,) = troubles(pod(source))
    assert trouble.reason == "NotReady"
    assert (
        'is not ready although its containers are: corresponding condition of pod readiness gate "x"' in trouble.words
    )


def test_a_password_in_a_kubelet_message_is_left_out() -> None:
    """What the runtime quotes of the command line may hold one."""
    source = raw_pod("bad-image")
    said = "failed to start: redis-server --requirepass=s3cr3t-value"
    source["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "RunContainerError", "message": said}}
    (trouble,) = troubles(pod(source))
    assert "redis-server" in trouble.words
    assert "s3cr3t-value" not in trouble.words


def test_ephemeral_containers_are_no_trouble() -> None:
    """A debugging session that has ended says nothing of the application."""
    source = raw_pod("web-")
    source["status"]["ephemeralContainerStatuses"] = [
        {"name": "debugger", "ready": False, "state": {"terminated": {"exitCode": 137, "reason": "Error"}}}
    ]
    parsed: Pod = pod(source)
    assert troubles(parsed) == ()


@pytest.mark.parametrize(
    ("scheduler", "words"),
    [
        ("default-scheduler", "is there kube-scheduler, and does it run?"),
        ("volcano", "is there the scheduler volcano that it names, and does it run?"),
    ],
)
def test_a_pod_that_no_scheduler_has_looked_at_is_told(scheduler: str, words: str) -> None:
    """It has no condition at all: where kube-scheduler is down, and where its schedulerName is nobody's."""
    source = {
        "metadata": {"name": "web-0", "creationTimestamp": "2026-11-23T06:20:00Z"},
        "spec": {"schedulerName": scheduler},
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }
    (told,) = troubles(pod(source), (), RECORDED_AT)
    assert (told.reason, told.current) == ("NotScheduled", True)
    assert told.words == f"pod web-0 has no node, and no scheduler has looked at it; {words}"
    assert troubles(pod(source), (), RECORDED_AT - timedelta(minutes=9, seconds=30)) == ()
    bound = source | {"spec": {"nodeName": "node-1"}}
    assert troubles(pod(bound), (), RECORDED_AT) == ()


def test_what_keeps_a_volume_is_told_and_not_that_it_was_waited_for() -> None:
    """A volume is still attached to the node that was lost; the kubelet only repeats that its time was up.

    The words are those of https://github.com/openshift/openshift-docs/pull/24970.
    """
    attached = "Volume is already exclusively attached to one node and can't be attached to another"
    in_vain = (
        "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data kube-api-access-x]: "
        "timed out waiting for the condition"
    )
    told = [
        ("FailedAttachVolume", f'Multi-Attach error for volume "pvc-1" {attached}', "2026-11-23T06:20:00Z"),
        ("FailedMount", in_vain, "2026-11-23T06:29:00Z"),
    ]
    about = {"involvedObject": {"kind": "Pod", "name": "db-0"}, "type": "Warning"}
    events = [event({**about, "reason": one, "message": said, "lastTimestamp": at}) for one, said, at in told]
    waiting = {"name": "db", "state": {"waiting": {"reason": "ContainerCreating"}}}
    source = {
        "metadata": {"name": "db-0"},
        "spec": {"nodeName": "node-2"},
        "status": {"phase": "Pending", "containerStatuses": [waiting]},
    }
    (trouble,) = troubles(pod(source), events, RECORDED_AT)
    assert trouble.words == f"container db of pod db-0 waits for volume pvc-1 (ContainerCreating): {attached}"
    (trouble,) = troubles(pod(source), events[1:], RECORDED_AT)
    assert "timed out waiting for the condition" in trouble.words


@pytest.mark.parametrize(
    ("policy", "code", "other", "reasons"),
    [
        ("OnFailure", 0, "upload", []),
        ("Never", 0, "upload", []),
        ("Never", 0, "istio-proxy", ["Completed"]),
        ("Always", 0, "upload", ["Completed"]),
        ("OnFailure", 1, "upload", ["Completed"]),
    ],
)
def test_a_container_of_a_job_that_has_done_its_work_is_no_trouble(
    policy: str, code: int, other: str, reasons: list[str]
) -> None:
    """It runs on for the others; where it is started again something is wrong, or where only a proxy runs on."""
    ended = {"name": "run", "state": {"terminated": {"exitCode": code, "reason": "Completed"}}}
    beside = {"name": other, "ready": True, "state": {"running": {"startedAt": "2026-11-23T06:00:00Z"}}}
    source = {
        "metadata": {"name": "nightly-29390070-x"},
        "spec": {"restartPolicy": policy, "nodeName": "node-1"},
        "status": {"phase": "Running", "containerStatuses": [ended, beside]},
    }
    assert [one.reason for one in troubles(pod(source), (), RECORDED_AT)] == reasons
