"""What is told of workloads and of the troubles of their pods."""

import copy
import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of
from tests.checks.installation import FQDN, Installation, Object, blueprint, notes, released
from tests.checks.test_breaking import container, out_of_memory, pod_waits, unschedulable
from tests.checks.variations.pods import a_second_pull_secret

PODS = {
    "CX105": ("ImagePullBackOff", "CreateContainerError", "InvalidImageName"),
    "CX106": ("CrashLoopBackOff",),
    "CX112": ("CreateContainerConfigError", "ContainerCreating"),
}
"""Which check tells of a container that waits for what reason."""


def installed(*changes: Callable[[Installation], Any]) -> Installation:
    """Return the reference installation with changes."""
    installation = Installation()
    for change in changes:
        change(installation)
    return installation


def with_pod(change: Callable[[Object], None]) -> Installation:
    """Change ccm's pod."""
    return installed(lambda i: i.live("Pod", "ef-ccm-", change))


@pytest.mark.parametrize("reason", [reason for reasons in PODS.values() for reason in reasons])
def test_a_container_that_waits_is_told_by_one_check(reason: str) -> None:
    """By which one depends on who can mend it; none of the others says the same again."""
    installation = with_pod(pod_waits(reason, "so it is"))
    told = {check: installation.outcome(check, "ccm") for check in (*PODS, "CX107", "CX113")}
    assert {check for check, one in told.items() if one.result is Result.FAIL} == {
        check for check, reasons in PODS.items() if reason in reasons
    }


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("CX105", pod_waits("ImagePullBackOff", "so it is")),
        ("CX106", pod_waits("CrashLoopBackOff", "so it is")),
        ("CX107", out_of_memory),
        ("CX112", pod_waits("CreateContainerConfigError", "so it is")),
        ("CX113", unschedulable),
    ],
)
def test_every_pod_in_trouble_is_told(check: str, change: Callable[[Object], None]) -> None:
    """One sentence for each, which the evidence holds as well."""

    def two(installation: Installation) -> None:
        installation.find("Deployment", "ef-ccm")["spec"]["replicas"] = 2
        installation.live("Pod", "ef-ccm-", change)

    outcome = installed(two).outcome(check, "ccm")
    found = outcome.evidence["found"]
    said = outcome.evidence["seen"] if outcome.result is Result.BLOCKED else outcome.message
    assert (len(found), said) == (2, "; ".join(found))


def test_a_pod_without_a_node_is_told_by_one_check() -> None:
    """Its containers wait for nothing else."""
    installation = with_pod(unschedulable)
    for check in (*PODS, "CX107"):
        assert installation.outcome(check, "ccm").result is Result.PASS
    assert installation.outcome("CX113", "ccm").result is Result.FAIL


def _unseen(pod: Object) -> None:
    pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    pod["spec"].pop("nodeName")
    pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}


def test_a_pod_that_no_scheduler_has_looked_at_is_told_by_one_check() -> None:
    """As where kube-scheduler is down: the pod has no condition at all."""
    installation = with_pod(_unseen)
    for check in (*PODS, "CX107"):
        assert installation.outcome(check, "ccm").result is Result.PASS
    outcome = installation.outcome("CX113", "ccm")
    assert outcome.result is Result.FAIL
    assert outcome.message.endswith("no scheduler has looked at it; is there kube-scheduler, and does it run?")


