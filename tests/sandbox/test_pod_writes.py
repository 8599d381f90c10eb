"""The writes that the embedded cluster takes do what the API documents: pods created and deleted, containers added."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.runtime import expanded
from tests.sandbox.shop import Client

Object = dict[str, Any]
SPACE = "shop"
PODS = f"/api/v1/namespaces/{SPACE}/pods"
STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
JSON = {"Content-Type": "application/json"}
DEADLINE_SECONDS = 30.0


def workload(kind: str, name: str) -> Object:
    """Return a workload of one pod."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "x"}]}}
    spec: Object = {"selector": {"matchLabels": {"app": name}}, "template": template}
    if kind != "DaemonSet":
        spec["replicas"] = 1
    metadata = {"name": name, "namespace": SPACE}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def service(name: str, **more: Any) -> Object:
    """Return a Service of the pods labelled like it."""
    spec = {"selector": {"app": name}, "ports": [{"port": 80}]} | more
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": SPACE}, "spec": spec}


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Serve one workload of each kind, a Service, and a namespace that admits only restricted pods."""
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    objects: list[Object] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "strict", "labels": label}},
        *(workload(kind, kind.lower()) for kind in ("Deployment", "StatefulSet", "DaemonSet")),
        service("deployment"),
        service("daemonset", clusterIP="None", publishNotReadyAddresses=True),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": SPACE}},
    ]
    with EmbeddedCluster(objects) as cluster:
        yield cluster


@pytest.fixture
def client(embedded: EmbeddedCluster) -> Client:
    """Return a client that may do everything."""
    return Client.of(embedded.kubeconfig)


def pod(name: str, script: str, labels: Object | None = None, **spec: Any) -> Object:
    """Return a pod that runs a script to its end."""
    container = {"name": "main", "image": "x", "command": ["sh", "-c"], "args": [script]}
    whole = {"restartPolicy": "Never", "containers": [container]} | spec
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels or {}}, "spec": whole}


def until(client: Client, name: str, holds: Callable[[Object], Any]) -> Object:
    """Return the pod as soon as ``holds`` of it."""
    ends = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < ends:
        found: Object = client.ask(f"{PODS}/{name}").body
        if holds(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"pod {name} did not get there: {found}")


def phase(wanted: str) -> Callable[[Object], bool]:
    """Return whether a pod is in that phase."""
    return lambda found: found.get("status", {}).get("phase") == wanted


@pytest.fixture
def create(client: Client) -> Iterator[Callable[..., Any]]:
    """Create pods that are deleted after the test."""
    made: list[str] = []

    def created(given: Object, **more: Any) -> Any:
        made.append(given["metadata"]["name"])
        return client.ask(PODS, method="POST", body=given, headers=JSON, **more)

    yield created
    for name in made:
        client.ask(f"{PODS}/{name}", method="DELETE")


def test_a_created_pod_runs_its_command_and_ends(client: Client, create: Callable[..., Any]) -> None:
    """What it prints is its log; its exit code is in its status; it can be deleted."""
    assert create(pod("brief", "echo hello; echo there >&2; exit 3")).status == 201
    ended = until(client, "brief", phase("Failed"))
    assert ended["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert sorted(client.ask(f"{PODS}/brief/log").text.splitlines()) == ["hello", "there"]
    assert client.ask(f"{PODS}/brief/log?limitBytes=3").text in {"hel", "the"}
    assert client.ask(f"{PODS}/brief", method="DELETE").status == 200
    assert client.ask(f"{PODS}/brief").status == 404


def test_deleting_a_pod_ends_its_process(client: Client, create: Callable[..., Any]) -> None:
    """Nothing of it runs on."""
    create(pod("long", "exec sleep 4711"))
    until(client, "long", phase("Running"))
    client.ask(f"{PODS}/long", method="DELETE")
    assert subprocess.run(["pgrep", "-f", "sleep 4711"], check=False, capture_output=True).stdout == b""


def test_a_pod_that_is_active_too_long_is_ended(client: Client, create: Callable[..., Any]) -> None:
    """ActiveDeadlineSeconds holds."""
    create(pod("late", "exec sleep 60", activeDeadlineSeconds=1))
    assert until(client, "late", phase("Failed"))["status"]["reason"] == "DeadlineExceeded"


def test_a_pod_with_a_readiness_gate_that_nobody_sets_is_no_ready_endpoint(
    client: Client, create: Callable[..., Any]
) -> None:
    """Its containers are ready; it is not, and so it gets no traffic from a Service that selects it."""
    gate = [{"conditionType": "example.com/never"}]
    create(pod("gated", "exec sleep 60", {"app": "deployment"}, readinessGates=gate))
    found = until(client, "gated", phase("Running"))
    conditions = {one["type"]: one["status"] for one in found["status"]["conditions"]}
    assert (conditions["ContainersReady"], conditions["Ready"]) == ("True", "False")
    slices = client.ask(f"/apis/discovery.k8s.io/v1/namespaces/{SPACE}/endpointslices").body["items"]
    ready = {
        endpoint["targetRef"]["name"]: endpoint["conditions"]["ready"]
        for one in slices
        if one["metadata"]["labels"]["kubernetes.io/service-name"] == "deployment"
        for endpoint in one["endpoints"]
    }
    assert ready.pop("gated") is False
    assert list(ready.values()) == [True]


@pytest.mark.parametrize(
    ("name", "labels", "kept"),
    [
        ("stray", {"app": "deployment"}, True),  # the ReplicaSet wants pod-template-hash, too
        ("stray", {"app": "daemonset"}, False),
        ("stray", {"app": "statefulset"}, True),  # not named as its pods are
        ("statefulset-7", {"app": "statefulset"}, False),
    ],
)
def test_a_controller_adopts_what_it_selects_and_deletes_what_is_too_much(
    client: Client, create: Callable[..., Any], name: str, labels: Object, kept: bool
) -> None:
    """A pod without an owner is safe only where no controller takes it for its own."""
    create(pod(name, "exec sleep 60", labels))
    assert (client.ask(f"{PODS}/{name}").status == 200) is kept


def test_a_pod_with_a_controller_is_adopted_by_no_other(client: Client, create: Callable[..., Any]) -> None:
    """It stays as long as its owner does; one whose owner does not exist is collected."""
    owner = client.ask(PODS + "?labelSelector=app=daemonset").body["items"][0]
    for name, uid, status in (("owned", owner["metadata"]["uid"], 200), ("orphan", "no-such-uid", 404)):
        given = pod(name, "exec sleep 60", {"app": "daemonset"})
        reference = {"apiVersion": "v1", "kind": "Pod", "name": owner["metadata"]["name"], "uid": uid}
        given["metadata"]["ownerReferences"] = [reference | {"controller": True}]
        create(given)
        assert client.ask(f"{PODS}/{name}").status == status


def test_an_ephemeral_container_runs_in_a_pod_and_stays_listed(client: Client) -> None:
    """It is added by its subresource only, ends by itself, and cannot be changed or taken away."""
    name = client.ask(PODS + "?labelSelector=app=deployment").body["items"][0]["metadata"]["name"]
    added = {"name": "look", "image": "x", "command": ["sh", "-c", "cat /etc/hostname"]}
    body = {"spec": {"ephemeralContainers": [added]}}
    path = f"{PODS}/{name}/ephemeralcontainers"
    assert client.ask(path, method="PATCH", body=body, headers=STRATEGIC).status == 200
    found = until(client, name, lambda one: "terminated" in one["status"]["ephemeralContainerStatuses"][0]["state"])
    assert found["status"]["phase"] == "Running"
    assert client.ask(f"{PODS}/{name}/log?container=look").text == f"{name}\n"
    again = client.ask(path, method="PATCH", body=body, headers=STRATEGIC)
    assert (again.status, again.body["reason"]) == (422, "Invalid")
    ports = {"spec": {"ephemeralContainers": [added | {"name": "other", "ports": [{"containerPort": 80}]}]}}
    assert "cannot be set for an Ephemeral" in client.ask(path, method="PATCH", body=ports, headers=STRATEGIC).text


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        (pod("", "true"), 422, "metadata.name: Required value"),
        (pod("none", "true", containers=[]), 422, "spec.containers: Required value"),
        (pod("again", "true", restartPolicy="Always"), 501, "does not implement a Pod that restarts"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, 400, "is no v1 Pod"),
    ],
)
def test_what_is_wrong_with_a_pod_is_refused(client: Client, given: Object, status: int, words: str) -> None:
    """By the API's own words, or by what the embedded cluster does not do."""
    refused = client.ask(PODS, method="POST", body=given, headers=JSON)
    assert refused.status == status
    assert words in refused.text


