"""Whether the platform can be installed on a cluster: what keeps it from that is found, and nothing else is told."""

import base64
import datetime as dt
from functools import cache, partial
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.manifests.certificates import Authority
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.releases import load_release
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.room import requested
from cx_conformance.cluster.snapshot import KINDS_BEFORE
from cx_conformance.objects.pod_spec import pod_spec
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.faults import Fault, catalogue
from tests.checks.installation import FQDN, Installation, notes

BEFORE = [one.id for one in all_checks(before=True) if not one.live]
FAULTS = [one for one in catalogue() if one.check in BEFORE and one.check.startswith("CX9")]
TOGETHER = {
    # A node with no room for all has none for the largest either, which is blocked; many small ones have room for all.
    "secret-without-its-keys": {"CX917"},
}


@cache
def release() -> Blueprint:
    """Return a current release: it names what is to be made by hand."""
    return load_release("5.1", suite_root() / "blueprint.yaml").document


@cache
def _made() -> bytes:
    """Return namespaces and what is made by hand, with its keys and a certificate for the host name."""
    pair = Authority(1).sign(FQDN, [FQDN])
    content = {"tls.crt": pair.certificate, "tls.key": pair.key.get_secret_value(), "ca.crt": pair.ca}
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in Plan(release(), Site()).namespaces
    ]
    for one in release().prerequisites:
        data = {key: content.get(key, "made by hand") for key in one.keys or ("content",)}
        if one.kind == "Secret":
            data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        metadata = {"name": one.name, "namespace": one.namespace}
        objects.append({"apiVersion": "v1", "kind": one.kind, "metadata": metadata, "data": data})
    return orjson.dumps(objects)


def prepared(**site: Any) -> Installation:
    """Return a cluster that is prepared for the release and holds nothing of it yet."""
    return Installation({"fqdn": FQDN, **site}, manifests=_made(), promised=release(), kinds=KINDS_BEFORE)


def failed(outcomes: list[Outcome]) -> set[str]:
    """Return the checks that failed."""
    return {one.check for one in outcomes if one.result is Result.FAIL}


def test_a_prepared_cluster_is_ready() -> None:
    """Everything is kept; that nothing can be said of clocks is the only thing left open."""
    outcomes = prepared().all_outcomes(BEFORE)
    assert {one.check: one.message for one in outcomes if one.result not in (Result.PASS, Result.NOT_APPLICABLE)} == {}
    assert len({one.check for one in outcomes}) == len(BEFORE)


@pytest.mark.parametrize("fault", FAULTS, ids=[one.name for one in FAULTS])
def test_what_keeps_the_platform_out_is_found_by_its_check_and_no_other(fault: Fault) -> None:
    """By the check that the fault names."""
    cluster = prepared()
    cluster.inject(fault.name)
    outcomes = cluster.all_outcomes(BEFORE)
    assert not [one.message for one in outcomes if one.result is Result.ERROR]
    assert failed(outcomes) - TOGETHER.get(fault.name, set()) == {fault.check}


def test_an_installed_platform_is_told_as_such() -> None:
    """It is there already; whether it is well is the question of another command."""
    there = orjson.dumps([*reference_installation(release(), fqdn=FQDN, seed=1), *orjson.loads(_made())])
    installed = Installation({"fqdn": FQDN}, manifests=there, promised=release(), kinds=KINDS_BEFORE)
    (told,) = installed.outcomes("CX900")
    assert "the platform is there already" in notes(told)[0]
    assert failed(installed.all_outcomes(BEFORE)) == set()


