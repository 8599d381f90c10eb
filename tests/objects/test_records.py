"""Records of recorded objects, and of objects in which any field is missing, null or of another type."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_conformance.cluster.kinds import KINDS, Kind
from cx_conformance.cluster.pod_index import PodIndex
from cx_conformance.cluster.ports import TargetPort, container_port_for, ready_endpoints, why_no_endpoint
from cx_conformance.cluster.readiness import rollout, troubles
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.networkpolicy import NetworkPolicy, network_policy
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod, pod
from cx_conformance.objects.pod_spec import Reference, pod_spec
from cx_conformance.objects.service import EndpointSlice, Service
from cx_conformance.objects.storage import PersistentVolume, PersistentVolumeClaim, persistent_volume
from cx_conformance.objects.workload import Deployment, StatefulSet, Workload
from tests.objects.recordings import recorded, recorded_items

RECORDED = [kind for kind in KINDS.values() if recorded(kind.record)]
ODD: list[Any] = [
    None,
    "",
    "x",
    "-1",
    0,
    -1,
    2**70,
    1.5,
    True,
    [],
    [None],
    [[]],
    ["x"],
    {},
    {"x": None},
    {"name": 3},
    "\x00\u202e",
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value inside ``value``, and its own."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "managedFields":
                yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def with_odd(source: dict[str, Any], path: tuple[str | int, ...], odd: Any) -> dict[str, Any]:
    """Return ``source`` with the value at ``path`` replaced."""
    changed = copy.deepcopy(source)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = odd
    return changed


@st.composite
def odd_objects(draw: st.DrawFn) -> tuple[Kind[Any], dict[str, Any]]:
    """Draw a recorded object in which up to three values are of a type that the API would not write."""
    kind = draw(st.sampled_from(RECORDED))
    source = draw(st.sampled_from(recorded_items(kind.path())))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([place for place in places(source) if place]))
        source = with_odd(source, path, draw(st.sampled_from(ODD)))
    return kind, source


@settings(max_examples=300, deadline=None)
@given(odd_objects())
def test_an_odd_object_is_read_and_judged(drawn: tuple[Kind[Any], dict[str, Any]]) -> None:
    """A finding at most, never a traceback."""
    kind, source = drawn
    record = kind.parse(source)
    assert isinstance(record, kind.record)
    if isinstance(record, Pod):
        assert isinstance(troubles(record), tuple)
        assert isinstance(tuple(record.spec.references()), tuple)
        assert record.ready_containers
    if isinstance(record, Workload):
        assert rollout(record, PodIndex(recorded(Pod)).owned_by(record)).words
    if isinstance(record, Service):
        behind = PodIndex(recorded(Pod)).matching(record.namespace, record.selector)
        for port in record.ports:
            assert why_no_endpoint(record, port, (), behind)
            assert all(isinstance(container_port_for(port, item), TargetPort | None) for item in behind)
    if isinstance(record, EndpointSlice):
        (service,) = (item for item in recorded(Service) if item.name == "web-svc")
        assert isinstance(ready_endpoints(service, [record], service.ports[0]), tuple)


@pytest.mark.parametrize("kind", RECORDED, ids=lambda kind: kind.name)
def test_every_field_may_be_missing(kind: Kind[Any]) -> None:
    """One at a time, and all at once."""
    source = recorded_items(kind.path())[0]
    for path in places(source):
        if path and isinstance(path[-1], str):
            assert isinstance(kind.parse(with_odd(source, path, None)), kind.record)
    assert isinstance(kind.parse({}), kind.record)


def one(record: type[Any], name: str) -> Any:
    """Return the recorded object of that name."""
    return next(item for item in recorded(record) if item.name.startswith(name))


def test_a_workload_is_read_as_recorded() -> None:
    """Counts, template, ports, resources, probes."""
    web = one(Deployment, "web")
    (container,) = web.template.spec.containers
    assert (web.kind, web.replicas, web.ready_replicas, web.update_strategy) == ("Deployment", 2, 2, "RollingUpdate")
    assert web.progress_deadline_seconds == 600
    assert [(port.name, port.number, port.protocol) for port in container.ports] == [("http-web-8080", 8080, "TCP")]
    assert (container.requests, container.limits) == (
        {"cpu": "50m", "memory": "64Mi"},
        {"cpu": "100m", "memory": "128Mi"},
    )
    assert container.probes == ("readiness",)
    assert container.command == ("python3", "-m", "http.server", "8080")
    assert web.template.spec.restart_policy == "Always"
    assert web.selects({"app": "web", "pod-template-hash": "x"})
    assert not web.selects({"app": "other"})
    assert "kubectl.kubernetes.io/last-applied-configuration" not in web.annotations


def test_a_stateful_set_has_its_claims_and_revisions() -> None:
    """The size as it is written."""
    db = one(StatefulSet, "db")
    (claim,) = db.volume_claim_templates
    assert (claim.name, claim.size, claim.access_modes, claim.storage_class) == (
        "data",
        "1Gi",
        ("ReadWriteOnce",),
        None,
    )
    assert db.current_revision == db.update_revision == "db-cdccb6bdb"
    assert [(mount.name, mount.mount_path) for mount in db.template.spec.containers[0].volume_mounts] == [
        ("data", "/data")
    ]


def test_native_sidecars_are_told_from_init_containers() -> None:
    """They serve, and they count as ready."""
    source = one(Pod, "two-containers")
    assert [(item.name, item.role) for item in source.statuses] == [
        ("native-sidecar", "sidecar"),
        ("app", "container"),
        ("sidecar", "container"),
    ]
    assert [item.name for item in source.spec.serving_containers] == ["app", "sidecar", "native-sidecar"]
    assert source.ready_containers == "3/3"
    assert source.ready


def test_every_reference_of_a_pod_is_yielded() -> None:
    """Environment, volumes, projected volumes, claims, pull secrets; with key and whether it is optional."""
    spec = pod_spec(
        {
            "imagePullSecrets": [{"name": "pull"}, {}],
            "initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "s1", "optional": True}}]}],
            "containers": [
                {
                    "name": "c",
                    "volumeMounts": [{"name": f"v{number}", "mountPath": f"/{number}"} for number in range(1, 6)],
                    "envFrom": [{"configMapRef": {"name": "m1"}}],
                    "env": [
                        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s2", "key": "k"}}},
                        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "m2", "key": "k", "optional": True}}},
                        {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                        {"name": "D", "value": "plain"},
                    ],
                }
            ],
            "volumes": [
                {"name": "v1", "configMap": {"name": "m3", "items": [{"key": "k1"}, {"key": "k2"}]}},
                {"name": "v2", "secret": {"secretName": "s3", "optional": True}},
                {"name": "v3", "persistentVolumeClaim": {"claimName": "p1"}},
                {"name": "v4", "projected": {"sources": [{"secret": {"name": "s4"}}, {"configMap": {"name": "m4"}}]}},
                {"name": "v5", "emptyDir": {}},
            ],
        }
    )

    def words(item: Reference) -> str:
        key, optional = f"[{item.key}]" if item.key else "", "?" if item.optional else ""
        return f"{item.kind} {item.name}{key}{optional} {item.how} {item.where}"

    assert [words(item) for item in spec.references()] == [
        "Secret s1? envFrom i",
        "ConfigMap m1 envFrom c",
        "Secret s2[k] env c",
        "ConfigMap m2[k]? env c",
        "ConfigMap m3[k1] volume v1",
        "ConfigMap m3[k2] volume v1",
        "Secret s3? volume v2",
        "PersistentVolumeClaim p1 volume v3",
        "Secret s4 projected v4",
        "ConfigMap m4 projected v4",
        "Secret pull imagePullSecret pull",
    ]
    assert [volume.source for volume in spec.volumes][-1] == "emptyDir"


def test_a_volume_that_nothing_mounts_uses_its_claim_only() -> None:
    """The kubelet passes over it, the scheduler binds its claim all the same."""
    spec = pod_spec(
        {
            "containers": [{"name": "c", "volumeMounts": [{"name": "v1", "mountPath": "/1"}]}],
            "volumes": [
                {"name": "v1", "configMap": {"name": "m1"}},
                {"name": "v2", "configMap": {"name": "m2"}},
                {"name": "v3", "secret": {"secretName": "s1"}},
                {"name": "v4", "persistentVolumeClaim": {"claimName": "p1"}},
            ],
        }
    )
    assert [one.name for one in spec.unmounted] == ["v2", "v3", "v4"]
    assert [one.name for one in spec.references()] == ["m1", "p1"]


def test_an_ingress_is_read_as_recorded() -> None:
    """Class, rule, rewritten path, backend, TLS."""
    web = one(Ingress, "web")
    (path,) = web.paths
    assert (web.class_name, web.hosts) == ("nginx", ("shop.example.test",))
    assert (path.path, path.path_type, path.service, path.port) == (
        "/web(/|$)(.*)",
        "ImplementationSpecific",
        "web-svc",
        80,
    )
    assert (web.tls[0].hosts, web.tls[0].secret_name) == (("shop.example.test",), "shop-tls")
    assert web.annotations["nginx.ingress.kubernetes.io/rewrite-target"] == "/$2"


def test_storage_is_read_as_recorded() -> None:
    """A bound claim, its volume, and one that waits."""
    data, wrong = one(PersistentVolumeClaim, "data-db-0"), one(PersistentVolumeClaim, "wrong-class")
    (volume,) = recorded(PersistentVolume)
    assert (data.phase, data.requested, data.capacity, data.storage_class) == ("Bound", "1Gi", "1Gi", "standard")
    assert (wrong.phase, wrong.requested, wrong.capacity, wrong.storage_class) == (
        "Pending",
        "8Gi",
        None,
        "no-such-class",
    )
    assert (volume.name, volume.source, volume.claim_name) == (data.volume_name, "hostPath", "data-db-0")
    assert volume.nodes == ()


def test_a_volume_that_is_pinned_to_a_node_names_it() -> None:
    """As local volumes are; the node may be gone."""
    rule = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    found = persistent_volume({"spec": {"local": {"path": "/x"}, "nodeAffinity": affinity}})
    assert (found.source, found.nodes) == ("local", ("node-1",))


def test_a_node_is_read_as_recorded() -> None:
    """Ready, without pressure."""
    (node,) = recorded(Node)
    assert node.ready
    assert node.pressures == ()
    assert (node.kubelet_version, node.capacity["pods"]) == ("v1.36.2", "200")


def test_a_network_policy_keeps_empty_apart_from_absent() -> None:
    """An empty selector selects all, an absent one none; no ports are all ports."""
    (policy,) = recorded(NetworkPolicy)
    assert policy.pods.selects({"app": "db"})
    assert policy.types == ("Ingress",)
    peer = policy.ingress[0].peers[0]
    assert peer.pods is not None
    assert peer.pods.selects({"app": "web"})
    assert peer.namespaces is None
    everybody = network_policy({"spec": {"podSelector": {}, "egress": [{"to": [{"namespaceSelector": {}}]}]}})
    assert everybody.types == ("Ingress", "Egress")
    assert everybody.pods.selects({"any": "thing"})
    assert everybody.egress[0].ports == ()


@pytest.mark.parametrize(
    ("operator", "values", "selected"),
    [
        ("In", ["a", "c"], ["a"]),
        ("NotIn", ["a"], ["b", None]),
        ("Exists", None, ["a", "b"]),
        ("DoesNotExist", None, [None]),
        ("Near", ["a"], []),
    ],
)
def test_selector_expressions_select_as_kubernetes_does(
    operator: str, values: list[str] | None, selected: list[str | None]
) -> None:
    """NotIn also selects what lacks the label."""
    expression = {"key": "k", "operator": operator, "values": values}
    source = {"metadata": {}, "spec": {"selector": {"matchExpressions": [expression]}}}
    workload = KINDS[Deployment].parse(source)
    candidates: list[str | None] = ["a", "b", None]
    assert [item for item in candidates if workload.selects({"k": item} if item else {})] == selected


def test_a_pod_without_status_is_unknown() -> None:
    """Just created, or cut short."""
    found = pod({"metadata": {"name": "p"}})
    assert (found.phase, found.ready, found.ready_containers) == ("Unknown", False, "0/0")
