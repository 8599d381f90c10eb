"""When a rollout is complete, and what is said when it is not."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cx_conformance.cluster import readiness
from cx_conformance.cluster.claims import claims_of
from cx_conformance.cluster.pod_index import PodIndex
from cx_conformance.cluster.readiness import Rollout
from cx_conformance.objects.pod import Pod, pod
from cx_conformance.objects.workload import (
    CronJob,
    Deployment,
    StatefulSet,
    Workload,
    cron_job,
    daemon_set,
    deployment,
    stateful_set,
)
from tests.objects.recordings import recorded, recorded_items

Change = Callable[[dict[str, Any]], object]
COMPLETE = {"complete", "idle", "leaving", "scaled-to-zero", "partitioned", "scheduled"}
STUCK = {"suspended", "deadline-exceeded", "replica-failure", "on-delete", "paused"}
"""States that waiting alone does not end."""
STUBBORN = "stubborn-7dbfd79d77-nz58d"
"""A recorded pod that was replaced, and had not ended when its grace period was over."""


READY = pod({"metadata": {"name": "other-9"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}})


def rollout(workload: Workload, pods: Sequence[Pod], now: datetime | None = None) -> Rollout:
    """Judge beside pods that are ready, as many as lack, and hold each verdict to what its state means."""
    lacking = workload.replicas - sum(one.ready for one in pods)
    verdict = readiness.rollout(workload, (*pods, *([READY] * lacking)), now)
    assert verdict.complete is (verdict.state in COMPLETE)
    assert verdict.stuck is (verdict.state in STUCK)
    return verdict


def judged(record: type[Workload], name: str) -> Rollout:
    """Judge a recorded workload with its recorded pods, a CronJob soon after its last run."""
    workload = next(item for item in recorded(record) if item.name == name)
    now = workload.last_schedule if isinstance(workload, CronJob) else None
    return rollout(workload, PodIndex(recorded(Pod)).owned_by(workload), now)


def changed(path: str, name: str, change: Change) -> dict[str, Any]:
    """Return a recorded workload, raw, after ``change``."""
    source = next(item for item in recorded_items(path) if item["metadata"]["name"] == name)
    change(source)
    return source


def web(change: Change) -> Rollout:
    """Judge the recorded Deployment web (2 replicas, complete) after ``change``."""
    return rollout(deployment(changed("/apis/apps/v1/deployments", "web", change)), ())


def db(change: Change) -> Rollout:
    """Judge the recorded StatefulSet db (1 replica, complete) after ``change``."""
    return rollout(stateful_set(changed("/apis/apps/v1/statefulsets", "db", change)), ())


@pytest.mark.parametrize(
    ("record", "name", "state"),
    [
        (Deployment, "web", "complete"),
        (Deployment, "two-containers", "complete"),
        (StatefulSet, "db", "complete"),
        (CronJob, "nightly", "scheduled"),
        (Deployment, "rollout", "deadline-exceeded"),
        (Deployment, "stubborn", "terminating"),
        (Deployment, "bad-crash", "unready"),
        (Deployment, "bad-image", "deadline-exceeded"),
    ],
)
def test_a_recorded_workload_is_judged(record: type[Workload], name: str, state: str) -> None:
    """Also the one that still serves by its old pod, and the one whose old pod is still terminating."""
    assert judged(record, name).state == state


def test_complete_states_are_complete_and_others_not() -> None:
    """State and verdict agree."""
    assert judged(Deployment, "web").complete
    assert not judged(Deployment, "stubborn").complete


def test_the_deadline_tells_that_an_old_pod_still_serves() -> None:
    """One ready pod is not a rollout: it is the old one."""
    verdict = judged(Deployment, "rollout")
    assert verdict.words == (
        "made no progress within 60 s (ProgressDeadlineExceeded): of 1 pods 1 updated, 1 ready, "
        "1 of an old revision still there"
    )
    assert verdict.stuck


def test_a_terminating_pod_is_named() -> None:
    """It may still hold the volume."""
    assert (
        judged(Deployment, "stubborn").words
        == f"old pods are left, still terminating after their grace period: {STUBBORN}"
    )


def test_an_old_pod_may_take_its_grace_period_to_end() -> None:
    """The deletion's moment has the grace period in it; the kubelet kills only then, which takes it some seconds."""
    workload = next(item for item in recorded(Deployment) if item.name == "stubborn")
    pods = PodIndex(recorded(Pod)).owned_by(workload)
    (end,) = (one.deleted for one in pods if one.deleted is not None)

    for killed in (timedelta(0), timedelta(seconds=12)):
        in_time = rollout(workload, pods, end + killed)
        assert in_time.complete
        assert in_time.words == f"old pods end within their grace period: {STUBBORN}"
    assert rollout(workload, pods, end + timedelta(seconds=31)).state == "terminating"