def webhook(**more: Any) -> dict[str, Any]:
    """Return a webhook that is asked about Deployments and has no Service."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    own = {
        "name": "check.example.com",
        "rules": [rule],
        "clientConfig": {"service": {"namespace": "p", "name": "gone"}},
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "policies"},
        "webhooks": [own | more],
    }


@pytest.mark.parametrize(
    "more",
    [
        {"failurePolicy": "Ignore"},
        {"clientConfig": {"url": "https://outside.example.com"}},
        {"namespaceSelector": {"matchLabels": {"policies": "on"}}},
        {"rules": [{"operations": ["DELETE"], "resources": ["deployments"]}]},
        {"rules": [{"operations": ["CREATE"], "resources": ["cephclusters"]}]},
        {"rules": [{"apiGroups": ["cert-manager.io"], "operations": ["CREATE", "UPDATE"], "resources": ["*/*"]}]},
        {"rules": [{"apiGroups": ["serving.knative.dev"], "operations": ["CREATE"], "resources": ["services"]}]},
        {"rules": [{"apiGroups": ["*"], "operations": ["*"], "resources": ["*"], "scope": "Cluster"}]},
        {"objectSelector": {"matchLabels": {"istio.io/rev": "default"}}},
    ],
    ids=[
        "ignores",
        "outside",
        "other-namespaces",
        "deletes",
        "other-kinds",
        "every-kind-of-another-group",
        "a-namesake-of-another-group",
        "cluster-scoped",
        "labelled-objects",
    ],
)
def test_a_webhook_that_refuses_nothing_of_the_platforms_is_not_told(more: dict[str, Any]) -> None:
    """It may be silent; the same one without that is told."""
    quiet, told = prepared(), prepared()
    quiet.add_live(webhook(**more))
    told.add_live(webhook())
    assert failed(quiet.outcomes("CX914")) == set()
    assert failed(told.outcomes("CX914")) == {"CX914"}


@pytest.mark.parametrize(
    "more",
    [
        {"rules": [{"apiGroups": ["*"], "operations": ["*"], "resources": ["*/*"]}]},
        {"objectSelector": {"matchExpressions": [{"key": "istio.io/rev", "operator": "DoesNotExist"}]}},
    ],
    ids=["everything", "objects-without-a-label"],
)
def test_a_silent_webhook_that_would_be_asked_is_told(more: dict[str, Any]) -> None:
    """Whatever it is asked about else."""
    cluster = prepared()
    cluster.add_live(webhook(**more))
    assert failed(cluster.outcomes("CX914")) == {"CX914"}


def policy(name: str, pods: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a NetworkPolicy of the platform's namespace."""
    spec = {"podSelector": pods or {}, "policyTypes": ["Ingress", "Egress"], **spec}
    metadata = {"name": name, "namespace": "expertflow"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


_ANYBODY: dict[str, Any] = {"ingress": [{}], "egress": [{}]}
_DNS: dict[str, Any] = {"egress": [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}]}
_OURS = {"matchLabels": {"app.kubernetes.io/instance": "ef-cx"}}


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ([policy("deny")], "NetworkPolicy expertflow/deny (ingress), expertflow/deny (egress) lets no connection pass"),
        ([policy("deny"), policy("allow", **_ANYBODY)], ""),
        (
            [policy("deny"), policy("in", ingress=[{}], policyTypes=["Ingress"])],
            "NetworkPolicy expertflow/deny (egress) lets no connection pass",
        ),
        (
            [policy("deny", policyTypes=["Egress"]), policy("dns", policyTypes=["Egress"], **_DNS)],
            "NetworkPolicy expertflow/deny (egress), expertflow/dns (egress) lets no connection pass",
        ),
        ([policy("some", _OURS)], ""),
    ],
    ids=["denied", "allowed-beside", "allowed-in-alone", "dns-alone", "some-pods"],
)
def test_policies_of_every_pod_add_up(policies: list[dict[str, Any]], said: str) -> None:
    """What is denied by default another policy may let pass; to let pods ask DNS alone is to let them call nobody."""
    cluster = prepared()
    cluster.add_live(*policies)
    (ended,) = (one for one in cluster.outcomes("CX910") if one.entry == "expertflow")
    assert ended.message.startswith(said)
    assert bool(ended.message) is bool(said)


def test_what_policies_of_some_pods_let_pass_is_noted() -> None:
    """Which labels the platform's pods will have, nobody knows before they are there."""
    cluster = prepared()
    cluster.add_live(policy("deny"), policy("allow", _OURS, **_ANYBODY))
    (ended,) = (one for one in cluster.outcomes("CX910") if one.entry == "expertflow")
    assert ended.result is Result.PASS
    assert notes(ended) == [
        f"expertflow/deny ({direction}) lets nothing pass but what expertflow/allow allow, which select some pods "
        "only: see that the platform's are among them"
        for direction in ("ingress", "egress")
    ]


@pytest.mark.parametrize(
    ("took", "ahead", "off"), [(0.0, 4, False), (0.0, 9, True), (30.0, 9, False), (30.0, 40, True)]
)
def test_a_lease_that_is_renewed_while_the_look_lasts_is_not_of_the_future(
    took: float, ahead: int, *, off: bool
) -> None:
    """A look that takes long lists leases that were renewed after it had begun."""
    cluster = prepared()
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    renewed = (moment + dt.timedelta(seconds=ahead)).isoformat()
    metadata = {"name": "node-1", "namespace": "kube-node-lease"}
    cluster.add_live({"kind": "Lease", "metadata": metadata, "spec": {"renewTime": renewed}})
    cluster.change_seen(partial(replace, taken_at=moment, seconds=took))
    assert failed(cluster.outcomes("CX905")) == ({"CX905"} if off else set())