def test_a_volume_that_a_lost_node_still_has_is_lost_with_the_node() -> None:
    """Nothing is wrong with the volume: the pod before cannot end, and holds it."""
    attached = "Volume is already exclusively attached to one node and can't be attached to another"

    def lose(objects: list[Object]) -> None:
        (pod,) = (one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("minio-"))
        before = copy.deepcopy(pod)
        before["metadata"] |= {"name": "minio-before", "uid": "before", "deletionTimestamp": "2026-01-01T00:00:00Z"}
        before["spec"]["nodeName"] = "node-2"
        pod_waits("ContainerCreating", "")(pod)
        pod["status"] |= {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}]}
        about = {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": "ef-external"}
        warning = {"kind": "Event", "metadata": about | {"name": "w"}, "involvedObject": about, "type": "Warning"}
        said = {"reason": "FailedAttachVolume", "message": f'Multi-Attach error for volume "pvc-1" {attached}'}
        objects += [before, warning | said]

    installation = Installation()
    installation.inject("node-not-ready:node-2")
    installation.change_live(lose)
    told = {one: installation.outcome(one, "minio") for one in ("CX112", "CX113")}
    assert told["CX112"].message.endswith(f"waits for volume pvc-1 (ContainerCreating): {attached}")
    assert {one.evidence["cause"] for one in told.values()} == {"node node-2 is not Ready"}


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (unschedulable, "a pod finds no node (Unschedulable): 0/1 nodes are available: 1 Insufficient cpu."),
        (
            _unseen,
            "a pod has no node, and no scheduler has looked at it; is there kube-scheduler, and does it run?",
        ),
    ],
)
def test_pods_that_are_refused_a_node_in_the_same_words_have_one_cause(
    change: Callable[[Object], None], cause: str
) -> None:
    """What the cluster lacks is no component's own."""
    installation = with_pod(change)
    installation.live("Pod", "ef-routing-engine-", change)
    causes = {installation.outcome("CX113", one).evidence["cause"] for one in ("ccm", "routing-engine")}
    assert causes == {cause}


