"""APISIX as the charts install it: what an Ingress leads to it, and the routes by which it leads on.

Routes are ApisixRoute objects where a controller reads them, else the text of one ConfigMap, ``apisix.yaml``.
"""

from collections.abc import Iterator
from typing import Any

from cx_conformance.blueprint.component import Component, Ingress, Service
from cx_conformance.blueprint.manifests.installation import (
    STANDALONE_ROUTES,
    Installation,
    metadata,
    own_labels,
)
from cx_conformance.blueprint.manifests.routes import ingresses
from cx_conformance.blueprint.platform import GATEWAY


def gateway(made: Installation) -> Iterator[dict[str, Any]]:
    """Give the Ingresses of what stands beside the gateway, and the routes to everything else."""
    components = made.blueprint.components
    entrance = components[GATEWAY]
    beside = made.namespace(entrance)
    yield from ingresses(GATEWAY, entrance, Ingress(url="https://${FQDN}/"), made)
    routed = {}
    for name, component in components.items():
        if component.ingress and component.service and made.namespace(component) != beside:
            routed[name] = component
        elif component.ingress:
            yield from ingresses(name, component, component.ingress, made)
    if any(one.name == STANDALONE_ROUTES for one in entrance.config_maps):
        text = "".join(_text(name, component, made) for name, component in routed.items())
        about = metadata(beside, STANDALONE_ROUTES, own_labels(GATEWAY, entrance))
        data = {STANDALONE_ROUTES: f"routes:\n{text}#END\n"}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": data}
    else:
        yield from (_route(name, component, made, entrance) for name, component in routed.items())


def _rules(promised: Ingress) -> Iterator[tuple[list[str], list[str], bool, bool]]:
    """Give for each route its paths, its methods, whether it serves WebSockets, and whether it is for inside only."""
    for further in promised.paths:
        paths = [f"{further.path}*"] if further.path.endswith("/") else [further.path]
        methods: list[str] = [] if further.method == "GET" else [further.method]
        yield paths, methods, further.web_socket, further.inside
    yield [promised.path, f"{promised.path}/*"], [], promised.web_socket, False


def _text(name: str, component: Component, made: Installation) -> str:
    """Write the routes of a component as YAML: APISIX finds the Service by namespace, name and port name."""
    lines = []
    upstream = f"{made.namespace(component)}/{_service(component).name}:{_service(component).ports[0].name}"
    for number, (paths, methods, web_socket, _) in enumerate(_rules(_ingress(component))):
        lines += [f"  - id: {name}-{number}", f"    uris: [{', '.join(map(_quoted, paths))}]"]
        if methods:
            lines.append(f"    methods: [{', '.join(methods)}]")
        if web_socket:
            lines.append("    enable_websocket: true")
        lines.append("    upstream:")
        lines.append(f"      service_name: {_quoted(upstream)}")
        lines.append("      type: roundrobin")
        lines.append("      discovery_type: kubernetes")
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _route(name: str, component: Component, made: Installation, entrance: Component) -> dict[str, Any]:
    inside = f"{_service(entrance).name}.{made.namespace(entrance)}.svc.cluster.local"
    http = []
    for number, (paths, methods, web_socket, within) in enumerate(_rules(_ingress(component))):
        match: dict[str, Any] = {"hosts": [inside if within else made.fqdn], "paths": paths}
        if methods:
            match["methods"] = methods
        backend = {"serviceName": _service(component).name, "servicePort": _service(component).ports[0].port}
        rule = {"name": f"{name}-{number}", "match": match, "backends": [backend]}
        http.append(rule | ({"websocket": True} if web_socket else {}))
    about = metadata(made.namespace(component), f"{component.workload.name}-route", own_labels(name, component))
    return {"apiVersion": "apisix.apache.org/v2", "kind": "ApisixRoute", "metadata": about, "spec": {"http": http}}


def _service(component: Component) -> Service:
    if component.service is None:
        raise LookupError("a component that is reached from outside has a Service")
    return component.service


def _ingress(component: Component) -> Ingress:
    if component.ingress is None:
        raise LookupError("a component that is reached from outside has an address")
    return component.ingress
