"""Whether pods that run could be made anew: taints and labels of nodes, and what their namespaces enforce."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, notes


def placed(installation: Installation) -> Outcome:
    """Judge whether the platform's pods can be made anew."""
    return installation.outcome("CX009", "platform")


def tainted(*taints: Object, **spec: Any) -> Callable[[Object], None]:
    """Return what gives a node taints, and other fields."""
    return lambda node: node["spec"].update(taints=list(taints), **spec)


MAINTENANCE = {"key": "maintenance", "value": "true", "effect": "NoSchedule"}


def test_a_taint_that_was_given_to_the_only_node_is_found_although_all_pods_run() -> None:
    """It lets them be, and takes none of them again."""
    installation = Installation()
    installation.live("Node", "node-1", tainted(MAINTENANCE))
    ended = placed(installation)
    assert ended.result is Result.FAIL
    assert ended.message == (
        "no node would take the pods of 360-connector, file-engine, ccm and 26 more again: node node-1 has the taint "
        "maintenance=true:NoSchedule, which they do not tolerate"
    )


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "maintenance", "value": "true"},
        {"key": "maintenance", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
        {"key": "maintenance", "operator": "Exists"},
        {"operator": "Exists"},
    ],
)
def test_pods_that_tolerate_the_taint_find_their_node_again(toleration: Object) -> None:
    """By key and value, or whatever they are."""
    installation = Installation()
    for one in installation.manifests:
        if one["kind"] in {"Deployment", "StatefulSet"}:
            one["spec"]["template"]["spec"]["tolerations"] = [toleration]
    installation.live("Node", "node-1", tainted(MAINTENANCE))
    assert placed(installation).result is Result.NOT_APPLICABLE


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "maintenance", "value": "false"},
        {"key": "maintenance", "operator": "Exists", "effect": "NoExecute"},
        {"key": "dedicated", "operator": "Exists"},
    ],
)
def test_who_tolerates_another_taint_finds_no_node(toleration: Object) -> None:
    """All but the one that tolerates it are not named."""
    installation = Installation()
    installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["tolerations"] = [toleration]
    installation.live("Node", "node-1", tainted(MAINTENANCE))
    assert "360-connector, file-engine, ccm and 26 more" in placed(installation).message


def test_another_node_that_takes_them_is_enough() -> None:
    """A node of the control plane that is tainted is one of many."""
    installation = Installation()
    installation.add_live({"kind": "Node", "metadata": {"name": "node-2"}, "spec": {}})
    installation.live("Node", "node-1", tainted(MAINTENANCE))
    assert placed(installation).result is Result.PASS


@pytest.mark.parametrize(
    "taint",
    [
        {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"},
        {"key": "node.cloudprovider.kubernetes.io/shutdown", "effect": "NoSchedule"},
        {"key": "node.cilium.io/agent-not-ready", "effect": "NoSchedule"},
        {"key": "maintenance", "effect": "PreferNoSchedule"},
    ],
)
def test_taints_that_tell_the_state_of_a_node_or_a_wish_are_not_held_against_it(taint: Object) -> None:
    """The first goes by itself, and other checks tell of it."""
    installation = Installation()
    installation.live("Node", "node-1", tainted(taint))
    assert placed(installation).result is Result.PASS


def test_a_label_that_a_node_has_lost_is_found_where_running_pods_select_it() -> None:
    """Pods stay where they are: the scheduler looks only once."""
    installation = Installation()
    installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    installation.live("Pod", "ef-ccm-", lambda pod: pod.update(runs_on("node-1", pod)))
    assert placed(installation).message == (
        "no node would take the pods of ccm again: node node-1 does not have the label disk=ssd that they select"
    )
    installation.live("Node", "node-1", lambda one: one["metadata"]["labels"].update(disk="ssd"))
    assert placed(installation).result is Result.PASS


def runs_on(name: str, pod: Object) -> Object:
    """Return the pod as it is while it runs on a node."""
    spec = pod["spec"] | {"nodeName": name}
    return {"spec": spec, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ([{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}], False),
        ([{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}, {}], False),
        ([{"matchExpressions": [{"key": "disk", "operator": "DoesNotExist"}]}], True),
        ([{"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["3"]}]}], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-9"]}]}], False),
    ],
)
def test_what_node_affinity_requires_is_held_against_all_nodes(terms: list[Object], kept: bool) -> None:
    """Of several terms one is enough; one that says nothing fits no node, and a number that is compared is let pass."""
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    installation = Installation()
    installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["affinity"] = {"nodeAffinity": required}
    installation.live("Pod", "ef-ccm-", lambda pod: pod.update(runs_on("node-1", pod)))
    ended = placed(installation)
    assert ended.result is (Result.PASS if kept else Result.FAIL)
    assert kept or "ccm again: node node-1 does not have the labels that their node affinity requires" in ended.message