def ended(reason: str, at: dt.datetime | None = None, code: int = 1) -> Callable[[Object], None]:
    """Let the container, which runs, have ended so before."""
    told: Object = {"exitCode": code, "reason": reason}
    if at is not None:
        told["finishedAt"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def change(pod: Object) -> None:
        status = pod["status"]["containerStatuses"][0]
        status.update(lastState={"terminated": told}, restartCount=3)

    return change


@pytest.mark.parametrize("reason", ["StartError", "Error", "OOMKilled"])
def test_a_container_that_runs_again_starts_and_stays(reason: str) -> None:
    """What it ended by before is past; that it did is noted."""
    installation = with_pod(ended(reason, dt.datetime.now(dt.UTC)))
    assert installation.outcome("CX105", "ccm").result is Result.PASS
    stays = installation.outcome("CX106", "ccm")
    assert stays.result is Result.PASS
    (note,) = notes(stays)
    assert note.startswith("pod ef-ccm-")
    assert note.endswith(" restarted 3 times")


@pytest.mark.parametrize(
    ("hours", "result"), [(1, Result.FAIL), (23.9, Result.FAIL), (24.1, Result.PASS), (47, Result.PASS)]
)
def test_an_out_of_memory_kill_of_the_last_day_is_found(hours: float, result: Result) -> None:
    """It may come again tonight; an older one did not."""
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    assert with_pod(ended("OOMKilled", at, 137)).outcome("CX107", "ccm").result is result


def test_an_out_of_memory_kill_of_a_whole_day_ago_is_past() -> None:
    """To the second."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for seconds, result in ((86_399, Result.FAIL), (86_400, Result.PASS)):
        installation = with_pod(ended("OOMKilled", at, 137))
        moment = at + dt.timedelta(seconds=seconds)
        installation.change_seen(partial(replace, taken_at=moment))
        assert installation.outcome("CX107", "ccm").result is result


def test_an_out_of_memory_kill_of_which_the_time_is_not_told_is_found() -> None:
    """So is one that the container has not recovered from, however long ago; another end is another check's."""
    assert with_pod(ended("OOMKilled", None, 137)).outcome("CX107", "ccm").result is Result.FAIL
    assert with_pod(ended("Error")).outcome("CX107", "ccm").result is Result.PASS

    def down(pod: Object) -> None:
        ended("OOMKilled", dt.datetime(2020, 1, 1, tzinfo=dt.UTC), 137)(pod)
        pod["status"]["containerStatuses"][0].update(state={"waiting": {"reason": "CrashLoopBackOff"}}, ready=False)

    assert with_pod(down).outcome("CX107", "ccm").result is Result.FAIL
    assert with_pod(down).outcome("CX105", "ccm").result is Result.PASS


def evicted(installation: Installation) -> None:
    """Leave a pod of ccm's that has ended beside the one that runs."""

    def change(objects: list[Object]) -> None:
        pod = next(one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("ef-ccm-"))
        remains = copy.deepcopy(pod)
        remains["metadata"]["name"] += "-evicted"
        remains["status"] = {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}
        objects.append(remains)

    installation.change_live(change)


def test_the_remains_of_a_pod_are_no_trouble_and_are_not_counted() -> None:
    """What is found is of the pods that live."""
    for check in ("CX105", "CX106", "CX107", "CX112", "CX113"):
        outcome = installed(evicted).outcome(check, "ccm")
        assert (outcome.result, outcome.evidence["found"]) == (Result.PASS, "1 pod without such trouble")


@pytest.mark.parametrize("fault", ["image-pull:ccm", "crash-loop:ccm", "out-of-memory:ccm", "unschedulable:ccm"])
def test_of_a_pod_in_trouble_its_namespace_is_told_too(fault: str) -> None:
    """So that there is a command that shows it."""
    ground = Installation()
    ground.inject(fault)
    (broken,) = (
        one for check in ("CX105", "CX106", "CX107", "CX113") for one in ground.outcomes(check) if not one.well
    )
    assert str(broken.evidence["object"]).startswith("Pod expertflow/ef-ccm-")


def test_several_replicas_may_be_allowed() -> None:
    """The first and the last number are told."""
    installation = Installation(site={"overrides": {"ccm": {"replicas": {"least": 2, "most": 4}}}})
    outcome = installation.outcome("CX103", "ccm")
    assert outcome.message == "Deployment expertflow/ef-ccm desires 1 replicas of promised 2 to 4"
    assert outcome.evidence["promised"] == "2 to 4"
    installation.find("Deployment", "ef-ccm")["spec"]["replicas"] = 5
    assert installation.outcome("CX103", "ccm").result is Result.FAIL


def scaled(kind: str, name: str, replicas: int, **between: int) -> Outcome:
    """Judge the replicas of a workload with an autoscaler between these."""
    installation = Installation()
    installation.find(kind, name)["spec"]["replicas"] = replicas
    target = {"scaleTargetRef": {"kind": kind, "name": name}}
    where = {"name": "by-load", "namespace": installation.find(kind, name)["metadata"]["namespace"]}
    installation.add_live({"kind": "HorizontalPodAutoscaler", "metadata": where, "spec": target | between})
    return installation.outcome("CX103", {"ef-ccm": "ccm", "redis": "redis"}[name])


def test_more_replicas_of_a_deployment_are_noted() -> None:
    """By hand, or by an autoscaler, which is named; fewer are broken, and so are more of a store."""
    installation = Installation()
    installation.find("Deployment", "ef-ccm")["spec"]["replicas"] = 3
    by_hand = installation.outcome("CX103", "ccm")
    words = "Deployment expertflow/ef-ccm desires 3 replicas, more than promised 1"
    assert (by_hand.result, notes(by_hand)) == (Result.PASS, [words])

    by_load = scaled("Deployment", "ef-ccm", 3, minReplicas=1, maxReplicas=5)
    assert notes(by_load) == [f"{words}, by HorizontalPodAutoscaler expertflow/by-load"]
    assert scaled("Deployment", "ef-ccm", 0, minReplicas=1).result is Result.FAIL
    assert scaled("StatefulSet", "redis", 2, minReplicas=2).result is Result.FAIL


def test_an_autoscaler_that_may_go_below_the_promise_is_told() -> None:
    """Today there are enough; one whose least is the promise, and one of another workload, say nothing."""
    below = scaled("Deployment", "ef-ccm", 1, minReplicas=0, maxReplicas=5)
    assert below.result is Result.PASS
    assert notes(below) == ["HorizontalPodAutoscaler expertflow/by-load may take it down to 0 of promised 1"]
    assert notes(scaled("Deployment", "ef-ccm", 1)) == []
    assert notes(scaled("StatefulSet", "redis", 1, minReplicas=1)) == []


def as_kind(kind: str) -> Callable[[Installation], Any]:
    """Let ccm be of another kind."""

    def change(installation: Installation) -> None:
        made = installation.find("Deployment", "ef-ccm")
        made["kind"] = kind
        if kind == "CronJob":
            made["apiVersion"] = "batch/v1"
            job = {"spec": {"template": made["spec"].pop("template")}}
            made["spec"] = {"schedule": "0 3 * * *", "jobTemplate": job}

    return change


@pytest.mark.parametrize("kind", ["DaemonSet", "CronJob"])
def test_what_has_no_replicas_of_its_own_is_not_counted(kind: str) -> None:
    """Nodes, or the clock, say how many there are."""
    outcome = installed(as_kind(kind)).outcome("CX103", "ccm")
    assert outcome.message == f"n/a: a {kind} has no desired replicas of its own"


def test_a_cron_job_that_starts_no_run_is_noted() -> None:
    """It may be that its cluster was off until a moment ago; whoever waits for its runs is told since when."""
    installation = installed(as_kind("CronJob"))
    installation.live("CronJob", "ef-ccm", lambda one: one["spec"].update(schedule="0 * * * *"))
    installation.live("CronJob", "ef-ccm", lambda one: one["metadata"].update(creationTimestamp="2026-01-01T00:00:00Z"))
    outcome = installation.outcome("CX104", "ccm")
    assert outcome.result is Result.PASS
    assert notes(outcome)[0].startswith("has started no run since it was made, 2026-01-01 00:00:00Z; its schedule 0 *")


def test_a_cron_jobs_pods_are_started_by_the_clock() -> None:
    """Their restart policy cannot be Always."""
    outcome = installed(as_kind("CronJob")).outcome("CX108", "ccm")
    assert outcome.message == "n/a: a CronJob's pods are not started again by this policy"


def test_an_optional_port_that_is_not_declared_is_noted() -> None:
    """One that is declared is looked at as any other."""

    def change(installation: Installation) -> None:
        ports = container(installation, "Deployment", "keycloak")["ports"]
        ports[:] = [one for one in ports if one["containerPort"] != 8443]

    outcome = installed(change).outcome("CX109", "keycloak", "8443")
    assert (outcome.result, notes(outcome)) == (
        Result.PASS,
        ["not declared, which is accepted: the charts open no 8443"],
    )
    assert notes(Installation().outcome("CX109", "keycloak", "8443")) == []


def ports(*declared: Object) -> Callable[[Installation], Any]:
    """Let ccm's container declare these ports."""
    return lambda installation: container(installation, "Deployment", "ef-ccm").update(ports=list(declared))


def test_a_port_must_be_declared_for_tcp() -> None:
    """UDP of the same number is another port, and none is none."""
    promised = "of promised 8081 (http-ccm-8081)"
    udp = installed(ports({"containerPort": 8081, "name": "http-ccm-8081", "protocol": "UDP"})).outcome("CX109", "ccm")
    assert udp.message == f"Deployment expertflow/ef-ccm declares ports 8081/UDP (http-ccm-8081) {promised}"
    assert installed(ports()).outcome("CX109", "ccm").evidence["found"] == "none"
    two = installed(ports({"containerPort": 1, "name": "one"}, {"containerPort": 2})).outcome("CX109", "ccm")
    assert two.message == f"Deployment expertflow/ef-ccm declares ports 1 (one), 2 {promised}"


def test_a_port_that_is_declared_twice_may_bear_its_name_once() -> None:
    """Services find it by that."""
    twice = ports({"containerPort": 8081, "name": "other"}, {"containerPort": 8081, "name": "http-ccm-8081"})
    assert installed(twice).outcome("CX109", "ccm").result is Result.PASS


def test_a_port_that_is_declared_twice_is_told_by_its_first_name() -> None:
    """Whether or not the second has one."""
    for second in ({"containerPort": 8081}, {"containerPort": 8081, "name": "third"}):
        outcome = installed(ports({"containerPort": 8081, "name": "other"}, second)).outcome("CX109", "ccm")
        assert outcome.message == "Deployment expertflow/ef-ccm names port 8081 other of promised http-ccm-8081"


def test_a_port_may_bear_another_spelling_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented one is what is told."""
    component = blueprint().components["ccm"]
    also = tuple(one.model_copy(update={"aliases": ("ccm",)}) for one in component.container_ports)
    components = {**blueprint().components, "ccm": component.model_copy(update={"container_ports": also})}
    changed = blueprint().model_copy(update={"components": components})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    port = {"containerPort": 8081}
    assert installed(ports(port | {"name": "ccm"})).outcome("CX109", "ccm").result is Result.PASS
    wrong = installed(ports(port | {"name": "other"})).outcome("CX109", "ccm")
    assert wrong.message == "Deployment expertflow/ef-ccm names port 8081 other of promised http-ccm-8081"
    unnamed = installed(ports(port)).outcome("CX109", "ccm")
    assert unnamed.message == "Deployment expertflow/ef-ccm gives port 8081 no name, promised http-ccm-8081"


def test_a_port_without_a_documented_name_may_bear_any() -> None:
    """The page names none of the stores'."""

    def change(installation: Installation) -> None:
        container(installation, "StatefulSet", "redis")["ports"][0]["name"] = "anything"

    outcome = installed(change).outcome("CX109", "redis")
    assert (outcome.result, outcome.evidence["promised"]) == (Result.PASS, "6379")


@pytest.mark.parametrize(
    ("amount", "result"),
    [("0.05", Result.PASS), ("51m", Result.FAIL), ("49m", Result.FAIL), ("much", Result.FAIL)],
)
def test_a_request_is_the_promised_amount_in_whichever_unit(amount: str, result: Result) -> None:
    """One that cannot be read is not."""

    def change(installation: Installation) -> None:
        container(installation, "Deployment", "ef-ccm")["resources"]["requests"]["cpu"] = amount

    outcome = installed(change).outcome("CX110", "ccm")
    assert outcome.result is result
    if result is Result.FAIL:
        assert outcome.message.endswith(f"container ccm: requests.cpu {amount} of promised 50m")


@pytest.mark.parametrize(
    ("annotation", "amount", "ended"),
    [
        ('{"input": {"containers": [{"name": "ccm", "requests": {"cpu": "0.05"}}]}}', "250m", "noted"),
        ('{"input": {"containers": [{"name": "ccm", "requests": {"cpu": "250m"}}]}}', "250m", "broken"),
        ('{"input": {"containers": [{"name": "ccm", "requests": {"cpu": "50m"}}]}}', "25m", "broken"),
        ('{"input": {"containers": [{"name": "proxy", "requests": {"cpu": "50m"}}]}}', "250m", "broken"),
        ('{"input": {"containers": [null, {"name": "ccm", "requests": 1}]}}', "250m", "broken"),
        ('["input"]', "250m", "broken"),
        ("{", "250m", "broken"),
    ],
)
def test_what_autopilot_makes_of_the_promised_amount_is_noted(annotation: str, amount: str, ended: str) -> None:
    """It gives more where the promised amount was asked for; any other amount is somebody's own."""

    def change(installation: Installation) -> None:
        about = installation.find("Deployment", "ef-ccm")["metadata"].setdefault("annotations", {})
        about["autopilot.gke.io/resource-adjustment"] = annotation
        container(installation, "Deployment", "ef-ccm")["resources"]["requests"]["cpu"] = amount

    outcome = installed(change).outcome("CX110", "ccm")
    if ended == "noted":
        words = "requests.cpu 250m, which GKE's Autopilot made of 50m"
        assert (outcome.result, notes(outcome)) == (Result.PASS, [words])
    else:
        assert outcome.message.endswith(f"container ccm: requests.cpu {amount} of promised 50m")


def test_pods_that_name_no_pull_secret_need_none() -> None:
    """Of several that they name each must exist."""

    def named(*names: str) -> Callable[[Installation], Any]:
        secrets = [{"name": one} for one in names]
        return lambda i: i.find("Deployment", "ef-ccm")["spec"]["template"]["spec"].update(imagePullSecrets=secrets)

    assert installed(named()).outcome("CX111", "ccm").message == "n/a: the pods name no pull secret"
    outcome = installed(named("expertflow-reg-cred", "a", "b")).outcome("CX111", "ccm")
    assert outcome.evidence["found"] == {"missing": ["a", "b"]}
    assert outcome.evidence["causes"] == ["Secret expertflow/a does not exist", "Secret expertflow/b does not exist"]


@pytest.mark.parametrize(
    ("least", "replicas", "result", "words"),
    [
        (0, 0, Result.NOT_APPLICABLE, "Deployment expertflow/ef-ccm is scaled to zero, which the site allows"),
        (1, 0, Result.PASS, ""),
        (0, 2, Result.PASS, ""),
    ],
)
def test_a_rollout_of_no_replicas_is_none_where_the_site_allows_that(
    least: int, replicas: int, result: Result, words: str
) -> None:
    """An autoscaler that goes down to nothing has nothing to roll out; that it may not is told by CX103."""
    installation = Installation(site={"overrides": {"ccm": {"replicas": {"least": least, "most": 4}}}})
    installation.find("Deployment", "ef-ccm")["spec"]["replicas"] = replicas
    ended = installation.outcome("CX104", "ccm")
    assert ended.result is result
    assert words in ended.message


def test_a_pull_secret_of_the_service_account_that_is_gone_is_noted_beside_another() -> None:
    """The kubelet tries each of them."""
    installation = Installation()
    a_second_pull_secret(installation)
    (note,) = notes(installation.outcome("CX111", "ccm"))
    assert note.endswith("of the service account does not exist; another one does")


def job(name: str = "superset-init-db", **status: Any) -> Object:
    """Return a Job that Helm has made."""
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    metadata = {"name": name, "namespace": "ef-external", "labels": labels}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}, "status": status}


