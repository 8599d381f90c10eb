"""What is checked here: the blueprint as this site has it, cut into entries that a check runs once for.

The file is long because there are many kinds of entries, each with a few lines of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct, field

from cx_conformance.blueprint.component import (
    Call,
    Component,
    ConfigMap,
    ContainerPort,
    Ingress,
    Kind,
    Secret,
    Service,
    ServicePort,
    Volume,
)
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.prerequisite import Prerequisite
from cx_conformance.blueprint.promise import Promise, Severity, Source
from cx_conformance.blueprint.resources import Resources
from cx_conformance.blueprint.site import Site
from cx_conformance.blueprint.store import Protocol, Store
from cx_conformance.blueprint.tailoring import Planned, tailored
from cx_conformance.blueprint.user_login import UserLogin

P_co = TypeVar("P_co", covariant=True)

PLATFORM: Final = "platform"
"""The component of outcomes that are about the cluster as a whole."""


class Edge(Struct, frozen=True):
    """One call edge to one port: ``caller`` connects to ``port`` of ``callee``'s Service."""

    caller: Planned
    callee: Planned
    port: ServicePort
    source: Source
    via: tuple[str, ...] = ()
    """The variables by which the caller is told the address, as ``Call.via``."""
    ports: tuple[int, ...] = ()
    """The ports that the call is documented for; empty: any of the Service's."""
    may_be_untold: str = ""
    """Why the caller may be told no address; empty: it may not."""


class Entry(Struct, Generic[P_co], frozen=True):
    """One thing that a check runs once for."""

    component: str
    """Id of the component, or ``platform``."""
    id: str
    """How outcomes name it; stable from night to night, unique for a component and a kind of entry."""
    of: P_co
    """What is promised."""
    owner: Planned | None = None
    source: Source = Source.PAGE
    severity: Severity | None = None
    callee: str | None = None
    """For an edge: the component that is called."""
    namespaces: tuple[str, ...] = field(default=())

    @property
    def planned(self) -> Planned:
        """Return the component it belongs to; only platform-wide entries have none."""
        if self.owner is None:
            raise LookupError(f"{self.id} is not an entry of a component")
        return self.owner

    @property
    def container_port(self) -> int | None:
        """Return the port of a container, the callee's for an edge, that it is about; None: of no single one."""
        match self.of:
            case ContainerPort() | Health():
                return self.of.port
            case ServicePort():
                return self.of.container_port
            case Edge():
                return self.of.port.container_port
            case Store():
                service = self.planned.facts.service
                ports = service.ports if service else ()
                return next((one.container_port for one in ports if one.port == self.of.port), self.of.port)
            case _:
                return None