@pytest.mark.parametrize(("port", "result"), [(443, Result.FAIL), (5432, Result.PASS)])
def test_a_service_that_waits_for_an_address_is_told_where_it_is_a_way_in(port: int, result: Result) -> None:
    """A database of another application's may wait."""
    cluster = prepared()
    spec = {"type": "LoadBalancer", "clusterIP": "10.43.0.9", "ports": [{"port": port}]}
    cluster.add_live({"kind": "Service", "metadata": {"name": "db", "namespace": "other"}, "spec": spec})
    (ended,) = cluster.outcomes("CX908")
    assert ended.result is result
    assert notes(ended) == (["Service other/db, which is no way in, waits for an address"] if port == 5432 else [])


def quota(**hard: str) -> dict[str, Any]:
    """Return a quota of the platform's namespace."""
    metadata = {"name": "team", "namespace": "expertflow"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}


def test_a_quota_of_memory_refuses_pods_that_say_nothing_unless_they_are_given_some() -> None:
    """The charts set no requests; a LimitRange with defaults mends that."""
    cluster = prepared()
    cluster.add_live(quota(**{"requests.memory": "64Gi"}))
    (ended,) = (one for one in cluster.outcomes("CX911") if one.entry == "expertflow")
    assert "pods without requests.memory are refused" in ended.message
    limits = [{"type": "Container", "defaultRequest": {"memory": "64Mi"}}]
    metadata = {"name": "defaults", "namespace": "expertflow"}
    cluster.add_live({"apiVersion": "v1", "kind": "LimitRange", "metadata": metadata, "spec": {"limits": limits}})
    assert failed(cluster.outcomes("CX911")) == set()


def test_a_quota_refuses_no_pods_that_all_say_what_they_request_and_are_limited_to() -> None:
    """Those of the page do, in this namespace; what they are limited to counts together, too."""
    cluster = Installation(kinds=KINDS_BEFORE)
    amounts = {"cpu": "99", "memory": "999Gi"}
    hard = {f"{side}.{name}": amount for side in ("requests", "limits") for name, amount in amounts.items()}
    cluster.add_live(quota(**hard))
    (ended,) = (one for one in cluster.outcomes("CX911") if one.entry == "expertflow")
    assert (ended.result, ended.message) == (Result.PASS, "")
    cluster.add_live(quota(**{"limits.cpu": "2"}))
    (ended,) = (one for one in cluster.outcomes("CX911") if one.entry == "expertflow")
    assert ended.message.startswith("ResourceQuota expertflow/team allows 2 limits.cpu; the installation needs ")


