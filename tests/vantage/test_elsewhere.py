"""Edges that exec cannot look at are looked at from probe pods and debug containers, where that is allowed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.api.exec import runner
from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.objects.service import Service, service
from cx_conformance.outcome.looking import Forbidden, NoVantage
from cx_conformance.probes.edges import (
    CallerEdges,
    Edge,
    EdgeFinding,
    EdgeLimits,
    EdgeObservation,
    Vantage,
    probe_edges,
)
from cx_conformance.sandbox.annotations import PROGRAMS
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.pod_security import LABEL
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.elsewhere import Elsewhere
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.refused_write import not_admitted

Object = dict[str, Any]
SPACE = "strict"
PORT = 8081
LIMITS = EdgeLimits(seconds=2)
CALLERS = ("deployment", "statefulset", "daemonset", "headless", "on-node")


def workload(kind: str, name: str, **more: Any) -> Object:
    """Return a workload of one pod that a restricted namespace admits, and that has no shell."""
    container: Object = {"name": "main", "image": "x", "ports": [{"containerPort": PORT}]}
    container["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    template = {
        "metadata": {"labels": {"app": name}, "annotations": {PROGRAMS: ""}},
        "spec": {"containers": [container], **more},
    }
    spec: Object = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if kind != "DaemonSet":
        spec["replicas"] = 1
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


def service_of(name: str, **more: Any) -> Object:
    """Return the Service of a workload."""
    spec = {"selector": {"app": name}, "ports": [{"port": PORT}]} | more
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


def may(name: str, *rules: tuple[str, ...]) -> list[Object]:
    """Return an account and what it may do in the namespace, each rule resource first."""
    api = "rbac.authorization.k8s.io/v1"
    about = {"name": name, "namespace": SPACE}
    granted = [{"apiGroups": [""], "resources": [resource], "verbs": verbs} for resource, *verbs in rules]
    subject = {"kind": "ServiceAccount", **about}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about},
        {"apiVersion": api, "kind": "Role", "metadata": about, "rules": granted},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": about,
            "roleRef": {"kind": "Role", "name": name},
            "subjects": [subject],
        },
    ]


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Serve callers of each make without a shell, in a namespace that admits only restricted pods."""
    objects: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE, "labels": {LABEL: "restricted"}}},
        workload("Deployment", "deployment"),
        workload("StatefulSet", "statefulset"),
        workload("DaemonSet", "daemonset"),
        workload("Deployment", "headless"),
        workload("Deployment", "on-node", hostNetwork=True),
        service_of("deployment"),
        service_of("headless", clusterIP="None", publishNotReadyAddresses=True),
        *may("reader", ("pods", "get"), ("pods/exec", "get", "create")),
        *may("no-delete", ("pods", "get", "create"), ("pods/log", "get")),
        *may("no-exec", ("pods", "get", "create", "delete"), ("pods/log", "get")),
    ]
    with EmbeddedCluster(objects) as cluster:
        yield cluster


class Look:
    """Looks at the edge to Service ``deployment`` from one caller, with what is allowed."""

    def __init__(
        self,
        embedded: EmbeddedCluster,
        kubeconfig: Path,
        *,
        probe_image: str | None = None,
        debug_image: str | None = None,
    ) -> None:
        """Allow what images are given for."""
        self.embedded = embedded
        self.cluster = Cluster.connect(str(kubeconfig))
        self.admin = Cluster.connect(str(embedded.kubeconfig))
        self.consent = Consent(probe_image, debug_image)
        self.elsewhere = Elsewhere.allowed(self.cluster, ProbePool(), self.services, self.consent)

    def services(self, namespace: str) -> list[Service]:
        """Return the Services of a namespace."""
        found = self.admin.read(f"/api/v1/namespaces/{namespace}/services")["items"]
        return [service(one) for one in found]

    def pods(self) -> list[Object]:
        """Return the pods of the namespace."""
        found: list[Object] = self.admin.read(f"/api/v1/namespaces/{SPACE}/pods")["items"]
        return found

    def __call__(self, caller: str, port: int = PORT) -> EdgeObservation:
        """Return what came of it."""
        pod = next(one for one in self.pods() if one["metadata"]["labels"].get("app") == caller)
        place = ContainerPlace(namespace=SPACE, pod=pod["metadata"]["name"], container="main")
        edge = Edge(caller=caller, callee="deployment", host=f"deployment.{SPACE}.svc", port=port)
        seen = probe_edges(runner(self.cluster.configuration), [CallerEdges(place=place, edges=(edge,))], LIMITS)
        (found,) = self.elsewhere.completed(seen, LIMITS)
        return found