def of_jobs(*jobs: Object) -> Outcome:
    """Judge the Jobs of namespace ef-external."""
    installation = Installation()
    installation.add_live(*jobs)
    return next(one for one in installation.outcomes("CX115") if one.entry == "ef-external")


def test_a_job_of_the_charts_that_failed_or_runs_still_is_told() -> None:
    """With its reason, or since when it runs; one that has completed is what is wanted."""
    ended = {"type": "Complete", "status": "True"}
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "no more tries"}
    assert of_jobs(job(conditions=[ended])).result is Result.PASS
    assert of_jobs(job(conditions=[failed])).message == (
        "Job ef-external/superset-init-db: failed (BackoffLimitExceeded): no more tries"
    )
    runs = of_jobs(job(active=1, startTime="2026-11-29T02:00:00Z"))
    assert runs.message == (
        "Job ef-external/superset-init-db has not completed yet: 1 pods run, started 2026-11-29 02:00:00Z"
    )


def test_jobs_of_others_are_nobodys_business() -> None:
    """One that a person started, and those of a CronJob."""
    by_hand = job(active=1)
    del by_hand["metadata"]["labels"]
    of_cron = job(active=1)
    of_cron["metadata"]["ownerReferences"] = [{"kind": "CronJob", "name": "c", "uid": "1", "controller": True}]
    assert of_jobs(by_hand, of_cron | {"metadata": of_cron["metadata"] | {"name": "c-1"}}).result is Result.PASS


