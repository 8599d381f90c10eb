"""Exec, tunnel, edges and HTTP together, on the embedded cluster and each of its troubles."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.api.exec import run, runner
from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.api.stream import ApiStreams
from cx_conformance.api.tunnel import TroubleReason, Tunnels
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage, OutOfTime, Unreachable
from cx_conformance.probes.edges import CallerEdges, Edge, EdgeFinding, EdgeLimits, EdgeObservation, probe_edges
from cx_conformance.probes.http import get, get_all
from cx_conformance.probes.http_observation import HttpRequest
from cx_conformance.probes.inside import inside
from cx_conformance.sandbox.annotations import BRIDGE, DNS, PROGRAMS, SHELL, SIMULATE
from cx_conformance.sandbox.cluster import EmbeddedCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = "shop"
PORT = 8081
LIMITS = EdgeLimits(seconds=1, slack_seconds=2)
F = EdgeFinding

CALLERS: dict[str, dict[str, str]] = {
    "caller": {},
    "no-shell": {PROGRAMS: ""},
    "no-tools": {PROGRAMS: "sh sleep"},
    "garbage": {SHELL: "garbage"},
    "flood": {SHELL: "flood"},
    "hang": {SHELL: "hang"},
    "restart": {SHELL: "restart"},
}
SERVICES: dict[str, dict[str, str]] = {
    "good": {},
    "refusing": {BRIDGE: "refuse"},
    "unknown": {DNS: "nxdomain"},
    "misled": {DNS: "127.255.255.254"},
}


def deployment(name: str, annotations: dict[str, str]) -> dict[str, Any]:
    """Return a Deployment of one pod with one container."""
    container = {"name": "main", "image": "x", "ports": [{"containerPort": PORT}]}
    template = {
        "metadata": {"labels": {"app": name}, "annotations": annotations},
        "spec": {"containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": SPACE},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def service(name: str, annotations: dict[str, str]) -> dict[str, Any]:
    """Return a Service that leads to the server."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": SPACE, "annotations": annotations},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": PORT, "targetPort": PORT}]},
    }


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Serve one server behind several Services, and callers of each make."""
    answers = [{"port": PORT, "as": "http", "paths": {"/health": {"status": 200, "body": "well"}}}]
    objects: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "auditor", "namespace": SPACE}},
        deployment("server", {SIMULATE: json.dumps(answers)}),
        *(deployment(name, annotations) for name, annotations in CALLERS.items()),
        *(service(name, annotations) for name, annotations in SERVICES.items()),
    ]
    with EmbeddedCluster(objects) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster(embedded: EmbeddedCluster) -> Cluster:
    """Return a client of it that may do everything."""
    return Cluster.connect(str(embedded.kubeconfig))


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> dict[str, str]:
    """Return the pod of each Deployment."""
    items = cluster.read(f"/api/v1/namespaces/{SPACE}/pods")["items"]
    return {each["metadata"]["labels"]["app"]: each["metadata"]["name"] for each in items}


def edges_from(cluster: Cluster, pods: dict[str, str], *callers: str, to: tuple[str, ...]) -> list[EdgeObservation]:
    """Probe the Services ``to`` from each of ``callers``."""
    asked = [
        CallerEdges(
            place=ContainerPlace(namespace=SPACE, pod=pods[caller], container="main"),
            edges=tuple(Edge(caller=caller, callee=name, host=f"{name}.{SPACE}.svc", port=PORT) for name in to),
        )
        for caller in callers
    ]
    return list(probe_edges(runner(cluster.configuration), asked, LIMITS))


def test_each_edge_has_its_own_finding(cluster: Cluster, pods: dict[str, str]) -> None:
    """Good, refused, not resolvable and misled are told apart, with the addresses as the pod sees them."""
    good, refusing, unknown, misled = edges_from(cluster, pods, "caller", to=("good", "refusing", "unknown", "misled"))
    (cluster_ip,) = [
        each["spec"]["clusterIP"]
        for each in cluster.read(f"/api/v1/namespaces/{SPACE}/services")["items"]
        if each["metadata"]["name"] == "good"
    ]
    assert (good.finding, good.addresses) == (F.CONNECTS, (cluster_ip,))
    assert refusing.finding is F.REFUSED
    assert unknown.finding is F.NOT_RESOLVABLE
    assert misled.addresses == ("127.255.255.254",)
    assert misled.finding is F.REFUSED


@pytest.mark.parametrize(
    ("caller", "kind", "words"),
    [
        ("no-shell", NoVantage, "has no program sh that can be run"),
        ("no-tools", NoVantage, "none of bash, nc, curl, wget, python3 and node"),
        ("garbage", CouldNotLook, r"it printed '\\\\xff\\\\xfe"),
        ("flood", NoVantage, r"printed too much: it was given up after \d+ ms and 1000000 bytes"),
        ("hang", OutOfTime, "did not end"),
        ("restart", Unreachable, "the container restarted, or the connection"),
    ],
)
def test_a_container_that_cannot_look_is_told_in_words(
    cluster: Cluster, pods: dict[str, str], caller: str, kind: type[CouldNotLook], words: str
) -> None:
    """Each trouble with a container has its own kind and words, and none is a finding."""
    (seen,) = edges_from(cluster, pods, caller, to=("good",))
    if caller == "restart" and seen.finding is F.CONNECTS:
        return  # the line came before the container went, and counts
    assert seen.finding is None
    with pytest.raises(kind, match=words):
        seen.looked()


def test_one_bad_caller_does_not_hold_the_others(cluster: Cluster, pods: dict[str, str]) -> None:
    """While one hangs, the others are told; all together take no longer than the one that hangs."""
    began = time.monotonic()
    seen = edges_from(cluster, pods, "hang", "caller", "no-shell", to=("good",))
    assert [each.finding for each in seen] == [None, F.CONNECTS, None]
    assert time.monotonic() - began < 1.5 * LIMITS.total_seconds + 2


def test_a_forbidden_exec_names_what_to_grant(embedded: EmbeddedCluster, pods: dict[str, str]) -> None:
    """An account without pods/exec could not look; the words name verb, resource and namespace."""
    cluster = Cluster.connect(str(embedded.kubeconfig))
    configuration = cluster.configuration
    configuration.refresh_api_key_hook = None
    configuration.cert_file = configuration.key_file = None
    configuration.api_key = {"authorization": f"Bearer {embedded.token_for(f'{SPACE}/auditor')}"}
    with pytest.raises(Forbidden, match="may not get pods/exec in namespace shop"):
        run(ApiStreams(configuration), ContainerPlace(namespace=SPACE, pod=pods["caller"]), ["true"])


def test_a_health_endpoint_answers_through_a_tunnel(cluster: Cluster, pods: dict[str, str]) -> None:
    """The same request as in the cluster, over the API server; a closed port is told from it."""
    with Tunnels(cluster.configuration) as tunnels:
        tunnel = tunnels.open(SPACE, pods["server"], PORT)
        seen = get(HttpRequest(url=f"http://good:{PORT}/health", connect_to=tunnel.address))
        assert (seen.status, seen.text) == (200, "well")
        assert tunnel.accepts()
        closed = tunnels.open(SPACE, pods["server"], 9)
        assert not closed.accepts(5)
        assert closed.trouble is not None
        assert closed.trouble.reason is TroubleReason.CLOSED_PORT
        gone = tunnels.open(SPACE, "no-such-pod", PORT)
        with pytest.raises(NoVantage, match="pod shop/no-such-pod is gone"):
            gone.accepts()
    assert not [each for each in threading.enumerate() if each.name == "tunnels"]


def test_many_connections_to_a_pod_share_one_session(
    embedded: EmbeddedCluster, cluster: Cluster, pods: dict[str, str]
) -> None:
    """Answers, a closed port among them, twenty at once: one port-forward in the API server's log."""
    before = len(embedded.requests())
    with Tunnels(cluster.configuration, tally=cluster.tally) as tunnels:
        tunnel, closed = tunnels.open(SPACE, pods["server"], PORT), tunnels.open(SPACE, pods["server"], 9)
        asked = [HttpRequest(url=f"http://good:{PORT}/health", connect_to=tunnel.address)] * 20
        assert {one.text for one in get_all(asked)} == {"well"}
        assert not closed.accepts(5)
        assert {one.text for one in get_all(asked)} == {"well"}
    later = [one["path"] for one in embedded.requests()[before:]]
    assert [one.partition("?")[0].rpartition("/")[2] for one in later] == ["portforward"]