@pytest.mark.parametrize(("used", "words"), [("470", "allows 500 pods, of which 470 are used; the"), ("20", "")])
def test_what_others_use_of_a_quota_counts_before_anything_is_installed(used: str, words: str) -> None:
    """The API server refuses what would go beyond it together with what is there.

    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    cluster = prepared()
    cluster.add_live(quota(pods="500") | {"status": {"hard": {"pods": "500"}, "used": {"pods": used}}})
    (ended,) = (one for one in cluster.outcomes("CX911") if one.entry == "expertflow")
    assert words in ended.message
    assert (ended.result is Result.FAIL) is bool(words)


def test_what_an_installation_uses_itself_of_a_quota_counts_once() -> None:
    """As before an upgrade: its pods are counted in the quota already."""
    cluster = Installation(kinds=KINDS_BEFORE)
    cluster.add_live(quota(pods="40") | {"status": {"hard": {"pods": "40"}, "used": {"pods": "30"}}})
    (ended,) = (one for one in cluster.outcomes("CX911") if one.entry == "expertflow")
    assert (ended.result, ended.message) == (Result.PASS, "")


def test_a_quota_that_is_large_enough_is_kept() -> None:
    """By number of pods and claims."""
    cluster = prepared()
    cluster.add_live(quota(pods="500", persistentvolumeclaims="50", **{"limits.example.com/gpu": "1"}))
    assert failed(cluster.outcomes("CX911")) == set()


@pytest.mark.parametrize(
    "change",
    [{"unschedulable": True}, {"taints": [{"key": "dedicated", "effect": "NoSchedule"}]}],
    ids=["cordoned", "tainted"],
)
def test_nodes_that_take_no_pods_give_no_room(change: dict[str, Any]) -> None:
    """A cordoned one, or one that ordinary pods keep away from."""
    cluster = prepared()
    cluster.live("Node", "node-1", lambda node: node["spec"].update(change))
    (ended,) = cluster.outcomes("CX902")
    assert ended.message == "no node takes pods: all are cordoned, tainted or not Ready"


@pytest.mark.parametrize(("pods", "said"), [("110", ""), ("40", "1 nodes take "), (None, "")])
def test_a_kubelet_takes_so_many_pods_and_no_more(pods: str | None, said: str) -> None:
    """However much CPU and memory its node has left; that of a single node is soon full."""
    cluster = prepared()

    def limited(node: dict[str, Any]) -> None:
        node["status"]["allocatable"] = {**node["status"]["allocatable"], "pods": pods}

    cluster.live("Node", "node-1", limited)
    (ended,) = cluster.outcomes("CX902")
    assert ended.message.startswith(said)
    assert bool(ended.message) is bool(said)


def test_what_a_pod_requests_as_a_whole_counts_beside_what_its_containers_do() -> None:
    """Of CPU and of memory each (Kubernetes 1.34)."""
    own = {"name": "main", "image": "busybox", "resources": {"requests": {"cpu": "1", "memory": "2Gi"}}}
    assert str(requested(pod_spec({"containers": [own]}))) == "1 CPU, 2 GiB"
    assert str(requested(pod_spec({"containers": [own], "resources": {"requests": {"cpu": "3"}}}))) == "3 CPU, 2 GiB"
    as_whole = {"requests": {"cpu": "3", "memory": "5Gi"}}
    assert str(requested(pod_spec({"containers": [own, own], "resources": as_whole}))) == "3 CPU, 5 GiB"


def test_the_page_for_lost_calls_is_no_ingress_controller() -> None:
    """It may be ready while the controller is not."""
    cluster = prepared()
    for name, image, ready in (
        ("controller", "rancher/nginx-ingress-controller:v1.14.5-hardened1", False),
        ("default-backend", "rancher/nginx-ingress-controller-defaultbackend:1.5-rancher1", True),
    ):
        pod = {
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "kube-system"},
            "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": image}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
        }
        cluster.add_live(pod)
    (ended,) = cluster.outcomes("CX907")
    assert ended.message == "no pod of the ingress controller is ready: kube-system/controller"


@pytest.mark.parametrize(
    ("provisioner", "image", "ready", "said"),
    [
        ("rancher.io/local-path", "rancher/local-path-provisioner:v0.0.30", True, None),
        ("rancher.io/local-path", "rancher/local-path-provisioner:v0.0.30", False, "is not ready"),
        ("rancher.io/local-path", "busybox", True, "no pod runs an image local-path-provisioner"),
        ("cluster.local/nfs-subdir-external-provisioner", "registry/nfs-subdir-external-provisioner:4", True, None),
        ("ebs.csi.aws.com", "busybox", True, "is registered on no node that is Ready"),
    ],
)
def test_a_provisioner_is_alive_by_its_driver_or_its_pod(
    provisioner: str, image: str, *, ready: bool, said: str | None
) -> None:
    """Of CSI drivers the kubelets know, of others their image tells."""
    cluster = prepared()
    cluster.live("StorageClass", "longhorn", lambda one: one.update(provisioner=provisioner))
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "provisioner", "namespace": "storage"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "main", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }
    cluster.add_live(pod)
    (ended,) = cluster.outcomes("CX906")
    assert (ended.message == "") if said is None else (said in ended.message)


def test_a_provisioner_of_which_nothing_is_known_is_noted() -> None:
    """It is neither kept for dead nor for alive."""
    cluster = prepared()
    cluster.live("StorageClass", "longhorn", lambda one: one.update(provisioner="acme.example/disks"))
    (ended,) = cluster.outcomes("CX906")
    assert (ended.result, "cannot be told" in notes(ended)[0]) == (Result.PASS, True)


def test_a_certificate_for_another_host_is_told() -> None:
    """Before an Ingress serves it."""
    outcomes = prepared(fqdn="other.example.com").outcomes("CX917")
    assert failed(outcomes) == {"CX917"}
    assert any("of promised other.example.com" in one.message for one in outcomes)