def test_components_that_lack_requests_and_limits_alike_have_one_cause() -> None:
    """Nobody set any; one that sets others has a cause of its own."""

    def change(installation: Installation) -> None:
        for one in installation.manifests:
            if one["kind"] == "Deployment":
                one["spec"]["template"]["spec"]["containers"][0].pop("resources", None)
        own = installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["containers"][0]
        own["resources"] = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "1Gi"}}

    everywhere, one = causes_of(installed(change).outcomes("CX110"))
    assert len(everywhere.components) > 15
    assert everywhere.words == "no requests.cpu, requests.memory, limits.cpu, limits.memory in the pod template"
    assert one.components == ("ccm",)


NIGHT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
BACK_OFF = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
DONE = {"type": "Complete", "status": "True"}


def run_of(cron_job: str, started: dt.datetime, *conditions: Object, **status: Any) -> Object:
    """Return a Job that a CronJob has made."""
    owner = {"kind": "CronJob", "name": cron_job, "uid": "c", "controller": True}
    name = f"{cron_job}-{int(started.timestamp()) // 60}"
    metadata = {"name": name, "namespace": "expertflow", "ownerReferences": [owner]}
    return {
        "kind": "Job",
        "metadata": metadata,
        "status": {"startTime": started.isoformat(), "conditions": list(conditions), **status},
    }


