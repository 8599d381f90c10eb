"""From a Service's port to a container port, and to the endpoints that answer."""

from typing import Any

import pytest

from cx_conformance.cluster.pod_index import PodIndex
from cx_conformance.cluster.ports import (
    container_port_for,
    port_reached,
    ready_endpoints,
    stale_endpoints,
    strange_endpoints,
    why_no_endpoint,
)
from cx_conformance.objects.pod import Pod, pod
from cx_conformance.objects.pod_spec import PodSpec, pod_spec
from cx_conformance.objects.service import EndpointSlice, Service, ServicePort, endpoint_slice, service
from tests.objects.recordings import recorded


def recorded_service(name: str) -> tuple[Service, tuple[EndpointSlice, ...], tuple[Pod, ...]]:
    """Return a recorded Service with its slices and the pods that it selects."""
    found = next(item for item in recorded(Service) if item.name == name)
    slices = tuple(item for item in recorded(EndpointSlice) if item.service_name == name)
    return found, slices, PodIndex(recorded(Pod)).matching(found.namespace, found.selector)


def port(number: int = 80, target: int | str | None = None, name: str = "", protocol: str = "TCP") -> ServicePort:
    """Return a Service's port."""
    return ServicePort(name=name, number=number, target=target, protocol=protocol, node_port=None, app_protocol="")


SPEC: PodSpec = pod_spec(
    {
        "initContainers": [
            {"name": "prepare", "ports": [{"name": "init-port", "containerPort": 1}]},
            {"name": "proxy", "restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 15001}]},
        ],
        "containers": [
            {"name": "web", "ports": [{"name": "http", "containerPort": 8080}]},
            {"name": "dns", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]},
        ],
    }
)


@pytest.mark.parametrize(
    ("service_port", "arrives"),
    [
        (port(80, "http"), (8080, "web")),
        (port(80, 8080), (8080, "web")),
        (port(8080), (8080, "web")),
        (port(80, "proxy"), (15001, "proxy")),
        (port(80, 9999), (9999, None)),
        (port(53, "dns", protocol="UDP"), (53, "dns")),
        (port(53, "dns"), None),
        (port(80, "init-port"), None),
        (port(80, "nowhere"), None),
    ],
)
def test_a_target_is_resolved_as_the_endpoints_controller_does(
    service_port: ServicePort, arrives: tuple[int, str | None] | None
) -> None:
    """Number, name or absent; native sidecars serve, init containers do not; the protocol counts."""
    found = container_port_for(service_port, SPEC)
    assert (None if found is None else (found.number, found.container)) == arrives


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("web-svc", {("10.244.0.56", 8080), ("10.244.0.57", 8080)}),
        ("web-lb", {("10.244.0.56", 8080), ("10.244.0.57", 8080)}),
        ("db", {("10.244.0.58", 6379)}),
        ("web-dangling", set()),
        ("web-nobody", set()),
    ],
)
def test_recorded_services_have_these_ready_endpoints(name: str, addresses: set[tuple[str, int]]) -> None:
    """A dangling named target has slices with ready endpoints and no port: it leads nowhere."""
    found, slices, _ = recorded_service(name)
    assert {(item.address, item.port) for item in ready_endpoints(found, slices, found.ports[0])} == addresses


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("web-dangling", "no container of the 2 pods behind it has a port named 'no-such-port', its targetPort"),
        ("web-nobody", "its selector app=nobody matches no pod"),
    ],
)
def test_it_is_said_why_there_is_no_endpoint(name: str, words: str) -> None:
    """The cause, not only the absence."""
    found, slices, pods = recorded_service(name)
    assert why_no_endpoint(found, found.ports[0], slices, pods) == words


def test_an_external_name_has_no_endpoints() -> None:
    """It is a DNS alias, not a way into the cluster."""
    found, slices, _ = recorded_service("outside")
    assert ready_endpoints(found, slices) == ()
    assert "ExternalName and points at example.test" in why_no_endpoint(found, port(), slices, ())


