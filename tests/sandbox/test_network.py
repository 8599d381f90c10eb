"""Pods and Services of the embedded cluster listen, refuse and misbehave as they would in a cluster."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.blueprint.conftest import SHIPPED

Object = dict[str, Any]

PORT = 8081


def component(
    name: str, *, simulate: list[Object] | None = None, replicas: int = 1, selector: Object | None = None
) -> list[Object]:
    """Return a Deployment and its Service, on one named port."""
    labels = {"app.kubernetes.io/name": name}
    annotations = {"annotations": {"cx-conformance/simulate": json.dumps(simulate)}} if simulate is not None else {}
    ports = [{"name": "http", "containerPort": PORT}]
    template = {
        "metadata": {"labels": labels, **annotations},
        "spec": {"containers": [{"name": name, "image": "i:1", "ports": ports}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": "apps", "labels": labels}
    service = {"selector": selector or labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    ]


HEALTHY = {"/health": {"status": 200, "body": '{"status": "UP"}'}}
OBJECTS = [
    *component("web", simulate=[{"port": PORT, "as": "http", "paths": HEALTHY}], replicas=2),
    *component("silent"),
    *component("nobody", selector={"app": "nobody-has-this"}),
    *component("hangs", simulate=[{"port": PORT, "as": "http", "behaviour": "hang"}]),
    *component("resets", simulate=[{"port": PORT, "as": "http", "behaviour": "reset"}]),
    *component("broken", simulate=[{"port": PORT, "as": "http", "behaviour": "status:503"}]),
    *component("rubbish", simulate=[{"port": PORT, "as": "http", "behaviour": "garbage"}]),
    *component("closed", simulate=[{"port": PORT, "as": "http", "behaviour": "closed"}]),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    """Serve components that behave well and badly."""
    with EmbeddedCluster(OBJECTS) as running:
        _ = running.kubeconfig
        yield running


def address(cluster: EmbeddedCluster, name: str) -> str:
    """Return a Service's ClusterIP."""
    for thing in cluster.objects:
        if thing["kind"] == "Service" and thing["metadata"]["name"] == name:
            return str(thing["spec"]["clusterIP"])
    raise AssertionError(name)


def get(
    host: str, port: int = 80, path: str = "/health", context: ssl.SSLContext | None = None
) -> tuple[int, str, bytes]:
    """GET a path; return status, content type and body."""
    connection = (
        http.client.HTTPConnection(host, port, timeout=5)
        if context is None
        else http.client.HTTPSConnection(host, port, timeout=5, context=context)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()
    finally:
        connection.close()


def test_a_service_leads_to_its_endpoints(cluster: EmbeddedCluster) -> None:
    """The documented path answers what the annotation says, through the ClusterIP and at the pod itself."""
    pod = next(
        t["status"]["podIP"] for t in cluster.objects if t["kind"] == "Pod" and t["metadata"]["name"].startswith("web")
    )

    for place in ((address(cluster, "web"), 80), (pod, PORT)):
        assert get(*place) == (200, "application/json", b'{"status": "UP"}')


def test_other_paths_are_not_found(cluster: EmbeddedCluster) -> None:
    """Nothing is made up: a path that is not simulated is 404."""
    assert get(address(cluster, "web"), path="/else")[0] == 404


@pytest.mark.parametrize("name", ["nobody", "closed"])
def test_a_service_without_a_listening_endpoint_refuses(cluster: EmbeddedCluster, name: str) -> None:
    """No endpoints, or an endpoint that does not listen: connection refused, as by kube-proxy."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address(cluster, name), 80), 2).close()


def test_a_port_without_a_simulation_accepts_and_is_silent(cluster: EmbeddedCluster) -> None:
    """A declared port listens; what it would say is not made up."""
    with socket.create_connection((address(cluster, "silent"), 80), 2) as connection:
        connection.settimeout(0.3)
        connection.sendall(b"hello\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_hang_accepts_and_never_answers(cluster: EmbeddedCluster) -> None:
    """The connection stands, and nothing comes."""
    with socket.create_connection((address(cluster, "hangs"), 80), 2) as connection:
        connection.settimeout(0.3)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_reset_is_a_reset(cluster: EmbeddedCluster) -> None:
    """At the pod itself the client sees the connection reset."""
    pod = next(
        t["status"]["podIP"]
        for t in cluster.objects
        if t["kind"] == "Pod" and t["metadata"]["name"].startswith("resets")
    )
    with socket.create_connection((pod, PORT), 2) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_status_and_garbage_are_served_as_asked(cluster: EmbeddedCluster) -> None:
    """503 for every path; and bytes that are no HTTP."""
    assert get(address(cluster, "broken"))[0] == 503
    with pytest.raises(http.client.BadStatusLine):
        get(address(cluster, "rubbish"))


def test_listeners_follow_a_fault() -> None:
    """What a fault takes away stops listening; everything else stays."""
    with EmbeddedCluster([*component("web"), *component("other")]) as cluster:
        addresses = {name: address(cluster, name) for name in ("web", "other")}
        for place in addresses.values():
            socket.create_connection((place, 80), 2).close()

        cluster.inject("absent-workload:web")

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((addresses["web"], 80), 2).close()
        socket.create_connection((addresses["other"], 80), 2).close()


@pytest.mark.parametrize(
    ("fault", "expected"), [("edge-refused:web", ConnectionRefusedError), ("edge-reset:web", ConnectionResetError)]
)
def test_an_edge_can_break_while_both_ends_are_well(fault: str, expected: type[Exception]) -> None:
    """The Service's address refuses or resets; the pod itself still answers."""
    with EmbeddedCluster(
        component("web", simulate=[{"port": PORT, "as": "http", "paths": HEALTHY}]), [fault]
    ) as cluster:
        pod = next(
            t["status"]["podIP"] for t in cluster.objects if t["kind"] == "Pod" and t["metadata"]["namespace"] == "apps"
        )

        assert get(pod, PORT)[0] == 200
        with pytest.raises(expected):
            get(address(cluster, "web"))


def test_https_shows_the_certificate_of_the_mounted_secret_and_a_fault_makes_it_plain() -> None:
    """TLS comes from the Secret that the pod mounts; ``plain-http`` answers HTTP on the same port."""
    objects = reference_installation(load_blueprint(SHIPPED).document, seed=1)
    kept = [
        o
        for o in objects
        if "file-engine" in o["metadata"]["name"] or o["kind"] in ("Secret", "ConfigMap", "Namespace")
    ]
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with EmbeddedCluster(kept) as cluster:
        place = (address(cluster, "ef-file-engine-svc"), 8443)
        assert get(*place, path="/api/SystemInfo", context=trusting)[0] == 200

        cluster.inject("plain-http:file-engine")

        assert get(*place, path="/api/SystemInfo")[0] == 200
        with pytest.raises(ssl.SSLError):
            get(*place, path="/api/SystemInfo", context=trusting)
