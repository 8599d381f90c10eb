"""Namespaces and workloads, and how their pods fare."""

import copy
from collections.abc import Callable
from typing import Any

from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.sandbox.annotations import AILMENT
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@breaks("namespace.name", how="wrong namespace")
def installed_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """All that is the component's stands elsewhere."""
    ground.manifests.append(_namespace("elsewhere"))
    for one in ground.own(fact):
        one["metadata"]["namespace"] = "elsewhere"


@breaks("namespace.name", how="wrong namespace")
def installed_in_the_other_namespace_of_the_platform(fact: Fact, ground: Ground) -> None:
    """All that is the component's stands among the stores, or the other way round."""
    other = "ef-external" if fact.value == "expertflow" else "expertflow"
    if other in ground.component(fact).namespace.candidates:
        raise Inapplicable("that namespace is accepted")
    for one in ground.own(fact):
        one["metadata"]["namespace"] = other


@breaks("namespace.name", how="absent", told_of=PLATFORM)
def namespace_absent(fact: Fact, ground: Ground) -> None:
    """The namespace, and all in it, is not there."""
    ground.manifests = [
        one
        for one in ground.manifests
        if one["metadata"].get("namespace") != fact.value
        and not (one["kind"] == "Namespace" and one["metadata"]["name"] == fact.value)
    ]


@breaks("namespace.name", how="silent", told_of=PLATFORM)
def namespace_being_deleted(fact: Fact, ground: Ground) -> None:
    """Somebody deletes the namespace."""
    ground.live("Namespace", fact.value, lambda one: one.update(status={"phase": "Terminating"}))


@breaks("workload.name", how="absent")
def workload_absent(fact: Fact, ground: Ground) -> None:
    """It was never applied."""
    ground.manifests.remove(ground.workload(fact))


@breaks("workload.name", how="renamed")
def workload_renamed(fact: Fact, ground: Ground) -> None:
    """Another name, the same labels."""
    ground.workload(fact)["metadata"]["name"] = f"{fact.value}-v2"


@breaks("workload.name", how="renamed")
def workload_renamed_in_front(fact: Fact, ground: Ground) -> None:
    """Another release's prefix, labels of its own."""
    workload = ground.workload(fact)
    workload["metadata"] |= {"name": f"test-{fact.value}", "labels": {"app": f"test-{fact.value}"}}


@breaks("workload.name", how="renamed")
def workload_truncated(fact: Fact, ground: Ground) -> None:
    """The last letter is missing, as in the page's cut-off cells."""
    ground.workload(fact)["metadata"]["name"] = fact.value[:-1]


@breaks("workload.name", how="wrong namespace")
def workload_alone_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """The workload stands elsewhere, its Service where it should."""
    ground.manifests.append(_namespace("elsewhere"))
    ground.workload(fact)["metadata"]["namespace"] = "elsewhere"


@breaks("workload.name", how="wrong reference")
def another_component_under_the_name(fact: Fact, ground: Ground) -> None:
    """The name is there, but what runs under it is another component's template."""
    other = ground.base.components[ground.other(fact)]
    template = ground.template_of(other)
    workload = ground.workload(fact)
    if workload["kind"] != "Deployment":
        raise Inapplicable("only a Deployment takes any template")
    workload["spec"] |= {
        "template": copy.deepcopy(template),
        "selector": {"matchLabels": template["metadata"]["labels"]},
    }


@breaks("workload.kind", how="wrong kind")
def deployed_as_another_kind(fact: Fact, ground: Ground) -> None:
    """A StatefulSet was installed as a Deployment, or the other way round."""
    workload, promised = ground.workload(fact), ground.component(fact).workload
    other = {"Deployment": "StatefulSet", "StatefulSet": "Deployment"}.get(workload["kind"])
    if other is None or other in promised.also_kinds:
        raise Inapplicable("that kind is accepted, or makes no workload of this template")
    workload["kind"] = other


@breaks("workload.kind", how="wrong kind")
def deployed_to_run_for_ever(fact: Fact, ground: Ground) -> None:
    """A Deployment in place of a CronJob."""
    workload = ground.workload(fact)
    if workload["kind"] != "CronJob":
        raise Inapplicable("it runs for ever")
    template = ground.template(fact)
    template["spec"]["restartPolicy"] = "Always"
    labels = template["metadata"]["labels"]
    workload |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    workload["spec"] = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}


@breaks("workload.kind", how="wrong kind")
def deployed_as_a_daemon_set(fact: Fact, ground: Ground) -> None:
    """One pod a node in place of a Deployment."""
    workload = ground.workload(fact)
    if workload["kind"] != "Deployment":
        raise Inapplicable("a DaemonSet claims no volumes by template")
    workload["kind"] = "DaemonSet"
    del workload["spec"]["replicas"]


