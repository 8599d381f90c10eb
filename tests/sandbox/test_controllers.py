"""The controllers make of the applied manifests what the real ones made of them."""

import re
from typing import Any

import pytest

from cx_conformance.sandbox.bootstrap import bootstrap
from cx_conformance.sandbox.controllers import reconcile
from cx_conformance.sandbox.world import World
from tests.sandbox.shop import applied_objects, recorded_objects

Object = dict[str, Any]

ACCIDENTAL = {
    "creationTimestamp",
    "generateName",
    "generation",
    "lastHeartbeatTime",
    "lastTransitionTime",
    "lastUpdateTime",
    "managedFields",
    "observedGeneration",
    "resourceVersion",
    "startedAt",
    "startTime",
    "uid",
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
}
"""Fields whose values are of a moment or of a cluster; generations and revisions count changes, and there was one."""

GENERATED = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters of generated names have no vowels."""

HEALTHY = ("web", "db", "two-containers")


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, str], Object]:
    """Return what the controllers make of the applied shop, by kind and name without its generated ending."""
    world = World()
    return by_name(reconcile(bootstrap(applied_objects(), world), world, "certificate"))


@pytest.fixture(scope="module")
def real() -> dict[tuple[str, str], Object]:
    """Return what the real cluster held."""
    return by_name(recorded_objects())


def by_name(objects: list[Object]) -> dict[tuple[str, str], Object]:
    """Index objects of namespace shop by kind and stable name; of several replicas the first."""
    found: dict[tuple[str, str], Object] = {}
    for thing in objects:
        if thing["metadata"].get("namespace") == "shop":
            found.setdefault((thing["kind"], stable(thing["metadata"]["name"])), thing)
    return found


def stable(name: str) -> str:
    """Return a name without the parts that a cluster generates."""
    return re.sub(rf"-{GENERATED}{{8,10}}(-{GENERATED}{{5}})?$|-{GENERATED}{{5}}$", "", name)


def shape(value: Any) -> Any:
    """Return a value with accidents removed: timestamps, addresses, IDs, generated names."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items() if key not in ACCIDENTAL}
    if isinstance(value, list):
        return [shape(each) for each in value]
    if isinstance(value, str):
        text = re.sub(r"\b(10|127)(\.\d+){3}\b", "ADDRESS", value)
        text = re.sub(rf"(?<=[a-z])-{GENERATED}{{8,10}}(-{GENERATED}{{5}})?\b", "-X", text)
        text = re.sub(r"kube-api-access-\w{5}", "kube-api-access-X", text)
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UID", text)
    return value


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_pod_looks_as_it_did(made: Any, real: Any, name: str) -> None:
    """Specification, labels, owner, conditions and phase are those of the recorded pod."""
    name = "db-0" if name == "db" else name
    ours, theirs = shape(made["Pod", name]), shape(real["Pod", name])

    assert volumes_sorted(ours["spec"]) == volumes_sorted(theirs["spec"]) | {"nodeName": "node-1"}
    assert {key: owner_shape(ours["metadata"])[key] for key in ("ownerReferences", "namespace")} == {
        key: owner_shape(theirs["metadata"])[key] for key in ("ownerReferences", "namespace")
    }
    assert sorted(ours["metadata"]["labels"]) == sorted(theirs["metadata"]["labels"])
    assert ours["status"]["conditions"] == theirs["status"]["conditions"]
    for key in ("phase", "qosClass"):
        assert ours["status"][key] == theirs["status"][key]
    for mine, recorded in zip(ours["status"]["containerStatuses"], theirs["status"]["containerStatuses"], strict=True):
        for key in ("name", "ready", "restartCount", "started", "state", "lastState"):
            assert mine[key] == recorded[key]


def volumes_sorted(spec: Object) -> Object:
    """Return a pod's specification with volumes in a fixed order: that of admission is of no consequence."""
    return spec | {"volumes": sorted(spec["volumes"], key=lambda each: str(each["name"]))}


def owner_shape(metadata: Object) -> Object:
    """Return metadata whose owner has a stable name."""
    owners = [owner | {"name": stable(owner["name"])} for owner in metadata["ownerReferences"]]
    return metadata | {"ownerReferences": owners}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Deployment", "web"), ("Deployment", "two-containers"), ("ReplicaSet", "web"), ("StatefulSet", "db")],
)
def test_a_healthy_workload_looks_as_it_did(made: Any, real: Any, kind: str, name: str) -> None:
    """Defaults and counts are those of the recorded workload."""
    ours, theirs = without_hash(shape(made[kind, name])), without_hash(shape(real[kind, name]))

    assert ours["spec"] == theirs["spec"]
    assert by_type(ours["status"]) == by_type(theirs["status"])