@pytest.mark.parametrize(
    ("key", "provider"),
    [("ToBeDeletedByClusterAutoscaler", ""), ("karpenter.sh/disrupted", ""), ("pool", "aws:///eu-central-1a/i-0abc")],
)
def test_where_nodes_are_made_for_pods_it_is_noted(key: str, provider: str) -> None:
    """An autoscaler takes a node away by a taint, and makes another for the pods; so may a cloud."""
    installation = Installation()
    taint = {"key": key, "effect": "NoSchedule"}
    installation.live("Node", "node-1", tainted(taint, providerID=provider))
    ended = placed(installation)
    assert ended.result is Result.NOT_APPLICABLE
    assert "unless the cluster makes one for them" in notes(ended)[0]


def test_snapshots_that_do_not_say_what_pods_tolerate_are_not_held_to_it() -> None:
    """Those of earlier versions."""
    installation = Installation()
    installation.live("Node", "node-1", tainted(MAINTENANCE))
    installation.change_seen(without_placement)
    assert placed(installation).result is Result.NOT_APPLICABLE


def without_placement(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot as it was saved before."""
    pods = tuple(replace(one, spec=replace(one.spec, placement=None)) for one in snapshot.list(Pod))
    return replace(snapshot, listings={**snapshot.listings, Pod: Listing(records=pods)})


def keep(_spec: Object) -> None:
    """Let pods be as the vendor's charts have them."""


def enforcing(profile: str, change: Callable[[Object], None] = keep) -> Outcome:
    """Judge an installation whose namespace enforces a Pod Security profile; ``change`` is made to all pods there."""
    installation = Installation()
    for one in installation.manifests:
        if one["kind"] in {"Deployment", "StatefulSet"} and one["metadata"]["namespace"] == "expertflow":
            change(one["spec"]["template"]["spec"])
    label = {"pod-security.kubernetes.io/enforce": profile}
    installation.live("Namespace", "expertflow", lambda one: one["metadata"]["labels"].update(label))
    return placed(installation)


def harden(spec: Object) -> None:
    """Forbid every container to gain privileges."""
    for one in spec["containers"]:
        one["securityContext"] = {"allowPrivilegeEscalation": False}


def test_a_profile_that_refuses_what_runs_is_found_before_a_pod_ends() -> None:
    """A namespace that is labelled later keeps its pods, and gets no new ones."""
    ended = enforcing("restricted")
    assert ended.result is Result.FAIL
    assert ended.message.startswith(
        "namespace expertflow enforces the Pod Security profile restricted, which refuses 21 of the 21 pods that run "
        "there, were they made anew, such as expertflow/"
    )
    assert ended.message.endswith("does not set allowPrivilegeEscalation: false")


@pytest.mark.parametrize("profile", ["baseline", "privileged"])
def test_the_other_profiles_take_the_pods(profile: str) -> None:
    """As the vendor's charts have them."""
    assert enforcing(profile).result is Result.PASS


def test_pods_that_keep_to_a_profile_are_taken_by_it() -> None:
    """Some sites harden them, and OpenShift does it for all."""
    assert enforcing("restricted", harden).result is Result.PASS


BOUND = {"containerPort": 8080, "hostPort": 8080}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda spec: spec.update(hostNetwork=True), "it is on the node's network"),
        (
            lambda spec: spec["volumes"].append({"name": "logs", "hostPath": {"path": "/var/log"}}),
            "volume logs is a path of the node",
        ),
        (lambda spec: spec["containers"][0].update(ports=[BOUND]), "takes a port of the node"),
    ],
)
def test_baseline_takes_nothing_of_the_node(change: Callable[[Object], None], why: str) -> None:
    """Its network, its files, its ports."""
    assert enforcing("baseline", change).message.endswith(why)
    assert enforcing("privileged", change).result is Result.PASS