def test_kubectls_own_port_forward_speaks_the_same(
    embedded: EmbeddedCluster, cluster: Cluster, pods: dict[str, str]
) -> None:
    """What kubectl sends is understood, and kubectl understands what it is sent: SPDY over one WebSocket."""
    command = [
        "kubectl",
        "--kubeconfig",
        str(embedded.kubeconfig),
        "port-forward",
        "-n",
        SPACE,
        f"pod/{pods['server']}",
    ]
    with subprocess.Popen([*command, f":{PORT}", ":9"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout
        assert ran.stderr
        try:
            local: dict[bytes, int] = {}
            while len(local) < 2 and (line := ran.stdout.readline()):
                if found := re.search(rb"127\.0\.0\.1:(\d+) -> (\d+)", line):
                    local[found[2]] = int(found[1])
            request = HttpRequest(url=f"http://good:{PORT}/health", connect_to=("127.0.0.1", local[b"8081"]))
            assert [get(request).text for _ in range(2)] == ["well", "well"]
            with socket.create_connection(("127.0.0.1", local[b"9"]), timeout=10) as driver:
                assert driver.recv(1) == b""
        finally:
            ran.kill()
        assert b"connection refused" in ran.stderr.read()


def test_the_inside_of_a_pod_is_told_by_testinfra(cluster: Cluster, pods: dict[str, str]) -> None:
    """Files and addresses are the pod's own."""
    host = inside(runner(cluster.configuration), ContainerPlace(namespace=SPACE, pod=pods["caller"]))
    assert pods["caller"] in host.file("/etc/hosts").content_string
    assert host.addr(f"good.{SPACE}.svc").is_resolvable
    assert not host.addr(f"unknown.{SPACE}.svc").is_resolvable
    gone = inside(runner(cluster.configuration), ContainerPlace(namespace=SPACE, pod="no-such-pod"))
    with pytest.raises(NoVantage):
        _ = gone.file("/etc/hosts").exists


def test_ten_megabytes_of_output_are_bounded_by_the_caller(cluster: Cluster, pods: dict[str, str]) -> None:
    """What is kept is what was allowed."""
    place = ContainerPlace(namespace=SPACE, pod=pods["caller"])
    streams = ApiStreams(cluster.configuration)
    result = run(streams, place, ["head", "-c", "10000000", "/dev/zero"], limits=ExecLimits(output_bytes=5000))
    assert len(result.stdout) == 5000
    whole = run(streams, place, ["head", "-c", "3000000", "/dev/zero"], limits=ExecLimits(output_bytes=4_000_000))
    assert (len(whole.stdout), whole.exit_code) == (3_000_000, 0)
