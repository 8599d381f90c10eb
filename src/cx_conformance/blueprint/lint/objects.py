"""Rules about the objects of components: names, ports, paths, sizes."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from cx_conformance.blueprint.component import Component, Group
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.lint.finding import Level, Spot, rule
from cx_conformance.blueprint.problems import DocumentPath
from cx_conformance.blueprint.promise import Source

T = TypeVar("T")


def _repeated(items: Iterable[tuple[T, DocumentPath]]) -> Iterator[tuple[T, DocumentPath, DocumentPath]]:
    """Give each item that was there before, with its own place and the first one's."""
    seen: dict[T, DocumentPath] = {}
    for item, path in items:
        if item in seen:
            yield item, path, seen[item]
        else:
            seen[item] = path


@rule("BL201", Level.ERROR)
def rows_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """No two components are the same row of the page."""
    rows = ((one.row, ("components", name, "row")) for name, one in blueprint.components.items() if one.row)
    for row, path, first in _repeated(rows):
        yield Spot(path, f"row {row} is {first[1]}'s already", f"{first[1]}")


@rule("BL202", Level.ERROR)
def workload_names_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """No two components have a workload of the same kind and name in one namespace."""
    workloads = (
        ((one.namespace.name, one.workload.kind, candidate), ("components", name, "workload", "name"))
        for name, one in blueprint.components.items()
        for candidate in one.workload.candidates
    )
    for (namespace, kind, candidate), path, first in _repeated(workloads):
        yield Spot(path, f"{kind} {candidate} in {namespace} is {first[1]}'s already", f"{first[1]}")


@rule("BL203", Level.ERROR)
def service_names_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """No two components have a Service of the same name in one namespace."""
    services = (
        ((one.namespace.name, candidate), ("components", name, "service", "name"))
        for name, one in blueprint.components.items()
        if one.service
        for candidate in one.service.candidates
    )
    for (namespace, candidate), path, first in _repeated(services):
        yield Spot(path, f"Service {candidate} in {namespace} is {first[1]}'s already", f"{first[1]}")


@rule("BL204", Level.ERROR)
def ports_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """A component has each port number, and each port name, once in its containers and once in its Service."""
    for name, component in blueprint.components.items():
        for owner, ports in _ports(name, component):
            numbers = ((f"port {port}", (*owner, index, "port")) for index, (port, _) in enumerate(ports))
            names = ((f"port name {said}", (*owner, index, "name")) for index, (_, said) in enumerate(ports) if said)
            for what, path, _ in _repeated((*numbers, *names)):
                yield Spot(path, f"{name} has {what} twice", what)


def _ports(name: str, component: Component) -> Iterator[tuple[DocumentPath, list[tuple[int, str | None]]]]:
    yield ("components", name, "containerPorts"), [(port.port, port.name) for port in component.container_ports]
    if component.service:
        promised = [(port.port, port.name) for port in component.service.ports]
        yield ("components", name, "service", "ports"), promised


@rule("BL205", Level.ERROR)
def service_ports_lead_to_containers(blueprint: Blueprint) -> Iterator[Spot]:
    """Every Service port leads to a container port that is promised, unless it is of charts or captured."""
    for name, component in blueprint.components.items():
        promised = {port.port for port in component.container_ports}
        for index, port in enumerate(component.service.ports if component.service else ()):
            if port.container_port not in promised and port.source not in _OTHERS:
                path = ("components", name, "service", "ports", index)
                yield Spot(
                    path, f"Service port {port.port} leads to container port {port.container_port}, which is none"
                )


_OTHERS: Final = (Source.CAPTURED, Source.RELEASE)
"""Whose names follow no habit of the page."""


@rule("BL206", Level.WARNING)
def port_names_end_in_their_number(blueprint: Blueprint) -> Iterator[Spot]:
    """A container port's name ends in its number, as `<scheme>-<abbreviation>-<port>` does on the page."""
    for name, component in blueprint.components.items():
        for index, port in enumerate(component.container_ports):
            captured = port.source in _OTHERS
            if port.name and not captured and not port.name.endswith(f"-{port.port}"):
                path = ("components", name, "containerPorts", index, "name")
                yield Spot(path, f"port name {port.name} does not end in -{port.port}", port.name)


@rule("BL207", Level.WARNING)
def port_names_have_the_usual_scheme(blueprint: Blueprint) -> Iterator[Spot]:
    """A port that is usually TLS (443, 8443) is named https, unless it is of charts or captured."""
    for name, component in blueprint.components.items():
        for index, port in enumerate(component.container_ports):
            usual = port.port not in {443, 8443} or (port.name or "https").split("-")[0] == "https"
            if not usual and port.source not in _OTHERS:
                path = ("components", name, "containerPorts", index, "name")
                yield Spot(
                    path, f"{port.name} names another scheme than https, the usual one of {port.port}", port.name
                )