@pytest.mark.parametrize(("ready", "state"), [(1, "leaving"), (0, "unready")])
def test_a_stateful_set_that_was_scaled_down_counts_the_pod_that_ends(ready: int, state: str) -> None:
    """Its status counts every pod that exists; the one that is wanted must be ready all the same."""

    def change(source: dict[str, Any]) -> None:
        source["status"].update(replicas=2, readyReplicas=ready, availableReplicas=ready)

    ends = {"metadata": {"name": "db-1", "deletionTimestamp": "2999-01-01T00:00:00Z"}}
    source = changed("/apis/apps/v1/statefulsets", "db", change)
    assert rollout(stateful_set(source), [pod(ends)]).state == state
    assert db(change).state == "old-pods"


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        ({"observedGeneration": 0}, "unobserved", "has not seen the latest change (generation 1, observed 0)"),
        ({"updatedReplicas": 1}, "updating", "1 of 2 pods run the latest revision"),
        ({"replicas": 3}, "old-pods", "1 pods of an old revision are left beside 2 updated ones"),
        ({"replicas": 3, "updatedReplicas": 3}, "old-pods", "1 pods more than the desired 2 are left"),
        ({"readyReplicas": 1}, "unready", "1 of 2 pods are ready"),
        ({"readyReplicas": None}, "unready", "0 of 2 pods are ready"),
        ({"availableReplicas": 1}, "unavailable", "1 of 2 pods are available"),
    ],
)
def test_each_count_of_a_deployment_matters(status: dict[str, int], state: str, words: str) -> None:
    """Changing one count of a complete Deployment makes it incomplete, and says how."""
    verdict = web(lambda source: source["status"].update(status))
    assert (verdict.state, verdict.complete) == (state, False)
    assert words in verdict.words


def test_a_failure_to_make_pods_is_told() -> None:
    """A quota or an admission webhook refuses: no pod shows it."""
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: x"}
    verdict = web(lambda source: source["status"]["conditions"].append(condition))
    assert verdict.words == "cannot make its pods (FailedCreate): exceeded quota: x"