def reporting(
    *runs: Object, last_success: dt.datetime | None = None, made: dt.datetime = NIGHT - dt.timedelta(days=9)
) -> Outcome:
    """Judge the CronJob of the reporting connector, as the charts have it, made then and with these runs."""
    manifests = orjson.dumps(reference_installation(released("5.1"), fqdn=FQDN, seed=1))
    installation = Installation(site={"fqdn": FQDN}, manifests=manifests, promised=released("5.1"))
    installation.add_live(*runs)
    at = {"creationTimestamp": made.isoformat()}
    installation.live("CronJob", "cx-reporting-cron", lambda one: one["metadata"].update(at))
    if last_success:
        told = {"lastSuccessfulTime": last_success.isoformat()}
        installation.live("CronJob", "cx-reporting-cron", lambda one: one.setdefault("status", {}).update(told))
    return installation.outcome("CX106", "reporting-connector")


def test_a_cron_job_whose_every_run_fails_is_found() -> None:
    """Its pods are gone when it gives up; the Job says so."""
    ended = reporting(run_of("cx-reporting-cron", NIGHT, BACK_OFF))
    assert ended.result is Result.FAIL
    assert ended.message == (
        "CronJob expertflow/cx-reporting-cron: its last run, Job cx-reporting-cron-29540220 of 2026-03-02 01:00:00Z, "
        "failed (BackoffLimitExceeded: too often); none is known to have succeeded"
    )
    days = dt.timedelta(days=3)
    ended = reporting(run_of("cx-reporting-cron", NIGHT, BACK_OFF), last_success=NIGHT - days)
    assert ended.message.endswith("; the last that succeeded was of 2026-02-27 01:00:00Z")


