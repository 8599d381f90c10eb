"""EndpointSlices, and the deprecated Endpoints: which pods stand behind each Service, and on which ports.

A named targetPort is looked up in each pod; where no container has it, the pod has no such port, and a Service none
of whose ports is found keeps its endpoints with ``ports: null``. Source:
https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ and the recorded slices of a Kubernetes 1.36.
"""

from collections.abc import Iterable

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.selectors import match_labels
from cx_conformance.sandbox.world import suffix

_HEADLESS = "service.kubernetes.io/headless"
Group = tuple[list[Object], list[Object]]
"""Ports, and the pods that have just these."""

_TERMINAL = ("Succeeded", "Failed")


def endpoints(objects: Objects) -> None:
    """Make the slices and Endpoints of every Service with a selector."""
    pods: dict[str, list[Object]] = {}
    for pod in objects.of("Pod"):
        pods.setdefault(pod["metadata"]["namespace"], []).append(pod)
    for service in objects.of("Service"):
        selector = service["spec"].get("selector")
        if not selector or service["spec"].get("type") == "ExternalName":
            continue
        candidates = pods.get(service["metadata"]["namespace"], [])
        chosen = [
            pod for pod in candidates if match_labels(selector, pod["metadata"].get("labels")) and _has_address(pod)
        ]
        by_ports = _by_ports(service, chosen)
        for index, (ports, members) in enumerate(by_ports):
            objects.put(_slice(objects, service, ports, members, index))
        objects.put(_endpoints(objects, service, by_ports))


def target_port(service_port: Object, pod: Object) -> int | None:
    """Return the container port that a Service's port leads to in that pod; None where no container has that name."""
    target = service_port.get("targetPort", service_port["port"])
    if isinstance(target, int):
        return target
    protocol = service_port.get("protocol", "TCP")
    for container in (*pod["spec"]["containers"], *_sidecars(pod)):
        for port in container.get("ports", []):
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def is_ready(pod: Object) -> bool:
    """Tell whether the pod's Ready condition is true."""
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _sidecars(pod: Object) -> Iterable[Object]:
    return (c for c in pod["spec"].get("initContainers", []) if c.get("restartPolicy") == "Always")


def _has_address(pod: Object) -> bool:
    status = pod.get("status", {})
    return bool(status.get("podIP")) and status.get("phase") not in _TERMINAL


def _by_ports(service: Object, pods: list[Object]) -> list[Group]:
    """Group the pods by the ports that they resolve the Service's ports to; one slice a group."""
    groups: dict[tuple[tuple[str, str, int], ...], list[Object]] = {}
    for pod in pods:
        found = [
            (port.get("name", ""), port.get("protocol", "TCP"), number)
            for port in service["spec"].get("ports", [])
            if (number := target_port(port, pod)) is not None
        ]
        groups.setdefault(tuple(found), []).append(pod)
    named: list[Group] = [
        ([{"name": n, "protocol": p, "port": number} for n, p, number in key], them) for key, them in groups.items()
    ]
    return named or [([], [])]


def _slice(objects: Objects, service: Object, ports: list[Object], pods: list[Object], index: int) -> Object:
    metadata = service["metadata"]
    labels = dict(metadata.get("labels", {}))
    labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
    labels["kubernetes.io/service-name"] = metadata["name"]
    if service["spec"].get("clusterIP") == "None":
        labels[_HEADLESS] = ""
    seed = f"{metadata['uid']}/{index}"
    name = f"{metadata['name']}-{suffix(seed, 5)}"
    made = objects.owned(service, "discovery.k8s.io/v1", "EndpointSlice", name)
    made["metadata"]["labels"] = labels
    made["metadata"]["generateName"] = f"{metadata['name']}-"
    made["metadata"]["generation"] = 1
    made["metadata"]["annotations"] = {"endpoints.kubernetes.io/last-change-trigger-time": objects.world.born}
    addressed = [_endpoint(service, pod) for pod in pods]
    return made | {"addressType": "IPv4", "endpoints": addressed or None, "ports": ports or None}


def _endpoint(service: Object, pod: Object) -> Object:
    metadata, spec = pod["metadata"], pod["spec"]
    serving, leaving = is_ready(pod), "deletionTimestamp" in metadata
    ready = (serving and not leaving) or bool(service["spec"].get("publishNotReadyAddresses"))
    made: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": leaving},
    }
    if spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]:
        made["hostname"] = spec["hostname"]
    made["targetRef"] = _reference(pod)
    made["nodeName"] = spec["nodeName"]
    return made


def _reference(pod: Object) -> Object:
    metadata = pod["metadata"]
    return {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}


def _endpoints(objects: Objects, service: Object, by_ports: list[Group]) -> Object:
    metadata = service["metadata"]
    labels = metadata.get("labels", {}) | {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    made = objects.head("v1", "Endpoints", metadata["namespace"], metadata["name"], labels=labels)
    subsets = [_subset(ports, pods) for ports, pods in by_ports if ports and pods]
    return made | ({"subsets": subsets} if subsets else {})


def _subset(ports: list[Object], pods: list[Object]) -> Object:
    listed: dict[str, list[Object]] = {}
    for pod in pods:
        address = {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod)}
        listed.setdefault("addresses" if is_ready(pod) else "notReadyAddresses", []).append(address)
    return {**listed, "ports": ports}