def test_why_pods_cannot_be_made_is_told_also_after_the_deadline() -> None:
    """The quota is the reason, that its time is over only what comes of it."""

    def refused(source: dict[str, Any]) -> None:
        source["status"]["conditions"] = [
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
            {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: x"},
        ]

    assert web(refused).words == "cannot make its pods (FailedCreate): exceeded quota: x"


@pytest.mark.parametrize(
    ("ready", "state"), [(2, "complete"), (1, "deadline-exceeded")], ids=["all are there", "one is not"]
)
def test_what_was_said_before_a_deployment_was_paused_is_past_when_all_is_there(ready: int, state: str) -> None:
    """Its controller takes nothing back of a paused one (checkPausedConditions).

    https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/sync.go
    """
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    def change(source: dict[str, Any]) -> None:
        source["spec"]["paused"] = True
        source["status"].update(conditions=[late], readyReplicas=ready, availableReplicas=ready)

    assert web(change).state == state


def test_a_paused_rollout_is_stuck() -> None:
    """Nobody but an engineer resumes it."""

    def pause(source: dict[str, Any]) -> None:
        source["spec"]["paused"] = True
        source["status"]["updatedReplicas"] = 0

    verdict = web(pause)
    assert (verdict.state, verdict.stuck) == ("paused", True)


def test_zero_replicas_on_purpose_is_complete_and_says_so() -> None:
    """Whether zero is what was promised is the check's business."""

    def stop(source: dict[str, Any]) -> None:
        source["spec"]["replicas"] = 0
        source["status"] = {"observedGeneration": 1}

    verdict = web(stop)
    assert (verdict.state, verdict.complete) == ("scaled-to-zero", True)


def test_on_delete_with_old_pods_is_not_complete() -> None:
    """Readiness libraries call it current; the pods run the old revision."""

    def change(source: dict[str, Any]) -> None:
        source["spec"]["updateStrategy"] = {"type": "OnDelete"}
        source["status"].update(updatedReplicas=0, updateRevision="db-new")

    verdict = db(change)
    assert (verdict.state, verdict.stuck) == ("on-delete", True)
    assert "waits for somebody to delete the other 1" in verdict.words


def test_before_1_22_the_ready_pods_of_a_stateful_set_are_the_available_ones() -> None:
    """Its status did not count them yet; without minReadySeconds they are the same."""
    assert db(lambda source: source["status"].pop("availableReplicas")).state == "complete"
    assert db(lambda source: source["status"].update(availableReplicas=0)).state == "unavailable"

    def counted_later(source: dict[str, Any]) -> None:
        source["spec"]["minReadySeconds"] = 10
        del source["status"]["availableReplicas"]

    assert db(counted_later).state == "unavailable"


def test_a_partition_keeps_old_pods_on_purpose() -> None:
    """Complete, and it says that old pods are left."""

    def change(source: dict[str, Any]) -> None:
        source["spec"].update(replicas=3, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
        source["status"].update(replicas=3, readyReplicas=3, availableReplicas=3, updatedReplicas=1)

    verdict = db(change)
    assert (verdict.state, verdict.complete) == ("partitioned", True)
    assert "the first 2 keep the old revision" in verdict.words


def test_a_stateful_pod_of_an_old_revision_is_named() -> None:
    """The counts may be ahead of the pods."""
    source = changed("/apis/apps/v1/statefulsets", "db", lambda item: item["status"].update(updateRevision="db-new"))
    pods = tuple(item for item in recorded(Pod) if item.name == "db-0")
    verdict = rollout(stateful_set(source), pods)
    assert (verdict.state, verdict.words) == ("old-pods", "pods of an old revision are left: db-0")


def test_a_stateful_pod_below_the_partition_may_be_old() -> None:
    """It is meant to be."""

    def change(source: dict[str, Any]) -> None:
        source["spec"]["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
        source["status"].update(updatedReplicas=0, updateRevision="db-new")

    source = changed("/apis/apps/v1/statefulsets", "db", change)
    pods = tuple(item for item in recorded(Pod) if item.name == "db-0")
    assert rollout(stateful_set(source), pods).state == "partitioned"


@pytest.mark.parametrize(
    ("first", "ordinal", "state"),
    [
        (0, 0, "partitioned"),
        (0, 1, "partitioned"),
        (0, 2, "old-pods"),
        (0, 10, "old-pods"),
        (5, 6, "partitioned"),
        (5, 7, "old-pods"),
    ],
)
def test_the_ordinal_says_whether_a_pod_may_be_old(first: int, ordinal: int, state: str) -> None:
    """The pods from the partition on have the new revision, counted from the first (`spec.ordinals.start`)."""

    def change(source: dict[str, Any]) -> None:
        source["spec"].update(replicas=3, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
        source["spec"]["ordinals"] = {"start": first}
        source["status"].update(replicas=3, readyReplicas=3, availableReplicas=3, updatedReplicas=1)

    source = changed("/apis/apps/v1/statefulsets", "db", change)
    old = {"metadata": {"name": f"db-{ordinal}", "labels": {"controller-revision-hash": "db-old"}}}
    assert rollout(stateful_set(source), [pod(old)]).state == state


def pod_of_db(ready: str, since: str, **metadata: str) -> Pod:
    """Return db's one pod."""
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": since}
    return pod({"metadata": {"name": "db-0", **metadata}, "status": {"conditions": [condition]}})


LOOK = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
BEFORE, JUST_NOW, SOON = "2026-11-23T05:00:00Z", "2026-11-23T06:29:40Z", "2026-11-23T06:30:10Z"
STANDS_STILL = ", and its status still says 1: nobody keeps it up to date; look at kube-controller-manager"


@pytest.mark.parametrize(
    ("pods", "words"),
    [
        ([], f"0 of 1 pods are ready{STANDS_STILL}"),
        ([pod_of_db("False", BEFORE)], f"0 of 1 pods are ready{STANDS_STILL}"),
        ([pod_of_db("False", JUST_NOW)], "0 of 1 pods are ready"),
        (
            [pod_of_db("True", BEFORE, deletionTimestamp=SOON)],
            "0 of 1 pods are ready, and replaced only when they have ended: db-0",
        ),
    ],
    ids=["gone", "long unready", "just unready", "ends"],
)
def test_a_status_that_is_ahead_of_its_pods_is_not_believed(pods: list[Pod], words: str) -> None:
    """Without kube-controller-manager it stays as it was; and a StatefulSet counts its pod as ready until it is gone.

    Of a revision it counts that pod no more (computeReplicaStatus):
    https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/statefulset/stateful_set_control.go
    """

    def change(source: dict[str, Any]) -> None:
        if any(one.deleted for one in pods):
            source["status"].update(currentReplicas=0, updatedReplicas=0)

    db = stateful_set(changed("/apis/apps/v1/statefulsets", "db", change))
    verdict = readiness.rollout(db, pods, LOOK)
    assert (verdict.complete, verdict.state, verdict.words) == (False, "unready", words)


@pytest.mark.parametrize(("ready", "state"), [(1, "terminating"), (0, "unready")])
def test_a_pod_of_a_stateful_set_that_does_not_end_is_not_called_old(ready: int, state: str) -> None:
    """As with a node that is lost, or a finalizer: it is of no revision in the counts, and no other is pending."""

    def change(source: dict[str, Any]) -> None:
        source["status"].update(currentReplicas=0, updatedReplicas=0, readyReplicas=ready, availableReplicas=ready)

    db = stateful_set(changed("/apis/apps/v1/statefulsets", "db", change))
    late = pod_of_db("True", BEFORE, deletionTimestamp=BEFORE)
    assert readiness.rollout(db, [late], LOOK).state == state


def test_a_pod_of_a_daemon_set_that_ends_is_not_there() -> None:
    """Its controller counts it as ready and updated until it is gone (updateDaemonSetStatus), and makes no other."""
    counts = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady")
    status = dict.fromkeys((*counts, "numberAvailable", "observedGeneration"), 1)
    agent = daemon_set({"metadata": {"generation": 1}, "status": status})
    assert not readiness.rollout(agent, [pod_of_db("True", BEFORE, deletionTimestamp=SOON)], LOOK).complete


def test_a_single_hidden_terminating_pod_counts() -> None:
    """The account may see the Deployment, and not its pods."""
    hidden = web(lambda source: source["status"].update(terminatingReplicas=1))
    assert (hidden.state, hidden.words) == ("leaving", "old pods end within their grace period: 1 of them")
    assert web(lambda source: source["status"].update(terminatingReplicas=0)).state == "complete"


def test_a_daemon_set_must_be_ready_on_every_node() -> None:
    """Its counts have other names."""
    status = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 3,
        "currentNumberScheduled": 3,
        "updatedNumberScheduled": 3,
        "numberReady": 2,
        "numberAvailable": 2,
    }
    source = {"metadata": {"generation": 1}, "status": status}
    assert rollout(daemon_set(source), ()).words == "2 of 3 pods are ready"
    status.update(numberReady=3, numberAvailable=3)
    assert rollout(daemon_set(source), ()).complete


def test_a_suspended_cron_job_is_not_complete() -> None:
    """It would run no Job."""
    source = changed("/apis/batch/v1/cronjobs", "nightly", lambda item: item["spec"].update(suspend=True))
    assert rollout(cron_job(source), ()).state == "suspended"


NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def cron(schedule: str, *, last: timedelta | None, made: timedelta = timedelta(days=30), active: int = 0) -> Rollout:
    """Judge a CronJob whose last run was started so long ago."""
    status: dict[str, Any] = {"active": [{"name": "run"}] * active}
    status |= {"lastScheduleTime": f"{NOW - last:%Y-%m-%dT%H:%M:%SZ}"} if last is not None else {}
    metadata = {"name": "reports", "creationTimestamp": f"{NOW - made:%Y-%m-%dT%H:%M:%SZ}"}
    return rollout(cron_job({"metadata": metadata, "spec": {"schedule": schedule}, "status": status}), (), NOW)


@pytest.mark.parametrize(
    ("schedule", "last", "words"),
    [
        (
            "*/5 * * * *",
            timedelta(hours=26),
            "has started no run since 2026-11-29 10:00:00Z; its schedule */5 * * * * has one every hour",
        ),
        (
            "@daily",
            timedelta(days=4),
            "has started no run since 2026-11-26 12:00:00Z; its schedule @daily has one every day",
        ),
        (
            "30 2 * * *",
            None,
            "has started no run since it was made, 2026-10-31 12:00:00Z; its schedule 30 2 * * * has one every day",
        ),
    ],
)
def test_a_cron_job_that_starts_no_run_is_idle(schedule: str, last: timedelta | None, words: str) -> None:
    """It is not suspended, and nothing fails: nobody is told that the reports are old."""
    ended = cron(schedule, last=last)
    assert (ended.state, ended.words) == ("idle", f"{words} at least")


@pytest.mark.parametrize(
    ("schedule", "last", "more"),
    [
        ("*/5 * * * *", timedelta(hours=24), {}),
        ("30 2 * * *", timedelta(days=2), {}),
        ("0 3 * * 0", timedelta(days=20), {}),
        ("0 3 1 * *", timedelta(days=28), {}),
        ("CRON_TZ=UTC 0 3 * * *", timedelta(days=28), {}),
        ("*/5 * * * *", timedelta(days=3), {"active": 1}),
        ("*/5 * * * *", None, {"made": timedelta(hours=3)}),
    ],
)
def test_a_cron_job_may_wait_for_its_time(schedule: str, last: timedelta | None, more: dict[str, Any]) -> None:
    """For its day, for a run that goes on, or for the first one; what a cluster missed while it was off is made up."""
    assert cron(schedule, last=last, **more).state == "scheduled"


def test_a_pod_belongs_to_the_workload_that_controls_it() -> None:
    """A selector that is too wide does not take another workload's pods; a pod without an owner is adopted."""
    wide = deployment(
        changed(
            "/apis/apps/v1/deployments",
            "web",
            lambda item: item["spec"].update(selector={"matchLabels": {"team": "x"}}),
        )
    )
    loose = recorded_items("/api/v1/pods")[0]
    loose["metadata"].update(name="loose", namespace="shop", labels={"team": "x"}, ownerReferences=None)
    others = recorded_items("/api/v1/pods")
    for item in others:
        item["metadata"]["labels"]["team"] = "x"
    owned = PodIndex(tuple(pod(item) for item in (*others, loose))).owned_by(wide)
    assert {item.name for item in owned} == {"web-7c7c7948d9-6wdxt", "web-7c7c7948d9-s2kwd", "loose"}


@pytest.mark.parametrize(("observed", "words"), [(3, "observed 3"), (None, "observed 0")])
def test_how_far_behind_a_controller_is_is_told(observed: int | None, words: str) -> None:
    """Also where it has not seen the workload at all."""

    def change(source: dict[str, Any]) -> None:
        source["metadata"]["generation"] = 5
        source["status"] = {} if observed is None else {"observedGeneration": observed}

    assert web(change).words == f"its controller has not seen the latest change (generation 5, {words})"


def test_a_long_failure_to_make_pods_is_cut() -> None:
    """At five hundred letters, on one line."""
    message = "x " * 400
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    words = web(lambda source: source["status"]["conditions"].append(condition)).words
    assert words == f"cannot make its pods (FailedCreate): {message[:500]}"


def test_a_deadline_without_old_pods_tells_of_none() -> None:
    """Nor where fewer pods are left than were updated."""

    def change(source: dict[str, Any]) -> None:
        conditions = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
        source["status"].update(conditions=conditions, replicas=1, updatedReplicas=2)

    assert web(change).words.endswith(": of 2 pods 2 updated, 2 ready")


@pytest.mark.parametrize(("current", "state"), [(0, "updating"), (1, "on-delete"), (2, "on-delete")])
def test_on_delete_waits_for_somebody_once_all_pods_are_there(current: int, state: str) -> None:
    """Until then its controller makes the others, of the new revision."""

    def change(source: dict[str, Any]) -> None:
        source["spec"]["updateStrategy"] = {"type": "OnDelete"}
        source["status"].update(replicas=current, updatedReplicas=0)

    assert db(change).state == state


def test_a_partition_of_which_all_pods_are_updated_is_simply_complete() -> None:
    """No old pod is left to be told of, and a partition beyond the last pod keeps nobody waiting."""

    def partition(number: int) -> Change:
        update = {"type": "RollingUpdate", "rollingUpdate": {"partition": number}}
        return lambda source: source["spec"].update(updateStrategy=update)

    for number in (1, 5):
        assert db(partition(number)).words == "its pod is updated, ready and available"


def test_a_stateful_set_whose_new_revision_is_not_told_is_judged_by_its_counts() -> None:
    """Its pods' revisions compare with nothing."""
    source = changed("/apis/apps/v1/statefulsets", "db", lambda item: item["status"].pop("updateRevision"))
    pods = tuple(item for item in recorded(Pod) if item.name == "db-0")
    assert rollout(stateful_set(source), pods).state == "complete"


@pytest.mark.parametrize(("partition", "state"), [(0, "old-pods"), (1, "partitioned")])
def test_a_pod_without_an_ordinal_counts_as_the_first(partition: int, state: str) -> None:
    """It was adopted, or named by somebody else."""

    def change(source: dict[str, Any]) -> None:
        update = {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
        source["spec"].update(replicas=2, updateStrategy=update)
        updated = 2 - partition
        source["status"].update(replicas=2, readyReplicas=2, availableReplicas=2, updatedReplicas=updated)

    source = changed("/apis/apps/v1/statefulsets", "db", change)
    old = {"metadata": {"name": "db-old", "labels": {"controller-revision-hash": "another"}}}
    assert rollout(stateful_set(source), [pod(old)]).state == state


def test_a_daemon_set_that_no_node_wants_says_so() -> None:
    """It is not scaled by anybody; a Deployment is."""
    source = {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "desiredNumberScheduled": 0}}
    assert rollout(daemon_set(source), ()).words == "no node wants a pod of it"

    def stop(source: dict[str, Any]) -> None:
        source["spec"]["replicas"] = 0
        source["status"] = {"observedGeneration": 1}

    assert web(stop).words == "scaled to zero: it runs no pod"


def test_what_an_older_server_leaves_out_of_a_stateful_set_is_not_zero() -> None:
    """Equal revisions mean that nothing is pending; a revision that is pending, or a zero that is told, means it."""

    def told(**status: Any) -> Rollout:
        def change(source: dict[str, Any]) -> None:
            source["spec"]["updateStrategy"] = {"type": "OnDelete"}
            for name in ("updatedReplicas", "availableReplicas"):
                source["status"].pop(name)
            source["status"] |= {"currentReplicas": 1, "currentRevision": "db-1", "updateRevision": "db-1"} | status

        return db(change)

    assert told().state == "complete"
    assert told(currentRevision="", updateRevision="").state == "complete"
    assert told(updateRevision="db-2").state == "on-delete"
    assert told(updatedReplicas=0).state == "on-delete"
    assert told(readyReplicas=0).words == "0 of 1 pods are ready"


def test_a_workload_whose_controller_tells_no_generation_is_judged_by_its_counts() -> None:
    """None at all means that nobody has looked at it."""
    assert web(lambda source: source["status"].pop("observedGeneration")).state == "complete"
    assert web(lambda source: source.update(status={})).state == "unobserved"


@pytest.mark.parametrize(
    ("strategy", "generation", "state"),
    [
        ("OnDelete", "3", "complete"),
        ("OnDelete", "2", "old-pods"),
        ("OnDelete", None, "complete"),
        ("RollingUpdate", "3", "updating"),
    ],
)
def test_a_daemon_set_that_does_not_count_updated_pods(strategy: str, generation: str | None, state: str) -> None:
    """With OnDelete all are new, unless one says otherwise; else its controller is at work."""
    counts = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    source = {
        "metadata": {"annotations": {"deprecated.daemonset.template.generation": "3"}},
        "spec": {"updateStrategy": {"type": strategy}},
        "status": {"observedGeneration": 4, **dict.fromkeys(counts, 1)},
    }
    labels = {"pod-template-generation": generation} if generation else {}
    assert rollout(daemon_set(source), [pod({"metadata": {"name": "agent-x", "labels": labels}})]).state == state


def test_a_daemon_set_that_was_rolled_back_keeps_the_pods_that_were_right_all_along() -> None:
    """Their template has another number since, and the same content: the server counts them as updated."""
    counts = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady")
    status = dict.fromkeys((*counts, "numberAvailable"), 1) | {"observedGeneration": 3}
    annotations = {"deprecated.daemonset.template.generation": "3"}
    agent = daemon_set({"metadata": {"generation": 3, "annotations": annotations}, "status": status})
    labels = {"pod-template-generation": "1", "controller-revision-hash": "6b4d"}
    condition = {"type": "Ready", "status": "True"}
    kept = pod({"metadata": {"name": "agent-x", "labels": labels}, "status": {"conditions": [condition]}})
    assert rollout(agent, [kept]).state == "complete"


def test_claims_of_pods_that_are_not_there_yet_begin_at_the_first_ordinal() -> None:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#start-ordinal."""

    def change(source: dict[str, Any]) -> None:
        source["spec"].update(replicas=2, ordinals={"start": 3})
        source["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {}}]

    db = stateful_set(changed("/apis/apps/v1/statefulsets", "db", change))
    assert claims_of(db, ())["data"] == ("data-db-3", "data-db-4")