def test_a_run_for_which_no_pod_can_be_made_is_found() -> None:
    """It neither ends nor fails, and with `concurrencyPolicy: Forbid` no other comes after it."""
    run = run_of("cx-reporting-cron", NIGHT)
    ended = reporting(run)
    assert ended.result is Result.FAIL
    assert ended.message == (
        "CronJob expertflow/cx-reporting-cron: its run, Job cx-reporting-cron-29540220 of 2026-03-02 01:00:00Z, has no "
        "pod; kubectl describe job says why"
    )
    said = 'Error creating: pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3'
    about = {"kind": "Job", "name": "cx-reporting-cron-29540220", "namespace": "expertflow"}
    warning = {
        "kind": "Event",
        "metadata": {"name": "w", "namespace": "expertflow"},
        "involvedObject": about,
        "type": "Warning",
        "reason": "FailedCreate",
        "message": said,
        "lastTimestamp": NIGHT.isoformat(),
    }
    assert reporting(run, warning).message.endswith(f"has no pod: {said}")
    just_begun = run_of("cx-reporting-cron", dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2))
    assert reporting(just_begun).result is Result.PASS


def test_the_first_run_of_a_cron_job_may_come_before_the_stores() -> None:
    """It is noted while the installation is new."""
    ended = reporting(run_of("cx-reporting-cron", NIGHT, BACK_OFF), made=NIGHT - dt.timedelta(minutes=20))
    assert ended.result is Result.PASS
    assert "none is known to have succeeded" in "".join(notes(ended))


@pytest.mark.parametrize(
    ("runs", "last_success", "noted"),
    [
        ([run_of("cx-reporting-cron", NIGHT, BACK_OFF)], NIGHT - dt.timedelta(hours=23), True),
        (
            [
                run_of("cx-reporting-cron", NIGHT - dt.timedelta(minutes=5), DONE),
                run_of("cx-reporting-cron", NIGHT, BACK_OFF),
            ],
            None,
            True,
        ),
        ([run_of("cx-reporting-cron", NIGHT, BACK_OFF)], NIGHT + dt.timedelta(hours=1), False),
        (
            [
                run_of("cx-reporting-cron", NIGHT, BACK_OFF),
                run_of("cx-reporting-cron", NIGHT + dt.timedelta(minutes=5), DONE),
            ],
            None,
            False,
        ),
        ([run_of("cx-reporting-cron", NIGHT, active=1)], None, False),
        ([run_of("cx-reporting-cron", NIGHT, terminating=1)], None, False),
        ([run_of("cx-reporting-cron", NIGHT, failed=1)], None, False),
        ([run_of("cx-reporting-cron", NIGHT, uncountedTerminatedPods={"succeeded": ["1"]})], None, False),
        ([run_of("backup", NIGHT, BACK_OFF)], None, False),
    ],
    ids=[
        "last-night",
        "five-minutes-ago",
        "succeeded-since",
        "succeeded-since-by-its-job",
        "runs",
        "is-lost-with-its-node",
        "tries-again",
        "is-counted",
        "another's",
    ],
)
def test_one_run_of_a_cron_job_that_failed_is_noted(
    runs: list[Object], last_success: dt.datetime | None, *, noted: bool
) -> None:
    """The next one may succeed; one that failed before the last success is past."""
    ended = reporting(*runs, last_success=last_success)
    assert ended.result is Result.PASS
    assert [one for one in notes(ended) if "its last run" in one] == notes(ended)
    assert bool(notes(ended)) is noted