def test_pods_that_are_not_ready_are_the_reason() -> None:
    """The Service is right, its pods are not."""
    behind = PodIndex(recorded(Pod)).matching("shop", {"app": "bad-unready"})
    found = service({"spec": {"selector": {"app": "bad-unready"}, "ports": [{"port": 80}]}})
    assert why_no_endpoint(found, found.ports[0], (), behind) == "the pod behind it is not ready"


def slice_of(*endpoints: dict[str, Any], family: str = "IPv4", ports: object = None) -> EndpointSlice:
    """Return a slice of Service web with one port 8080, unless other ``ports`` are given."""
    given = [{"name": "http", "port": 8080}] if ports is None else ports
    return endpoint_slice({"addressType": family, "ports": given, "endpoints": list(endpoints)})


WEB = service({"spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80}], "selector": {"a": "b"}}})
HTTP = WEB.ports[0]


def test_ready_null_means_ready_and_terminating_does_not() -> None:
    """As consumers of the API must read it."""
    found = slice_of(
        {"addresses": ["10.1.0.1"]},
        {"addresses": ["10.1.0.2"], "conditions": {"ready": None}},
        {"addresses": ["10.1.0.3"], "conditions": {"ready": False, "serving": True, "terminating": True}},
    )
    assert [item.address for item in ready_endpoints(WEB, [found], HTTP)] == ["10.1.0.1", "10.1.0.2"]


def test_slices_and_families_are_joined() -> None:
    """Dual stack and more than a hundred endpoints come in several slices; a repeated address counts once."""
    slices = [
        slice_of({"addresses": ["example.test"]}, family="FQDN"),
        slice_of({"addresses": ["10.1.0.1"]}),
        slice_of({"addresses": ["10.1.0.1"]}, {"addresses": ["10.1.0.2"]}),
        slice_of({"addresses": ["fd00::1"]}, family="IPv6"),
    ]
    found = ready_endpoints(WEB, slices, HTTP)
    assert [(item.address, item.family) for item in found] == [
        ("10.1.0.1", "IPv4"),
        ("10.1.0.2", "IPv4"),
        ("fd00::1", "IPv6"),
    ]


def test_an_endpoint_names_its_pod_and_nothing_else() -> None:
    """One that somebody keeps by hand may refer to a node, or to nothing."""
    found = slice_of(
        {"addresses": ["10.1.0.1"], "targetRef": {"kind": "Pod", "name": "web-1"}, "nodeName": "node-1"},
        {"addresses": ["10.1.0.2"], "targetRef": {"kind": "Node", "name": "node-2"}},
        {"addresses": ["10.1.0.3"]},
    )
    assert [(one.pod, one.node) for one in ready_endpoints(WEB, [found], HTTP)] == [
        ("web-1", "node-1"),
        ("", ""),
        ("", ""),
    ]


def test_only_the_port_of_that_name_counts() -> None:
    """A slice carries the Service's port names."""
    found = slice_of({"addresses": ["10.1.0.1"]}, ports=[{"name": "metrics", "port": 9000}])
    assert ready_endpoints(WEB, [found], HTTP) == ()
    assert [item.port for item in ready_endpoints(WEB, [found])] == [9000]


def test_a_headless_service_translates_no_port() -> None:
    """Its name resolves to the pods, so the client arrives at the port that it dials."""
    headless = service({"spec": {"clusterIP": "None", "ports": [{"port": 80, "targetPort": "http"}]}})
    translated = container_port_for(headless.ports[0], SPEC)
    reached = port_reached(headless, headless.ports[0], SPEC)
    assert translated is not None
    assert translated.number == 8080
    assert reached is not None
    assert (reached.number, reached.container) == (80, None)


def pod_at(*addresses: str, name: str = "web-1", declared: int = 80) -> Pod:
    """Return a pod that has these addresses and serves on a port."""
    container = {"name": "web", "ports": [{"name": "http", "containerPort": declared}]}
    status = {"podIP": addresses[0], "podIPs": [{"ip": one} for one in addresses]}
    return pod({"metadata": {"name": name}, "spec": {"containers": [container]}, "status": status})


def endpoint(address: str, of: str = "") -> dict[str, Any]:
    """Return an endpoint, of a pod where one is named."""
    return {"addresses": [address], **({"targetRef": {"kind": "Pod", "name": of}} if of else {})}


def serving(
    *endpoints: dict[str, Any], family: str = "IPv4", number: int | None = 80, keeper: str = ""
) -> EndpointSlice:
    """Return a slice of that one port, kept by ``keeper`` or by nobody that is known."""
    labels = {"endpointslice.kubernetes.io/managed-by": keeper} if keeper else {}
    ports = [{"name": "http"} | ({"port": number} if number else {})]
    metadata = {"name": "web-abc", "labels": labels}
    return endpoint_slice({"metadata": metadata, "addressType": family, "ports": ports, "endpoints": list(endpoints)})


def stale(found: EndpointSlice, *pods: Pod, of: Service = WEB) -> list[str]:
    """Return the addresses of those endpoints that lead to no pod."""
    return [one.address for one in stale_endpoints(of, HTTP, ready_endpoints(of, [found], HTTP), pods)]


def test_endpoints_that_are_their_pods_are_not_stale() -> None:
    """Whether they name the pod or give its address alone, in either family."""
    behind = pod_at("10.1.0.1", "fd00::1")
    assert stale(serving(endpoint("10.1.0.1", "web-1"), endpoint("10.1.0.1")), behind) == []
    assert stale(serving(endpoint("fd00::1", "web-1"), family="IPv6"), behind) == []


def test_endpoints_that_their_pods_have_left_are_stale() -> None:
    """The pod has another address, or another port, or is not there; those beside it are looked at all the same."""
    moved = serving(endpoint("10.1.0.9", "web-1"), endpoint("10.1.0.1", "web-1"), endpoint("10.1.0.8"))
    assert stale(moved, pod_at("10.1.0.1")) == ["10.1.0.9", "10.1.0.8"]
    assert stale(serving(endpoint("10.1.0.1", "web-1")), pod_at("10.1.0.1"), pod_at("10.1.0.2", name="web-2")) == []
    assert stale(serving(endpoint("10.1.0.1", "gone")), pod_at("10.1.0.2")) == ["10.1.0.1"]
    other_port = serving(endpoint("10.1.0.1", "web-1"), number=9000)
    assert stale(other_port, pod_at("10.1.0.1")) == ["10.1.0.1"]


def test_what_cannot_be_compared_is_not_called_stale() -> None:
    """A pod without an address of that family, a port without a number, a target that no container has."""
    assert stale(serving(endpoint("fd00::1", "web-1"), family="IPv6"), pod_at("10.1.0.1")) == []
    assert stale(serving(endpoint("10.1.0.1", "web-1"), number=None), pod_at("10.1.0.1")) == []
    named = service({"spec": {"clusterIP": "10.0.0.1", "selector": {"a": "b"}} | PORT_BY_NAME})
    ready = ready_endpoints(named, [serving(endpoint("10.1.0.1", "web-1"))], named.ports[0])
    assert stale_endpoints(named, named.ports[0], ready, [pod_at("10.1.0.1")]) == ()


PORT_BY_NAME = {"ports": [{"name": "http", "port": 80, "targetPort": "nowhere"}]}


def test_without_a_selector_endpoints_are_somebodys_word() -> None:
    """Nothing says which pods they should be, by hand or not."""
    bare = service({"spec": {"clusterIP": "10.0.0.1", "ports": [{"name": "http", "port": 80}]}})
    found = serving(endpoint("10.9.9.9"))
    assert stale(found, of=bare) == []
    assert strange_endpoints(bare, [found], []) == ()


def test_what_people_add_by_hand_to_a_service_with_a_selector_is_a_stranger() -> None:
    """Unless it is one of its pods, a name, not ready, or a controller's."""
    unready = endpoint("10.9.9.8") | {"conditions": {"ready": False}}
    by_hand = serving(endpoint("10.1.0.1"), unready, endpoint("10.9.9.9"))
    assert [address for _, address in strange_endpoints(WEB, [by_hand], [pod_at("10.1.0.1")])] == ["10.9.9.9"]
    assert strange_endpoints(WEB, [serving(endpoint("example.test"), family="FQDN")], []) == ()
    kept = serving(endpoint("10.9.9.9"), keeper="mesh.example.com")
    assert strange_endpoints(WEB, [kept], []) == ()
