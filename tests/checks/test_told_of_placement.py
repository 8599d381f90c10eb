"""Whether pods that run would find a node again: what is told of taints, and of labels that nodes have lost."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, notes


def placed(installation: Installation) -> Outcome:
    """Judge whether some node takes the platform's pods."""
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


def test_in_a_cloud_that_makes_nodes_it_is_noted() -> None:
    """An autoscaler takes a node away by a taint, and makes another for the pods."""
    installation = Installation()
    taint = {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}
    installation.live("Node", "node-1", tainted(taint, providerID="aws:///eu-central-1a/i-0abc"))
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
