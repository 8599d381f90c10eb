"""Where a text stands in what a component is configured with: its ConfigMaps, its pod template, its Ingresses."""

import re
from collections.abc import Iterator

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.config import ConfigMap
from cx_conformance.cluster.pod_spec import Container
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.seen import Seen


def mentions(seen: Seen, planned: Planned, text: re.Pattern[str]) -> Iterator[str]:
    """Yield each place of ``text``; raises Absent where the workload is, CouldNotLook where something is not seen."""
    live = seen.workload(planned).object
    spec = live.template.spec
    for name in sorted({one.name for one in spec.references() if one.kind == "ConfigMap"}):
        found = seen.snapshot.get(ConfigMap, live.namespace, name)
        for key in found.keys if found else ():
            if found and text.search(found.value(key) or ""):
                yield f"ConfigMap {name} key {key}"
    for container in (*spec.init_containers, *spec.containers):
        yield from _in_container(container, text)
    yield from dict.fromkeys(place for route in seen.routes_to(planned) for place in _in_route(route, text))


def _in_container(container: Container, text: re.Pattern[str]) -> Iterator[str]:
    for variable in container.env:
        if text.search(variable.value or ""):
            yield f"variable {variable.name} of container {container.name}"
    if any(text.search(word) for word in (*container.command, *container.args)):
        yield f"the command of container {container.name}"


def _in_route(route: Route, text: re.Pattern[str]) -> Iterator[str]:
    ingress = route.ingress
    if any(text.search(host) for host in (route.path.host, *(host for tls in ingress.tls for host in tls.hosts))):
        yield f"Ingress {ingress.name}"
    for key, value in ingress.annotations.items():
        if text.search(value):
            yield f"annotation {key} of Ingress {ingress.name}"
