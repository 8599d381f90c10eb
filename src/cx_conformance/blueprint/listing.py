"""Every promise about one component in a line: field, value, by whom, and where it is written."""

from collections.abc import Iterator

from msgspec import Struct

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import Loaded
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.problems import DocumentPath
from cx_conformance.blueprint.promise import Promise, Source
from cx_conformance.blueprint.site import Override, Site
from cx_conformance.blueprint.tailoring import Planned


class Line(Struct, frozen=True):
    """One promise, as it holds here."""

    field: str
    value: str
    source: Source
    note: str
    """Other accepted values, and why."""
    path: DocumentPath
    """Where the blueprint says it, from the component on."""
    site_paths: tuple[DocumentPath, ...] = ()
    """Where a site file would say it instead."""


class Origins(Struct, frozen=True):
    """Finds where an effective value was written."""

    blueprint: Loaded[Blueprint]
    site: Loaded[Site] | None

    def of_platform(self, line: Line) -> str:
        """Return ``file:line`` of what ``line`` says about the cluster; or that it is a default."""
        path = ("platform", *line.path)
        written = path in self.blueprint.tree.values
        return self.blueprint.place_of(*path) if written else "default"

    def of(self, name: str, line: Line) -> str:
        """Return ``file:line`` of what ``line`` says about the component called ``name``; or that it is a default."""
        for path in line.site_paths:
            if self.site and path in self.site.tree.values:
                return f"{self.site.path.name}:{self.site.line_of(*path)}"
        path = ("components", name, *line.path)
        if path in self.blueprint.tree.values:
            return self.blueprint.place_of(*path)
        return "default"


def promises(planned: Planned, site: Site) -> Iterator[Line]:
    """Give every promise about a component, in the order of the page's columns."""
    override = site.overrides.get(planned.id, Override())
    yield from _workload(planned, override)
    yield from _network(planned)
    yield from _objects(planned, override)
    yield from _conversation(planned.facts)


def platform_promises(platform: Platform) -> Iterator[Line]:
    """Give every promise about the cluster itself."""
    for index, storage in enumerate(platform.storage):
        value = f"{storage.name}, {storage.scope}, {storage.support}"
        note = ", ".join(storage.provisioners) + (f"; {storage.why}" if storage.why else "")
        yield Line("storage", value, storage.source, note, ("storage", index))
    for index, controller in enumerate(platform.ingress_controllers):
        known_by = ", ".join(controller.controllers)
        yield Line("ingress controller", controller.name, controller.source, known_by, ("ingressControllers", index))
    for index, balancer in enumerate(platform.load_balancers):
        yield Line("load balancer", balancer.name, balancer.source, "", ("loadBalancers", index))
    for index, distribution in enumerate(platform.distributions):
        value = f"{distribution.name}, {distribution.support}"
        note = "" if distribution.needs_load_balancer else "needs no load balancer"
        yield Line("distribution", value, distribution.source, note, ("distributions", index))
    limits = platform.limits
    value = (
        f"{limits.nodes} nodes, {limits.pods} pods, {limits.containers} containers, {limits.pods_per_node} pods a node"
    )
    yield Line("limits", value, limits.source, "", ("limits",))


def _workload(planned: Planned, override: Override) -> Iterator[Line]:
    facts, over = planned.facts, ("overrides", planned.id)
    workload, namespace = facts.workload, facts.namespace
    kinds = f"or {', '.join(workload.also_kinds)}" if workload.also_kinds else ""
    yield Line("kind", workload.kind, workload.source, kinds, ("workload", "kind"))
    documented = ("namespaces", namespace.name)
    yield _named("namespace", planned.namespaces, namespace, ("namespace", "name"), (*over, "namespace"), documented)
    naming = _naming(planned.names, workload.candidates)
    yield _named("name", planned.names, workload, ("workload", "name"), (*over, "workload"), *naming)
    few, many = planned.replicas.start, planned.replicas.stop - 1
    replicas = f"{few}" if few == many else f"{few} to {many}"
    source = Source.SITE if override.replicas is not None else workload.source
    yield Line("replicas", replicas, source, "", ("workload", "replicas"), ((*over, "replicas"),))
    yield Line("restart policy", workload.restart_policy, workload.source, "", ("workload", "restartPolicy"))


