"""The API server's proxy reaches what the Service's endpoints, or the pod, answer."""

import json
from collections.abc import Iterator

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.sandbox.shop import Client
from tests.sandbox.test_network import PORT, component

BODY = '{"status": "UP"}'


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    """Serve one component that answers, and one that nothing is behind."""
    simulate = [{"port": PORT, "as": "http", "paths": {"/health": {"body": BODY}}}]
    with EmbeddedCluster([*component("web", simulate=simulate), *component("nobody", selector={"a": "b"})]) as running:
        yield running


@pytest.fixture(scope="module")
def client(cluster: EmbeddedCluster) -> Client:
    """Return a client of it."""
    return Client.of(cluster.kubeconfig)


@pytest.mark.parametrize("name", ["web", "web:80", "web:http", "http:web:80"])
def test_a_service_is_reached_by_port_number_and_name(client: Client, name: str) -> None:
    """Status, content type and body pass through."""
    answered = client.ask(f"/api/v1/namespaces/apps/services/{name}/proxy/health?x=1")

    assert (answered.status, answered.text) == (200, BODY)
    assert answered.headers["content-type"] == "application/json"


def test_a_pod_is_reached(cluster: EmbeddedCluster, client: Client) -> None:
    """``pods/NAME:PORT/proxy`` leads to the pod itself; what it does not know is its own 404."""
    pod = next(
        t["metadata"]["name"] for t in cluster.objects if t["kind"] == "Pod" and t["metadata"]["namespace"] == "apps"
    )

    assert client.ask(f"/api/v1/namespaces/apps/pods/{pod}:{PORT}/proxy/health").text == BODY
    assert client.ask(f"/api/v1/namespaces/apps/pods/{pod}:{PORT}/proxy/else").text == "not simulated\n"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("services/nobody:80/proxy/", 503, 'no endpoints available for service "nobody"'),
        ("services/none:80/proxy/", 404, 'services "none" not found'),
        ("pods/none:80/proxy/", 404, 'pods "none" not found'),
    ],
)
def test_what_cannot_be_reached_is_said_in_the_recorded_words(
    client: Client, path: str, status: int, said: str
) -> None:
    """The Status is that of the real API server."""
    answered = client.ask(f"/api/v1/namespaces/apps/{path}")

    assert (answered.status, answered.body["message"]) == (status, said)


def test_a_pod_that_does_not_listen_is_503(cluster: EmbeddedCluster, client: Client) -> None:
    """The dial's error is passed on."""
    pod = next(
        t["metadata"]["name"] for t in cluster.objects if t["kind"] == "Pod" and t["metadata"]["namespace"] == "apps"
    )

    answered = client.ask(f"/api/v1/namespaces/apps/pods/{pod}:9/proxy/")

    assert answered.status == 503
    assert "connect: connection refused" in json.dumps(answered.body)