@breaks("workload.replicas", how="wrong number")
def scaled_to_zero(fact: Fact, ground: Ground) -> None:
    """Somebody scaled it to zero."""
    _replicas(ground.workload(fact), 0)


@breaks("workload.replicas", how="wrong number")
def one_replica_more(fact: Fact, ground: Ground) -> None:
    """Somebody scaled it up."""
    workload = ground.workload(fact)
    if workload["kind"] == "Deployment":
        raise Inapplicable("a Deployment may have more")
    _replicas(workload, fact.value + 1)


def _replicas(workload: Object, number: int) -> None:
    if "replicas" not in workload["spec"]:
        raise Inapplicable(f"a {workload['kind']} has no replicas")
    workload["spec"]["replicas"] = number


def _ail(fact: Fact, ground: Ground, ailment: str) -> None:
    _replicas(ground.workload(fact), fact.value)
    ground.template(fact)["metadata"].setdefault("annotations", {})[AILMENT] = ailment


@breaks("workload.replicas", how="unready", words=r"ready")
def unready(fact: Fact, ground: Ground) -> None:
    """Its pod runs, but is not ready."""
    _ail(fact, ground, "unready")


@breaks("workload.replicas", how="unready", words="ImagePullBackOff")
def image_not_pulled(fact: Fact, ground: Ground) -> None:
    """Its image is not there."""
    _ail(fact, ground, "image-pull")


@breaks("workload.replicas", how="unready", words="3")
def crashing(fact: Fact, ground: Ground) -> None:
    """Its container ends with exit code 3 again and again."""
    _ail(fact, ground, "crash-loop")


@breaks("workload.replicas", how="unready", words="OOMKilled")
def out_of_memory(fact: Fact, ground: Ground) -> None:
    """Its container is killed for want of memory."""
    _ail(fact, ground, "out-of-memory")


@breaks("workload.replicas", how="unready", words="Unschedulable")
def on_no_node(fact: Fact, ground: Ground) -> None:
    """No node takes its pod."""
    _ail(fact, ground, "unschedulable")


@breaks("workload.replicas", how="unready")
def controller_asleep(fact: Fact, ground: Ground) -> None:
    """The controller has not seen the latest change."""
    kind = ground.workload(fact)["kind"]
    if kind == "CronJob":
        raise Inapplicable("a CronJob reports no generation")

    def change(live: Object) -> None:
        live["metadata"]["generation"] = 9
        live["status"]["observedGeneration"] = 1

    _live(ground, fact, kind, change)


@breaks("workload.replicas", how="unready", words="terminating")
def an_old_pod_left(fact: Fact, ground: Ground) -> None:
    """A pod of a lost node is terminating for ever."""
    kind = ground.workload(fact)["kind"]
    if kind == "CronJob":
        raise Inapplicable("its pods end by themselves")
    start = ground.pod_name(fact)

    def doubled(objects: list[Object]) -> None:
        pod = next(
            one
            for one in objects
            if one["kind"] == "Pod" and _is(one, fact, ground) and one["metadata"]["name"].startswith(start)
        )
        twin = copy.deepcopy(pod)
        twin["metadata"] |= {"name": f"{start}lost", "uid": "lost", "deletionTimestamp": "2026-01-01T00:00:00Z"}
        objects.append(twin)

    ground.change_live(doubled)


@breaks("workload.replicas", how="unready", words="available")
def ready_and_not_available(fact: Fact, ground: Ground) -> None:
    """Ready for less than minReadySeconds."""
    kind = ground.workload(fact)["kind"]
    if kind == "CronJob":
        raise Inapplicable("a CronJob has no replicas")
    _live(ground, fact, kind, lambda live: live["status"].update(availableReplicas=0))


def _live(ground: Ground, fact: Fact, kind: str, change: Callable[[Object], Any]) -> None:
    name = ground.component(fact).workload.name

    def apply(objects: list[Object]) -> None:
        for one in objects:
            if one["kind"] == kind and one["metadata"]["name"] == name:
                change(one)

    ground.change_live(apply)


def _is(pod: Object, fact: Fact, ground: Ground) -> bool:
    return bool(pod["metadata"]["namespace"] == ground.component(fact).namespace.name)


@breaks("workload.restart_policy", how="wrong kind")
def never_restarted(fact: Fact, ground: Ground) -> None:
    """A container that ends stays ended."""
    _policy(fact, ground, "Never")


@breaks("workload.restart_policy", how="wrong kind")
def restarted_on_failure_only(fact: Fact, ground: Ground) -> None:
    """A container that ends well stays ended."""
    _policy(fact, ground, "OnFailure")


def _policy(fact: Fact, ground: Ground, other: str) -> None:
    if ground.workload(fact)["kind"] == "CronJob":
        raise Inapplicable("a Job's pods are never restarted for ever")
    ground.pod(fact)["restartPolicy"] = other
