"""An embedded cluster starts, changes and ends as a whole, and leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config
from kubernetes.stream import ws_client

from cx_conformance.sandbox.cluster import EmbeddedCluster, SandboxFailed
from cx_conformance.sandbox.faults import UnknownFault
from tests.sandbox.shop import Client, applied_objects

SOURCES = str(Path(__file__).parents[2] / "src")


def children() -> set[int]:
    """Return the processes that this one started and that still run."""
    return {int(name) for task in Path("/proc/self/task").iterdir() for name in (task / "children").read_text().split()}


def _descriptors() -> list[Path]:
    """Return this process's open files, sockets included."""
    return list(Path("/proc/self/fd").iterdir())


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Tell whether a condition comes to hold within some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def test_nothing_is_left_behind() -> None:
    """After the context no process, thread, descriptor or file of it is there."""
    before = children(), threading.active_count(), len(_descriptors())

    with EmbeddedCluster(applied_objects()) as cluster:
        folder = cluster.kubeconfig.parent
        Client.of(cluster.kubeconfig).ask("/api/v1/pods")
        assert children() - before[0]

    assert not folder.exists()
    assert (children(), threading.active_count(), len(_descriptors())) == before


def test_nothing_is_left_behind_when_the_parent_is_killed(tmp_path: Path) -> None:
    """A parent that is killed outright takes its cluster, its cluster's execs and files with it."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import json, sys\n"
        "from cx_conformance.sandbox.cluster import EmbeddedCluster\n"
        "with EmbeddedCluster(json.load(open(sys.argv[1])), static=True) as cluster:\n"
        "    print(cluster.kubeconfig, cluster._process.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    objects = tmp_path / "objects.json"
    objects.write_text("[]")
    with subprocess.Popen(
        [sys.executable, str(script), str(objects)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": SOURCES},
    ) as parent:
        assert parent.stdout is not None
        path, pid = parent.stdout.readline().split()
        assert Path(path).exists()
        parent.send_signal(signal.SIGKILL)

    assert eventually(lambda: not Path(path).parent.exists())
    assert eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_the_kubeconfig_is_for_its_owner_only(applied_shop: EmbeddedCluster) -> None:
    """It holds a token, so nobody else may read it."""
    assert stat.S_IMODE(applied_shop.kubeconfig.stat().st_mode) == 0o600


def test_two_clusters_do_not_meet() -> None:
    """Each has addresses of its own, and the objects of its own."""
    with (
        EmbeddedCluster(applied_objects()) as one,
        EmbeddedCluster(applied_objects(), ["absent-workload:web"]) as other,
    ):
        addresses = [{pod["status"].get("podIP") for pod in pods(each.objects)} - {None} for each in (one, other)]

        assert not addresses[0] & addresses[1]
        assert len(pods(one.objects)) == len(pods(other.objects)) + 2


def pods(objects: list[Any]) -> list[Any]:
    """Return the pods among objects."""
    return [thing for thing in objects if thing["kind"] == "Pod"]


def test_a_fault_can_come_later() -> None:
    """Objects, listeners and watchers follow."""
    with EmbeddedCluster(applied_objects()) as cluster:
        client = Client.of(cluster.kubeconfig)
        version = client.ask("/api/v1/pods").body["metadata"]["resourceVersion"]

        cluster.inject("absent-workload:web")

        watched = client.ask(f"/api/v1/namespaces/shop/pods?watch=1&resourceVersion={version}&timeoutSeconds=1")
        assert watched.text.count('"type":"DELETED"') == 2
        assert client.ask("/apis/apps/v1/namespaces/shop/deployments/web").status == 404


def test_an_unknown_fault_is_refused_before_anything_starts() -> None:
    """The mistake is told at once, with what is allowed."""
    with pytest.raises(UnknownFault, match="there is no fault 'nonsense'"):
        EmbeddedCluster([], ["nonsense"])


def test_a_fault_without_its_target_is_told() -> None:
    """A component that is not there is said to be not there, with those that are."""
    with (
        EmbeddedCluster(applied_objects(), ["absent-workload:nobody"], static=True) as cluster,
        pytest.raises(SandboxFailed, match="no workload belongs to a component 'nobody'; there are bad-command"),
    ):
        _ = cluster.kubeconfig


def test_requests_are_written_down(applied_shop: EmbeddedCluster, as_applied: Client) -> None:
    """Method, path, user, agent, status and size of each request can be read back."""
    reply = as_applied.ask("/api/v1/namespaces/none/pods?limit=7")

    (found,) = [one for one in applied_shop.requests() if one["path"] == "/api/v1/namespaces/none/pods?limit=7"]
    assert (found["method"], found["user"], found["status"], found["bytes"]) == ("GET", "sandbox", 200, len(reply.text))
    assert found["agent"].startswith("Python-urllib/")


def test_revoked_tokens_are_refused() -> None:
    """As when credentials expire in mid-run: the old token is 401, a new one works."""
    with EmbeddedCluster(applied_objects(), static=True) as cluster:
        client = Client.of(cluster.kubeconfig)
        cluster.revoke_tokens()

        assert client.ask("/api/v1/pods").status == 401
        assert client.ask("/version", token=cluster.token_for("shop/default")).status == 200


def test_the_official_client_works(applied_shop: EmbeddedCluster) -> None:
    """Typed lists, and exec by ``ws_client``, as the suite itself uses them."""
    configuration = kubernetes_client.Configuration()
    kubernetes_config.load_kube_config(  # type: ignore[no-untyped-call]  # the client is half typed
        str(applied_shop.kubeconfig), client_configuration=configuration
    )
    with kubernetes_client.ApiClient(configuration) as api:
        listed = kubernetes_client.CoreV1Api(api).list_namespaced_pod("shop")
        names = [pod.metadata.name for pod in listed.items if pod.metadata]
    assert "db-0" in names

    settings: Any = configuration.auth_settings()
    headers = {each["key"]: each["value"] for each in settings.values()}
    stream = ws_client.websocket_call(  # type: ignore[no-untyped-call]  # the client is half typed
        configuration,
        "GET",
        f"{configuration.host}/api/v1/namespaces/shop/pods/db-0/exec",
        headers=headers,
        query_params=[("command", "sh"), ("command", "-c"), ("command", "echo hello; exit 4"), ("stdout", "true")],
        _preload_content=False,
    )
    try:
        stream.run_forever(timeout=10)
        assert stream.returncode == 4
        assert stream.read_all() == "hello\n"
    finally:
        stream.sock.shutdown()  # close() leaves the socket open when the server closed first


def test_ten_thousand_pods_are_listed() -> None:
    """A large cluster's list comes whole and in pages, without falling over."""
    template = {"metadata": {"labels": {"app": "many"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    many = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "many", "namespace": "large"},
        "spec": {"replicas": 10_000, "selector": {"matchLabels": {"app": "many"}}, "template": template},
    }
    with EmbeddedCluster([many], static=True) as cluster:
        client = Client.of(cluster.kubeconfig)
        whole = client.ask("/api/v1/namespaces/large/pods").body["items"]
        page = client.ask("/api/v1/namespaces/large/pods?limit=500").body

    assert len(whole) == 10_000
    assert (len(page["items"]), page["metadata"]["remainingItemCount"]) == (500, 9_500)