@rule("BL208", Level.WARNING)
def service_port_is_the_container_port(blueprint: Blueprint) -> Iterator[Spot]:
    """A Service port has the number of the container port that it leads to, unless it is of charts or captured."""
    for name, component in blueprint.components.items():
        for index, port in enumerate(component.service.ports if component.service else ()):
            if port.port != port.container_port and port.source not in _OTHERS:
                path = ("components", name, "service", "ports", index)
                yield Spot(
                    path, f"Service port {port.port} leads to container port {port.container_port}", f"{port.port}"
                )


@rule("BL209", Level.WARNING)
def names_follow_the_component(blueprint: Blueprint) -> Iterator[Spot]:
    """Objects of the page's internal components are `ef-<component>`, `ef-<component>-svc`, `ef-<component>-cm`."""
    for name, component in blueprint.components.items():
        if component.group is not Group.INTERNAL or component.workload.source in _OTHERS:
            continue
        owner: DocumentPath = ("components", name)
        if component.workload.name != f"ef-{name}":
            said = component.workload.name
            yield Spot((*owner, "workload", "name"), f"workload {said} is not named ef-{name}", said)
        if component.service and component.service.name != f"ef-{name}-svc":
            said = component.service.name
            yield Spot((*owner, "service", "name"), f"Service {said} is not named ef-{name}-svc", said)
        names = [promised.name for promised in component.config_maps]
        if names and f"ef-{name}-cm" not in names:
            said = ", ".join(names)
            yield Spot((*owner, "configMaps"), f"none of the ConfigMaps {said} is named ef-{name}-cm", "configMaps")


@rule("BL210", Level.ERROR)
def ingress_leads_to_a_service(blueprint: Blueprint) -> Iterator[Spot]:
    """A component with an ingress address has a Service port for it to lead to."""
    for name, component in blueprint.components.items():
        if component.ingress and component.service is None:
            yield Spot(("components", name, "ingress"), f"{component.ingress.url} leads to no Service port")


@rule("BL211", Level.ERROR)
def ingress_paths_differ(blueprint: Blueprint) -> Iterator[Spot]:
    """No two components are reached under the same path of one host."""
    paths = (
        ((one.ingress.host, path), ("components", name, "ingress"))
        for name, one in blueprint.components.items()
        if one.ingress
        for path in (one.ingress.path, *one.ingress.also_paths)
    )
    for (host, path), place, first in _repeated(paths):
        yield Spot(place, f"path {host or ''}{path} is {first[1]}'s already", f"{first[1]}")


@rule("BL212", Level.ERROR)
def health_is_on_a_container_port(blueprint: Blueprint) -> Iterator[Spot]:
    """A health endpoint is on a container port that is promised, unless it is of charts or captured."""
    for name, component in blueprint.components.items():
        promised = {port.port for port in component.container_ports}
        for index, health in enumerate(component.health):
            if health.port not in promised and health.source is not Source.CAPTURED:
                path = ("components", name, "health", index, "port")
                yield Spot(path, f"{health.path} is asked on container port {health.port}, which is none")


@rule("BL213", Level.ERROR)
def store_speaks_on_a_service_port(blueprint: Blueprint) -> Iterator[Spot]:
    """A store speaks its protocol on a port of its Service."""
    for name, component in blueprint.components.items():
        ports = {port.port for port in component.service.ports} if component.service else set()
        if component.store and component.store.port not in ports:
            path = ("components", name, "store", "port")
            yield Spot(
                path, f"{component.store.protocol} is spoken on Service port {component.store.port}, which is none"
            )


@rule("BL214", Level.ERROR)
def requests_fit_into_limits(blueprint: Blueprint) -> Iterator[Spot]:
    """No request is more than its limit; Kubernetes refuses such a pod."""
    for name, component in blueprint.components.items():
        if component.resources is None:
            continue
        requests, limits = component.resources.requests, component.resources.limits
        for what, request in requests.promised.items():
            limit = limits.promised.get(what, request)
            if request > limit:
                path = ("components", name, "resources", "requests", what)
                yield Spot(path, f"{what} request {request} is more than the limit {limit}", what)


@rule("BL215", Level.ERROR)
def names_are_listed_once(blueprint: Blueprint) -> Iterator[Spot]:
    """A component names each ConfigMap, Secret, volume and mount path once."""
    for name, component in blueprint.components.items():
        owner: DocumentPath = ("components", name)
        items: list[tuple[str, DocumentPath]] = []
        items += [(f"ConfigMap {x.name}", (*owner, "configMaps", i)) for i, x in enumerate(component.config_maps)]
        items += [(f"Secret {x.name}", (*owner, "secrets", i)) for i, x in enumerate(component.secrets)]
        # One volume may be mounted at several paths; without a path the name alone tells it.
        items += [
            (f"volume {x.name}", (*owner, "volumes", i))
            for i, x in enumerate(component.volumes)
            if x.name and x.mount_path is None
        ]
        items += [
            (f"mount path {x.mount_path}", (*owner, "volumes", i))
            for i, x in enumerate(component.volumes)
            if x.mount_path
        ]
        for what, path, _ in _repeated(items):
            yield Spot(path, f"{name} has {what} twice", what)
