"""Services and Ingresses: how components are called inside the cluster, and reached from outside."""

from collections.abc import Iterator
from typing import Any, Final

from cx_conformance.blueprint.component import Component, Ingress, Service, ServicePort
from cx_conformance.blueprint.manifests.installation import (
    INGRESS_TLS_SECRET,
    Installation,
    metadata,
    own_labels,
    pod_labels,
    serves_tls,
)

_NGINX: Final = "nginx.ingress.kubernetes.io"
_HOUR: Final = "3600"


def service(name: str, component: Component, promised: Service, made: Installation) -> dict[str, Any]:
    """Return the Service of one component."""
    ports = [_port(component, port) for port in promised.ports]
    spec: dict[str, Any] = {"type": promised.type, "selector": pod_labels(name, component), "ports": ports}
    if promised.headless:
        spec["clusterIP"] = "None"
    about = metadata(made.namespace(component), promised.name, own_labels(name, component))
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}


def ingresses(name: str, component: Component, promised: Ingress, made: Installation) -> Iterator[dict[str, Any]]:
    """Give the Ingress of the promised path, and one of the further paths, which are not rewritten."""
    if component.service is None:
        return
    port = component.service.ports[0]
    annotations: dict[str, str] = {}
    if serves_tls(component, port.container_port):
        annotations[f"{_NGINX}/backend-protocol"] = "HTTPS"
    if promised.web_socket:
        # A WebSocket is idle for longer than the minute after which nginx ends it.
        annotations |= {f"{_NGINX}/proxy-read-timeout": _HOUR, f"{_NGINX}/proxy-send-timeout": _HOUR}
    if _knows_its_path(component, promised):
        kind = "Exact" if promised.exact else "Prefix"
        path, rewriting = _path(promised.path, component.service, port, kind=kind), {}
    else:
        path = _path(f"{promised.path}(/|$)(.*)", component.service, port, kind="ImplementationSpecific")
        rewriting = {f"{_NGINX}/rewrite-target": "/$2", f"{_NGINX}/use-regex": "true"}
    yield _ingress(component.workload.name, name, component, made, annotations | rewriting, [path])
    others = (*promised.also_paths, *(one.path.rstrip("/") or "/" for one in promised.paths))
    if others:
        paths = [_path(also, component.service, port) for also in others]
        yield _ingress(f"{component.workload.name}-also", name, component, made, annotations, paths)


def _knows_its_path(component: Component, promised: Ingress) -> bool:
    """Tell whether the component itself serves below the path, as Keycloak does below ``/auth``, or all."""
    return (
        promised.exact
        or promised.path == "/"
        or any(health.path.startswith(f"{promised.path}/") for health in component.health)
    )


def _ingress(  # noqa: PLR0913, PLR0917 - each is a part of the object
    object_name: str,
    name: str,
    component: Component,
    made: Installation,
    annotations: dict[str, str],
    paths: list[dict[str, Any]],
) -> dict[str, Any]:
    labels = own_labels(name, component)
    more = {"annotations": annotations} if annotations else {}
    about = metadata(made.namespace(component), object_name, labels, **more)
    promised = component.ingress
    host = (promised.host if promised else None) or made.fqdn
    spec: dict[str, Any] = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": paths}}]}
    if promised is None or promised.over_tls:
        spec["tls"] = [{"hosts": [host], "secretName": INGRESS_TLS_SECRET}]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": about, "spec": spec}


def _path(path: str, promised: Service, port: ServicePort, *, kind: str = "Prefix") -> dict[str, Any]:
    backend = {"service": {"name": promised.name, "port": {"number": port.port}}}
    return {"path": path, "pathType": kind, "backend": backend}


def _port(component: Component, promised: ServicePort) -> dict[str, Any]:
    """Return a Service port; it leads to the container port by name where that has one."""
    named = next((port.name for port in component.container_ports if port.port == promised.container_port), None)
    return {
        "name": promised.name or f"tcp-{promised.port}",
        "port": promised.port,
        "protocol": "TCP",
        "targetPort": named or promised.container_port,
    }