def _network(planned: Planned) -> Iterator[Line]:
    facts, over = planned.facts, ("overrides", planned.id)
    for index, port in enumerate(facts.container_ports):
        value = f"{port.port} {port.name or ''}".rstrip()
        yield Line("container port", value, port.source, _note(port), ("containerPorts", index))
    service = facts.service
    if service:
        naming = _naming(planned.service_names, service.candidates)
        yield _named("Service", planned.service_names, service, ("service", "name"), (*over, "service"), *naming)
        types = f"or {', '.join(service.also_types)}" if service.also_types else ""
        yield Line("Service type", service.type, service.source, types, ("service", "type"))
        for index, served in enumerate(service.ports):
            value = f"{served.port} to {served.container_port}"
            also = f"or {', '.join(f'{one}' for one in served.also)}" if served.also else ""
            moved = tuple((*over, "servicePorts", f"{old}") for old in _moved(planned, served.port))
            note = "; ".join(one for one in (also, _note(served)) if one)
            yield Line("Service port", value, served.source, note, ("service", "ports", index), moved)
    for index, beside in enumerate(facts.further_services):
        kind = "headless, " if beside.headless else ""
        value = f"{beside.name} {kind}{', '.join(f'{port.port}' for port in beside.ports)}"
        yield Line("further Service", value, beside.source, _note(beside), ("furtherServices", index))
    for index, health in enumerate(facts.health):
        value = f"{health.scheme} {health.port} {health.path} answers {health.healthy}"
        yield Line("health", value, health.source, _note(health), ("health", index))
    if facts.ingress:
        further = (*(one.path for one in facts.ingress.paths), *facts.ingress.also_paths)
        also = f"and {', '.join(further)}" if further else ""
        override = (*over, "ingressPath")
        yield Line("ingress", facts.ingress.url, facts.ingress.source, also, ("ingress", "url"), (override,))


def _naming(names: tuple[str, ...], documented: tuple[str, ...]) -> tuple[DocumentPath, ...]:
    """Return where the site's naming is written, when a name follows it."""
    return () if names[0] in documented else (("deployment", "template"), ("deployment", "model"))


def _moved(planned: Planned, port: int) -> tuple[int, ...]:
    """Return the documented number of a Service port that the site moved to ``port``."""
    return tuple(old for old, new in planned.moved_ports.items() if new == port)


def _objects(planned: Planned, override: Override) -> Iterator[Line]:
    facts, over = planned.facts, ("overrides", planned.id)
    for index, config_map in enumerate(facts.config_maps):
        yield _named("ConfigMap", config_map.candidates, config_map, ("configMaps", index))
    for index, secret in enumerate(facts.secrets):
        yield _named("Secret", secret.candidates, secret, ("secrets", index))
    for index, volume in enumerate(facts.volumes):
        value = " ".join(part for part in (volume.name, volume.mount_path, f"{volume.size or ''}") if part)
        labels = tuple((*over, "volumeSizes", label) for label in (volume.name, volume.mount_path) if label)
        yield Line("volume", value, volume.source, _note(volume), ("volumes", index), labels)
    resources = facts.resources
    if resources:
        source = Source.SITE if override.resources else resources.source
        for field, amounts in resources.promised:
            value = ", ".join(f"{name} {amount}" for name, amount in amounts.promised.items())
            yield Line(field, value, source, "", ("resources", field), ((*over, "resources", field),))


def _conversation(facts: Component) -> Iterator[Line]:
    for index, call in enumerate(facts.calls):
        ports = f"on {', '.join(f'{port}' for port in call.ports)}" if call.ports else ""
        via = f"by {', '.join(call.via)}" if call.via else ""
        told = "; ".join(one for one in (ports, via) if one)
        yield Line("calls", call.to, call.source, told, ("calls", index))
    for index, caller in enumerate(facts.called_by):
        yield Line("called by", caller, Source.PAGE, "", ("calledBy", index))
    store = facts.store
    if store:
        yield Line("store", f"{store.protocol} on {store.port}", store.source, _note(store), ("store",))
        if store.login:
            yield Line("login", "by reference", store.login.source, "", ("store", "login"))
        for index, settings in enumerate(store.settings):
            yield Line("settings", settings.config_map, settings.source, "", ("store", "settings", index, "configMap"))


def _named(field: str, names: tuple[str, ...], promise: Promise, path: DocumentPath, *site_paths: DocumentPath) -> Line:
    note = "; ".join(one for one in (f"or {', '.join(names[1:])}" if names[1:] else "", _note(promise)) if one)
    return Line(field, names[0], promise.source, note, path, site_paths)


def _note(promise: Promise) -> str:
    parts = ("may be absent" if promise.optional else "", promise.why or "")
    return "; ".join(part for part in parts if part)