def without_hash(thing: Any) -> Any:
    """Replace the template's hash, which is another function of the same template."""
    if isinstance(thing, dict):
        return {k: "HASH" if k == "pod-template-hash" else without_hash(v) for k, v in thing.items()}
    return [without_hash(each) for each in thing] if isinstance(thing, list) else thing


def by_type(status: Object) -> Object:
    """Return a status whose conditions are by type: their order is the controllers' history."""
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    return status | {"conditions": conditions}


@pytest.mark.parametrize("name", ["web-svc", "web-dangling", "web-nobody", "web-node", "web-lb", "db"])
def test_endpoint_slices_are_as_recorded(made: Any, real: Any, name: str) -> None:
    """Endpoints and ports, or their absence, follow selectors and targetPorts as in the real cluster."""
    ours, theirs = shape(made["EndpointSlice", name]), shape(real["EndpointSlice", name])
    for each in (ours, theirs):
        for endpoint in each["endpoints"] or []:
            endpoint["nodeName"] = "node"
            endpoint["targetRef"]["name"] = stable(endpoint["targetRef"]["name"])

    assert ours == theirs | {"metadata": theirs["metadata"] | {"name": ours["metadata"]["name"]}}


@pytest.mark.parametrize("name", ["web-svc", "web-dangling", "web-nobody", "db", "outside"])
def test_services_get_the_recorded_defaults(made: Any, real: Any, name: str) -> None:
    """Protocol, targetPort, families and policies are filled in as the API server did."""
    assert shape(made["Service", name])["spec"] == shape(real["Service", name])["spec"]


@pytest.mark.parametrize("name", ["data-db-0", "wrong-class"])
def test_claims_are_bound_or_pending_as_recorded(made: Any, real: Any, name: str) -> None:
    """A claim of the default class is bound to a volume of its size; one of an unknown class is Pending."""
    ours, theirs = made["PersistentVolumeClaim", name], real["PersistentVolumeClaim", name]

    assert ours["status"] == theirs["status"]
    assert ours["spec"]["volumeMode"] == theirs["spec"]["volumeMode"]


@pytest.mark.parametrize("name", ["bad-config", "bad-volume", "bad-pending"])
def test_a_pod_that_lacks_something_fails_as_recorded(made: Any, real: Any, name: str) -> None:
    """A missing Secret, a missing ConfigMap volume and an unmatched node selector give the recorded states."""
    ours, theirs = shape(made["Pod", name])["status"], shape(real["Pod", name])["status"]

    assert ours["phase"] == theirs["phase"]
    assert by_type(ours)["conditions"].keys() == by_type(theirs)["conditions"].keys()
    scheduled = by_type(ours)["conditions"]["PodScheduled"]
    assert scheduled == by_type(theirs)["conditions"]["PodScheduled"]
    states = [each["state"] for each in ours.get("containerStatuses", [])]
    assert states == [each["state"] for each in theirs.get("containerStatuses", [])]


def test_reconciling_is_pure_and_repeatable() -> None:
    """The manifests stay as they are, and the same ones give the same objects again."""
    world = World()
    manifests = bootstrap(applied_objects(), world)
    before = repr(manifests)

    first = reconcile(manifests, world, "certificate")
    second = reconcile(manifests, world, "certificate")

    assert repr(manifests) == before
    assert first == second


def test_an_address_of_another_cluster_is_not_taken_over() -> None:
    """A Service that was exported with its ClusterIP gets one of this cluster, kube-dns that of the DNS server."""
    world = World()
    services = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}
        for namespace, name, spec in (
            ("kube-system", "kube-dns", {"clusterIP": "10.96.0.10", "ports": []}),
            ("a", "exported", {"clusterIP": "10.96.1.1", "clusterIPs": ["10.96.1.1"], "ports": []}),
            ("a", "headless", {"clusterIP": "None", "ports": []}),
        )
    ]

    made = {
        o["metadata"]["name"]: o for o in reconcile(bootstrap(services, world), world, "") if o["kind"] == "Service"
    }

    assert made["kube-dns"]["spec"]["clusterIP"] == world.addresses.nameserver
    assert world.addresses.holds(made["exported"]["spec"]["clusterIPs"][0])
    assert made["headless"]["spec"]["clusterIP"] == "None"
