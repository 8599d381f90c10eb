"""What a component is configured with: where in its ConfigMaps, its pod template and its Ingresses a text stands."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap


def mentions(seen: Seen, planned: Planned, text: re.Pattern[str]) -> Iterator[str]:
    """Yield each place of ``text``; raises Absent where the workload is, CouldNotLook where something is not seen."""
    spec = seen.spec(planned)
    yield from (place for place, value in told(seen, planned) if _stands_in(value, text))
    for container in (*spec.init_containers, *spec.containers):
        if any(text.search(word) for word in (*container.command, *container.args)):
            yield f"the command of container {container.name}"
    yield from dict.fromkeys(place for route in seen.routes_to(planned) for place in _in_route(route, text))


@lru_cache(maxsize=4096)
def _stands_in(value: str, text: re.Pattern[str]) -> bool:
    """Tell whether ``text`` stands in a value, which many components may be told alike."""
    return text.search(value) is not None


def shared(places: Iterable[str], namespace: str) -> tuple[str, ...]:
    """Return the places as all who share them name them: a ConfigMap and an Ingress are others' too."""
    return tuple(
        re.sub(r"\b(ConfigMap|Ingress) ", rf"\1 {namespace}/", one, count=1)
        for one in places
        if "ConfigMap " in one or "Ingress " in one
    )


def told(seen: Seen, planned: Planned) -> Iterator[tuple[str, str]]:
    """Yield every value of its ConfigMaps and of its variables, each with its place; raises as ``mentions``."""
    live = seen.workload(planned).object
    spec = live.template.spec
    for name in sorted({one.name for one in spec.references() if one.kind == "ConfigMap"}):
        found = seen.snapshot.get(ConfigMap, live.namespace, name)
        for key in found.keys if found else ():
            yield f"ConfigMap {name} key {key}", (found.value(key) if found else None) or ""
    for container in (*spec.init_containers, *spec.containers):
        for variable in container.env:
            yield f"variable {variable.name} of container {container.name}", variable.value or ""


def _in_route(route: Route, text: re.Pattern[str]) -> Iterator[str]:
    ingress = route.ingress
    if any(text.search(host) for host in (route.path.host, *(host for tls in ingress.tls for host in tls.hosts))):
        yield f"Ingress {ingress.name}"
    for key, value in ingress.annotations.items():
        if text.search(value):
            yield f"annotation {key} of Ingress {ingress.name}"