def test_a_second_pod_of_a_name_is_refused(create: Callable[..., Any]) -> None:
    """409, as the API documents it."""
    create(pod("twice", "exec sleep 60"))
    refused = create(pod("twice", "true"))
    assert (refused.status, refused.body["reason"]) == (409, "AlreadyExists")


def test_an_account_without_the_right_may_not_write(embedded: EmbeddedCluster, client: Client) -> None:
    """Each write needs its own verb."""
    token = embedded.token_for(f"{SPACE}/reader")
    refused = client.ask(PODS, method="POST", body=pod("mine", "true"), headers=JSON, token=token)
    assert refused.status == 403
    assert 'cannot create resource "pods"' in refused.body["message"]


def test_a_restricted_namespace_keeps_out_what_is_not(client: Client) -> None:
    """Pod Security admission names every control that the pod breaks."""
    refused = client.ask("/api/v1/namespaces/strict/pods", method="POST", body=pod("loose", "true"), headers=JSON)
    assert refused.status == 403
    for control in ("allowPrivilegeEscalation", "unrestricted capabilities", "runAsNonRoot", "seccompProfile"):
        assert control in refused.text


def test_kubectl_creates_follows_and_deletes_a_pod(embedded: EmbeddedCluster) -> None:
    """The real kubectl run, logs, debug and delete work."""

    def kubectl(*arguments: str) -> str:
        command = ["kubectl", "--kubeconfig", str(embedded.kubeconfig), "-n", SPACE, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    kubectl("run", "by-hand", "--image=x", "--restart=Never", "--command", "--", "sh", "-c", "echo from kubectl")
    kubectl("wait", "pod/by-hand", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s")
    assert kubectl("logs", "by-hand") == "from kubectl\n"
    kubectl("debug", "by-hand", "--image=x", "--container=look", "--", "sh", "-c", "echo debugged")
    kubectl("delete", "pod", "by-hand")


def test_references_in_a_command_are_filled_in_as_documented() -> None:
    """$(NAME) is filled in, $$ is one $, and what is not known stays."""
    given = {"HOME": "/root"}
    assert expanded("$(HOME) $(NONE) $$(HOME) $HOME $(date +%s)", given) == "/root $(NONE) $(HOME) $HOME $(date +%s)"
