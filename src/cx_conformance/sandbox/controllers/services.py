"""Services: a ClusterIP for each that wants one, a node port where the type has one."""

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects

_FIRST_NODE_PORT = 30000
_NODE_PORTS = 2768


def services(objects: Objects) -> None:
    """Complete each Service that its author left to the cluster."""
    for service in objects.of("Service"):
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            continue
        metadata = service["metadata"]
        address = spec.get("clusterIP") or objects.world.addresses.service(metadata["namespace"], metadata["name"])
        ports = [_port(metadata["uid"], spec["type"], port) for port in spec.get("ports", [])]
        completed = spec | {"clusterIP": address, "clusterIPs": [address], "ports": ports}
        objects.put(service | {"spec": completed})


def _port(uid: str, kind: str, port: Object) -> Object:
    if kind == "ClusterIP" or "nodePort" in port:
        return port
    offset = (int(uid.replace("-", ""), 16) + int(port["port"])) % _NODE_PORTS
    return port | {"nodePort": _FIRST_NODE_PORT + offset}
