"""An installer's writes: what it creates, replaces and deletes, the controllers follow."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint

Object = dict[str, Any]
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


class Api:
    """Sends single requests to one cluster."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        """Read where it is, and as whom."""
        config = yaml.safe_load(cluster.kubeconfig.read_text())
        self._server = config["clusters"][0]["cluster"]["server"]
        self._token = config["users"][0]["user"]["token"]
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE

    def __call__(self, method: str, path: str, body: Object | None = None) -> tuple[int, Object]:
        """Return status and body."""
        request = urllib.request.Request(  # noqa: S310 - a loopback address
            self._server + path,
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=30) as answer:  # noqa: S310 - the same
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)


@pytest.fixture
def api() -> Iterator[Api]:
    """Give an empty cluster that takes writes and has no network."""
    with EmbeddedCluster([], static=True) as cluster:
        yield Api(cluster)


def manifest(kind: str, name: str) -> Object:
    """Return an object of the reference installation, in a namespace of its own."""
    found = next(
        one
        for one in reference_installation(blueprint(), namespaces={"expertflow": "shop", "ef-external": "shop"}, seed=1)
        if (one["kind"], one["metadata"]["name"]) == (kind, name)
    )
    found["metadata"]["namespace"] = "shop"
    return found


def test_controllers_follow_what_is_created(api: Api) -> None:
    """A StatefulSet gets its pod and its claim, which is bound."""
    assert api("POST", "/api/v1/namespaces", NAMESPACE)[0] == 201
    status, made = api("POST", "/apis/apps/v1/namespaces/shop/statefulsets", manifest("StatefulSet", "redis"))
    assert (status, made["status"]["replicas"]) == (201, 1)
    pods = api("GET", "/api/v1/namespaces/shop/pods")[1]["items"]
    claims = api("GET", "/api/v1/namespaces/shop/persistentvolumeclaims")[1]["items"]
    assert [one["metadata"]["name"] for one in pods] == ["redis-0"]
    assert [(one["metadata"]["name"], one["status"]["phase"]) for one in claims] == [("data-redis-0", "Bound")]


def test_a_replaced_object_keeps_its_identity_and_counts_its_generation(api: Api) -> None:
    """As the API documentation has it."""
    api("POST", "/api/v1/namespaces", NAMESPACE)
    path = "/apis/apps/v1/namespaces/shop/deployments"
    _, made = api("POST", path, manifest("Deployment", "ef-ccm"))
    made["spec"]["replicas"] = 0
    status, now = api("PUT", f"{path}/ef-ccm", made)
    assert (status, now["spec"]["replicas"], now["metadata"]["generation"]) == (200, 0, 2)
    assert now["metadata"]["uid"] == made["metadata"]["uid"]
    assert api("GET", "/api/v1/namespaces/shop/pods")[1]["items"] == []


def test_a_deleted_namespace_takes_all_that_is_in_it(api: Api) -> None:
    """What a controller made of it too."""
    api("POST", "/api/v1/namespaces", NAMESPACE)
    api("POST", "/apis/apps/v1/namespaces/shop/deployments", manifest("Deployment", "ef-ccm"))
    status, said = api("DELETE", "/api/v1/namespaces/shop")
    assert (status, said["status"]) == (200, "Success")
    assert api("GET", "/api/v1/namespaces/shop")[0] == 404
    assert api("GET", "/api/v1/namespaces/shop/pods")[1]["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/v1/namespaces", {**NAMESPACE, "metadata": {"name": "default"}}, 409),
        ("POST", "/api/v1/namespaces", {**NAMESPACE, "metadata": {}}, 400),
        ("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}, 400),
        ("POST", "/api/v1/namespaces/gone/configmaps", {"kind": "ConfigMap", "metadata": {"name": "a"}}, 404),
        (
            "POST",
            "/api/v1/namespaces/default/configmaps",
            {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "kube-system"}},
            400,
        ),
        ("PUT", "/api/v1/namespaces/default/configmaps/a", {"kind": "ConfigMap", "metadata": {"name": "a"}}, 404),
        ("DELETE", "/api/v1/namespaces/default/configmaps/a", None, 404),
        ("DELETE", "/api/v1/namespaces/default/configmaps/kube-root-ca.crt", None, 501),
        ("DELETE", "/api/v1/namespaces/default/configmaps/a?dryRun=All", None, 404),
        ("POST", "/api/v1/namespaces?dryRun=All", NAMESPACE, 501),
        ("PATCH", "/api/v1/namespaces/default", {}, 501),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(
    api: Api, method: str, path: str, body: Object | None, status: int
) -> None:
    """By the status that a real API server gives, or 501 and what is not implemented."""
    refused, said = api(method, path, body)
    assert (refused, said["kind"]) == (status, "Status")
    assert said["message"]