class Plan:
    """The blueprint as a site has it."""

    def __init__(self, blueprint: Blueprint, site: Site) -> None:
        """Combine both; ValueError names a component of the site file that the blueprint does not have."""
        self.blueprint = blueprint
        self.site = site
        self.components: Mapping[str, Planned] = tailored(blueprint, site)
        self._entries: dict[str, tuple[Entry[Any], ...]] = {}

    @property
    def platform(self) -> Platform:
        """Return what is promised about the cluster itself."""
        return self.blueprint.platform

    @cached_property
    def namespaces(self) -> tuple[str, ...]:
        """Return every namespace in which something promised may live, the documented ones first, tenants' last."""
        documented = [one.namespaces[0] for one in self.components.values()]
        others = [name for one in self.components.values() for name in one.namespaces[1:]]
        return tuple(dict.fromkeys((*documented, *others, *self.site.tenants)))

    @cached_property
    def called(self) -> Mapping[str, tuple[Planned, ...]]:
        """Return the components by what they are called: their ID, and the names that their workloads may have."""
        found: dict[str, list[Planned]] = defaultdict(list)
        for one in self.components.values():
            for name in dict.fromkeys((one.id, *one.names)):
                found[name].append(one)
        return {name: tuple(ones) for name, ones in found.items()}

    @cached_property
    def secrets(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """Return for each promised Secret the (namespace, name) it may have, the documented one first."""
        return tuple(
            dict.fromkeys(
                tuple((one.namespaces[0], name) for name in promise.candidates)
                for one in self.components.values()
                for promise in one.facts.secrets
            )
        )

    @cached_property
    def prerequisites(self) -> tuple[Prerequisite, ...]:
        """Return what is made by hand before an installation, in this site's namespaces.

        What only components need that the site leaves out is not needed.
        """
        return tuple(
            one.model_copy(update={"namespace": self.site.namespaces.get(one.namespace, one.namespace)})
            for one in self.blueprint.prerequisites
            if not one.needed_by or any(name in self.components for name in one.needed_by)
        )

    @cached_property
    def authorities(self) -> Mapping[str, str]:
        """Return the Secrets that hold the CA of a store, by name, each with the key of the CA in it."""
        promised = (one.facts.store.tls for one in self.components.values() if one.facts.store)
        return {tls.ca.secret: tls.ca.key for tls in promised if tls and tls.ca and tls.ca.secret and tls.ca.key}

    @cached_property
    def store_variables(self) -> frozenset[str]:
        """Return the variables that tell components where a store is."""
        promised = (
            setting for one in self.components.values() if one.facts.store for setting in one.facts.store.settings
        )
        return frozenset(key for setting in promised for key in (setting.host, setting.url) if key)

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """Return the kinds that a workload of the plan may have."""
        return frozenset(
            kind
            for one in self.components.values()
            for kind in (one.facts.workload.kind, *one.facts.workload.also_kinds)
        )

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Return every call edge between installed components, once for each port."""
        found: dict[tuple[str, str, int], Edge] = {}
        for caller, callee, call in self._calls():
            service = callee.facts.service
            for port in service.ports if service else ():
                wanted = [callee.moved_ports.get(documented, documented) for documented in call.ports]
                if port.optional or (wanted and port.port not in wanted):
                    continue
                untold = call.why or "" if call.optional else ""
                found.setdefault(
                    (caller.id, callee.id, port.port),
                    Edge(caller, callee, port, call.source, call.via, tuple(wanted), untold),
                )
        return tuple(found.values())

    @cached_property
    def callers(self) -> frozenset[str]:
        """Return the components that call others."""
        return frozenset(edge.caller.id for edge in self.edges)

    def _calls(self) -> Iterator[tuple[Planned, Planned, Call]]:
        narrowed: set[tuple[str, str]] = set()
        for caller in self.components.values():
            for call in caller.facts.calls:
                narrowed.add((caller.id, call.to))
                if call.to in self.components:
                    yield caller, self.components[call.to], call
        for callee in self.components.values():
            for name in callee.facts.called_by:
                if name in self.components and (name, callee.id) not in narrowed:
                    yield self.components[name], callee, Call(to=callee.id)

    def entries(self, kind: str) -> tuple[Entry[Any], ...]:
        """Return the entries of one kind, in the page's order; KeyError for an unknown kind."""
        if kind not in self._entries:
            self._entries[kind] = tuple(ENTRIES[kind](self))
        return self._entries[kind]


def _of(one: Planned, name: str, promise: Promise) -> Entry[Any]:
    return Entry(one.id, name, promise, one, promise.source, promise.severity, None, one.namespaces)


def _platform(_plan: Plan) -> Iterator[Entry[Platform]]:
    yield Entry(PLATFORM, "cluster", _plan.platform)


def _namespace(plan: Plan) -> Iterator[Entry[str]]:
    for name in dict.fromkeys((*(one.namespaces[0] for one in plan.components.values()), *plan.site.tenants)):
        yield Entry(PLATFORM, name, name, namespaces=(name,))


def _prerequisite(plan: Plan) -> Iterator[Entry[Prerequisite]]:
    for one in plan.prerequisites:
        name = f"{one.kind} {one.namespace}/{one.name}"
        yield Entry(PLATFORM, name, one, None, one.source, one.severity, None, (one.namespace,))


def _component(plan: Plan) -> Iterator[Entry[Component]]:
    for one in plan.components.values():
        workload = one.facts.workload
        yield Entry(one.id, one.names[0], one.facts, one, workload.source, workload.severity, None, one.namespaces)


def _container_port(plan: Plan) -> Iterator[Entry[ContainerPort]]:
    for one in plan.components.values():
        for port in one.facts.container_ports:
            yield _of(one, str(port.port), port)


def _service(plan: Plan) -> Iterator[Entry[Service]]:
    for one in plan.components.values():
        for served in one.by_service:
            if served.facts.service:
                yield _of(served, served.service_names[0], served.facts.service)


def _service_port(plan: Plan) -> Iterator[Entry[ServicePort]]:
    for one in plan.components.values():
        for served in one.by_service:
            for port in served.facts.service.ports if served.facts.service else ():
                yield _of(served, f"{served.service_names[0]}:{port.port}", port)


def _config_map(plan: Plan) -> Iterator[Entry[ConfigMap]]:
    for one in plan.components.values():
        for promise in one.facts.config_maps:
            yield _of(one, promise.name, promise)


def _secret(plan: Plan) -> Iterator[Entry[Secret]]:
    for one in plan.components.values():
        for promise in one.facts.secrets:
            yield _of(one, promise.name, promise)


def _volume(plan: Plan) -> Iterator[Entry[Volume]]:
    for one in plan.components.values():
        labels = [promise.label for promise in one.facts.volumes]
        for promise in one.facts.volumes:
            several = promise.mount_path and labels.count(promise.label) > 1
            yield _of(one, f"{promise.label}:{promise.mount_path}" if several else promise.label, promise)


def _resources(plan: Plan) -> Iterator[Entry[Resources]]:
    for one in plan.components.values():
        if one.facts.resources:
            yield _of(one, one.names[0], one.facts.resources)


def _ingress(plan: Plan) -> Iterator[Entry[Ingress]]:
    for one in plan.components.values():
        if one.facts.ingress:
            yield _of(one, one.facts.ingress.path, one.facts.ingress)


def _health(plan: Plan) -> Iterator[Entry[Health]]:
    for one in plan.components.values():
        for promise in one.facts.health:
            yield _of(one, f"{promise.scheme}:{promise.port}{promise.path}", promise)


def _port_only(plan: Plan) -> Iterator[Entry[ServicePort]]:
    """Yield a Service's ports that nothing else is asked of: there an accepted connection must do.

    They are all where no health endpoint is documented, and a store's further ones that nobody asks in its protocol.
    """
    for one in plan.components.values():
        store = one.facts.store
        for port in one.facts.service.ports if one.facts.service else ():
            beside = store is not None and not store.speaks_on_all_ports and port.port != store.port
            if not port.optional and (beside or not one.facts.health):
                yield _of(one, f"{one.service_names[0]}:{port.port}", port)


def _edge(plan: Plan) -> Iterator[Entry[Edge]]:
    for edge in plan.edges:
        name = f"{edge.caller.id} -> {edge.callee.id}:{edge.port.port}"
        yield Entry(edge.caller.id, name, edge, edge.caller, edge.source, None, edge.callee.id, edge.caller.namespaces)


def _store(plan: Plan) -> Iterator[Entry[Store]]:
    for one in plan.components.values():
        if one.facts.store:
            yield _of(one, f"{one.facts.store.protocol}:{one.facts.store.port}", one.facts.store)


def _store_port(plan: Plan) -> Iterator[Entry[ServicePort]]:
    """Yield the ports of a store beside the one that is logged in to, where it speaks on them too."""
    for one in plan.components.values():
        if one.facts.store and one.facts.service and one.facts.store.speaks_on_all_ports:
            for port in one.facts.service.ports:
                if port.port != one.facts.store.port and not port.optional:
                    yield _of(one, f"{one.service_names[0]}:{port.port}", port)


def _login(plan: Plan) -> Iterator[Entry[UserLogin]]:
    """Yield the account that the site has a run log in to, as an entry of the Keycloak that judges it."""
    login = plan.site.login
    for one in plan.components.values():
        if login and one.facts.store and one.facts.store.protocol is Protocol.KEYCLOAK:
            yield Entry(one.id, login.words, login, one, Source.SITE, None, None, one.namespaces)


def _page(plan: Plan) -> Iterator[Entry[Ingress]]:
    """Yield the pages that are opened beside that login."""
    for name in plan.site.login.pages if plan.site.login else ():
        one = plan.components.get(name)
        if one and one.facts.ingress:
            yield _of(one, one.facts.ingress.path, one.facts.ingress)


ENTRIES: Final[Mapping[str, Callable[[Plan], Iterator[Entry[Any]]]]] = {
    "platform": _platform,
    "namespace": _namespace,
    "prerequisite": _prerequisite,
    "component": _component,
    "container_port": _container_port,
    "service": _service,
    "service_port": _service_port,
    "config_map": _config_map,
    "secret": _secret,
    "volume": _volume,
    "resources": _resources,
    "ingress": _ingress,
    "health": _health,
    "port_only": _port_only,
    "edge": _edge,
    "store": _store,
    "store_port": _store_port,
    "login": _login,
    "page": _page,
}
"""Kinds of entries, by the name of a check's first parameter."""