def as_account(embedded: EmbeddedCluster, name: str, folder: Path) -> Path:
    """Return a kubeconfig of a ServiceAccount."""
    config = json.loads(embedded.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = embedded.token_for(f"{SPACE}/{name}")
    path = folder / name
    path.write_text(json.dumps(config))
    return path


def test_without_consent_it_is_said_what_to_allow(embedded: EmbeddedCluster) -> None:
    """Nothing is written, and the engineer knows both options."""
    look = Look(embedded, embedded.kubeconfig)
    seen = look("deployment")
    with pytest.raises(NoVantage, match=r"has no program sh .*--allow-probe-pods IMAGE.*--allow-debug-containers"):
        seen.looked()
    assert look.consent.written == []


def test_a_right_that_lacks_is_one_cause_with_its_remedy_whatever_else_would_serve() -> None:
    """The same account may not look at mounts and sockets in those containers either."""
    lacks = Forbidden("get", "pods/exec", SPACE)
    edge = Edge(caller="a", callee="b", host=f"b.{SPACE}.svc", port=PORT)
    place = ContainerPlace(namespace=SPACE, pod="a-0", container="main")
    (seen,) = Elsewhere().completed([EdgeObservation(edge=edge, place=place, trouble=lacks)], LIMITS)
    assert seen.trouble is not None
    assert (seen.trouble.cause, seen.trouble.remedy) == (lacks.cause, lacks.remedy)
    assert "--allow-probe-pods IMAGE" in str(seen.trouble)


@pytest.mark.parametrize("caller", ["deployment", "statefulset", "daemonset"])
def test_a_probe_pod_looks_and_is_deleted(embedded: EmbeddedCluster, caller: str) -> None:
    """In a restricted namespace, whatever kind of workload the caller is; no controller takes the pod for its own."""
    look = Look(embedded, embedded.kubeconfig, probe_image="busybox:1.36")
    before = {one["metadata"]["name"] for one in look.pods()}
    seen = look(caller)
    assert (seen.finding, seen.vantage) == (EdgeFinding.CONNECTS, Vantage.PROBE_POD), seen.words
    assert "has no program sh" in seen.instead
    assert "as seen by a probe pod in place of pod strict/" in seen.words
    assert {one["metadata"]["name"] for one in look.pods()} == before
    (written,) = look.consent.written
    assert written.startswith("created Pod strict/cx-conformance-")
    assert written.endswith("and deleted it again")
    assert seen.wrote == (written,)


def test_a_refused_connection_is_a_finding_from_a_probe_pod_too(embedded: EmbeddedCluster) -> None:
    """What it sees counts, good or bad."""
    seen = Look(embedded, embedded.kubeconfig, probe_image="x")("deployment", port=9)
    assert seen.finding is EdgeFinding.REFUSED


def test_a_debug_container_looks_and_stays_listed(embedded: EmbeddedCluster) -> None:
    """It runs in the caller's own pod, and it is said that it cannot be removed."""
    look = Look(embedded, embedded.kubeconfig, debug_image="busybox:1.36")
    seen = look("statefulset")
    assert (seen.finding, seen.vantage) == (EdgeFinding.CONNECTS, Vantage.DEBUG_CONTAINER), seen.words
    (pod,) = (one for one in look.pods() if one["metadata"]["name"] == "statefulset-0")
    (status,) = pod["status"]["ephemeralContainerStatuses"]
    assert status["state"]["terminated"]["exitCode"] == 0
    (written,) = look.consent.written
    assert written.startswith(f"added ephemeral container {status['name']} to Pod strict/statefulset-0; it ends by")
    assert "cannot be removed" in written


def test_no_pod_gets_more_than_three_debug_containers_in_a_run(embedded: EmbeddedCluster) -> None:
    """Looks that are repeated until the installation has settled do not fill a pod."""
    look = Look(embedded, embedded.kubeconfig, debug_image="x")
    findings = [look("daemonset").finding for _ in range(4)]
    assert findings == [EdgeFinding.CONNECTS] * 3 + [None]


@pytest.mark.parametrize(
    ("caller", "words"),
    [
        ("headless", "Service strict/headless selects app=headless and has publishNotReadyAddresses"),
        ("on-node", "is on its node's network"),
    ],
)
def test_where_no_probe_pod_may_stand_none_is_made(embedded: EmbeddedCluster, caller: str, words: str) -> None:
    """It is said why, and a debug container looks where that is allowed."""
    look = Look(embedded, embedded.kubeconfig, probe_image="x")
    with pytest.raises(NoVantage, match=words):
        look(caller).looked()
    assert look.consent.written == []
    both = Look(embedded, embedded.kubeconfig, probe_image="x", debug_image="x")(caller)
    assert both.vantage is Vantage.DEBUG_CONTAINER


def test_an_image_that_cannot_be_pulled_is_named(embedded: EmbeddedCluster) -> None:
    """The pod is deleted all the same."""
    look = Look(embedded, embedded.kubeconfig, probe_image="registry.invalid/busybox:1")
    with pytest.raises(NoVantage, match=r"cannot start: ImagePullBackOff .*registry\.invalid/busybox:1.*name an image"):
        look("deployment").looked()
    assert look.consent.written[0].endswith("and deleted it again")


@pytest.mark.parametrize(
    ("account", "images", "words"),
    [
        ("reader", {"probe_image": "x"}, "may not delete pods in namespace strict .*so none is made"),
        ("no-delete", {"probe_image": "x"}, "may not delete pods in namespace strict"),
        ("reader", {"debug_image": "x"}, "may not patch pods/ephemeralcontainers in namespace strict"),
    ],
)
def test_an_account_without_the_right_says_which_it_lacks(
    embedded: EmbeddedCluster, tmp_path: Path, account: str, images: dict[str, str], words: str
) -> None:
    """Nothing is made that could not be deleted again."""
    look = Look(embedded, as_account(embedded, account, tmp_path), **images)
    before = len(look.pods())
    with pytest.raises(NoVantage, match=words):
        look("deployment").looked()
    assert len(look.pods()) == before


def test_where_exec_is_forbidden_a_probe_pod_looks(embedded: EmbeddedCluster, tmp_path: Path) -> None:
    """It needs no exec: what it prints is read from its log."""
    look = Look(embedded, as_account(embedded, "no-exec", tmp_path), probe_image="x")
    seen = look("deployment")
    assert seen.finding is EdgeFinding.CONNECTS
    assert "may not get pods/exec" in seen.instead


def test_a_pod_that_admission_refuses_is_told_as_that() -> None:
    """403 is not only a right that lacks."""
    refusal = Forbidden("create", "pods", SPACE, 'pods "x" is forbidden: exceeded quota: small, requested: pods=1')
    told = not_admitted("a probe pod", refusal)
    assert isinstance(told, NoVantage)
    assert str(told).startswith("the cluster does not admit a probe pod: pods")
