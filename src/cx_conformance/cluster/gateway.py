"""The APISIX that the platform's entrance leads to: where it takes its routes from, and which of them takes a call.

It reads them from a file that a ConfigMap holds (CX 4.10 on), or its ingress controller makes them of ApisixRoute
objects (4.9). Other stores of its own, etcd filled by hand, are not to be seen by the API.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import Final

from cx_conformance.cluster.apisix_match import Call, Router, taking
from cx_conformance.cluster.ports import ready_endpoints, why_no_endpoint
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.objects.apisix_standalone import FILE, Standalone
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.gateway_route import GatewayRoute
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service, ServicePort
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook, NotServed

_ROUTER: Final = re.compile(r"^\s*http:\s*['\"]?(radixtree_\w+)", re.MULTILINE)
_FROM_FILE: Final = re.compile(r"^\s*config_provider:\s*['\"]?yaml\b", re.MULTILINE)
_MOST_HOSTS: Final = 50
_IMAGE: Final = "apisix"
"""APISIX's own; its controller's and its dashboard's have longer names."""
"""Hosts that are tried to say what a route is for instead."""
_COMPLETE: Final = re.compile(r"^(?:apisix|deployment):", re.MULTILINE)
_DISCOVERS: Final = re.compile(r"^\s*(?:discovery:\s*\{)?\s*kubernetes:", re.MULTILINE)


class Gateway:
    """What is seen of APISIX; asking raises CouldNotLook where that could not be listed."""

    def __init__(self, snapshot: Snapshot, namespaces: Sequence[str], namespace: str, service: str) -> None:
        """Take the Service ``namespace``/``service`` for APISIX's; its routes lie in ``namespaces``."""
        self._snapshot = snapshot
        self._namespaces = namespaces
        self.namespace = namespace
        self.name = service

    @property
    def where(self) -> str:
        """The Service as messages name it."""
        return f"{self.namespace}/{self.name}"

    @cached_property
    def service(self) -> Service | None:
        """The Service in front of APISIX's pods; None where it does not exist."""
        return self._snapshot.get(Service, self.namespace, self.name)

    @property
    def pods(self) -> Iterator[Pod]:
        """The pods of APISIX; none where they may not be looked at."""
        with suppress(CouldNotLook):
            yield from self._snapshot.pods_behind(self.service) if self.service else ()

    @property
    def is_entrance(self) -> bool:
        """Whether users reach it without an Ingress in front: by a load balancer of its own."""
        return self.service is not None and (self.service.type == "LoadBalancer" or bool(self.service.external_ips))

    def _port(self, rule: Route) -> ServicePort | None:
        ports = self.service.ports if self.service else ()
        return next((one for one in ports if rule.path.port in (one.number, one.name)), None)

    def why_absent(self, rule: Route | None) -> str | None:
        """Say what lacks of its Service and the port that ``rule`` leads to; None where both are there."""
        if self.service is None:
            by = f"Ingress {rule.ingress.where} leads {rule.path.path} to " if rule else ""
            return f"{by}Service {self.where} of APISIX, which does not exist"
        if rule is None or self._port(rule):
            return None
        known = ", ".join(one.text for one in self.service.ports) or "none"
        return (
            f"Ingress {rule.ingress.where} leads {rule.path.path} to port {rule.path.port} of Service {self.where} "
            f"of APISIX, which has {known}"
        )

    def why_unready(self, rule: Route | None) -> str | None:
        """Say why nobody answers at the port that ``rule`` leads to, at its first one without; None where one does."""
        service = self.service
        port = self._port(rule) if rule else next(iter(service.ports if service else ()), None)
        if service is None or port is None:
            return None
        slices = self._snapshot.endpoints(service)
        if ready_endpoints(service, slices, port):
            return None
        why = why_no_endpoint(service, port, slices, self._snapshot.pods_behind(service))
        return f"Service {self.where} of APISIX has no ready endpoint for port {port.number}: {why}"

    def why_unread(self) -> str | None:
        """Say why APISIX takes none of its configuration, with the line; None where it takes it, or it is not seen."""
        for config in self._mounted:
            if config not in self._there:
                return f"{self._by} mounts ConfigMap {self.namespace}/{config}, which does not exist"
        for place, found in self._files:
            if found.trouble:
                return f"{place}, line {found.trouble.line}: {found.trouble.words}"
        if self.from_file and not self._files:
            held = ", ".join(key for one in self._there.values() for key in one.keys) or "none"
            return f"{self._by} mounts no ConfigMap with a key {FILE}, which holds its routes; there are: {held}"
        discovered = any(target.discovered for route in self.routes for target in route.targets)
        if discovered and _COMPLETE.search(self._settings) and not _DISCOVERS.search(self._settings):
            return f"the settings of {self._by} have no discovery.kubernetes, by which its routes find their Services"
        return None

    @property
    def faults(self) -> tuple[str, ...]:
        """What APISIX leaves out of its configuration, each with its line."""
        return tuple(f"{place}, line {one.line}: {one.words}" for place, found in self._files for one in found.faults)

    @property
    def from_file(self) -> bool:
        """Whether it reads its routes from a file, which a ConfigMap holds."""
        return bool(self._files) or FILE in self._mounted or bool(_FROM_FILE.search(self._settings))

    @property
    def is_seen(self) -> bool:
        """Whether its routes are kept where the API shows them."""
        return self.from_file or bool(self._objects)

    @cached_property
    def routes(self) -> tuple[GatewayRoute, ...]:
        """Every route, those switched off too, in the order in which APISIX learns them."""
        if self.from_file:
            return tuple(route for _place, found in self._files for route in found.routes)
        return tuple(route for one in self._objects if not one.refused for route in one.routes)

    @cached_property
    def refused(self) -> tuple[ApisixRoute, ...]:
        """The ApisixRoutes that APISIX's controller did not take up."""
        return () if self.from_file else tuple(one for one in self._objects if one.refused)

    @cached_property
    def source(self) -> str:
        """Where the routes come from, as messages name it."""
        return self._files[0][0] if self._files else "ApisixRoute objects"

    @cached_property
    def router(self) -> Router:
        """How it looks routes up."""
        found = _ROUTER.search(self._settings)
        return Router(found[1]) if found and found[1] in set(Router) else Router.HOST_URI

    @cached_property
    def agreed_host(self) -> str:
        """The host that most routes are for; empty where they are for any."""
        hosts = Counter(host for route in self.routes for host in route.hosts if not host.startswith("*"))
        return hosts.most_common(1)[0][0] if hosts else ""

    @cached_property
    def own_host(self) -> str:
        """The name under which pods call it: as some route writes it, else with the usual domain."""
        named = f"{self.name}.{self.namespace}"
        written = (host for route in self.routes for host in route.hosts if f"{host}.".startswith(f"{named}."))
        return next(written, f"{named}.svc.cluster.local")

    def taking(self, call: Call) -> Iterator[GatewayRoute]:
        """Yield the routes that take a call, in APISIX's order."""
        return taking(self.routes, call, self.router)

    def for_another_host(self, call: Call) -> GatewayRoute | None:
        """Return a route that would take ``call``, were it for another host; None where there is none."""
        hosts = dict.fromkeys(
            host for route in self.routes for host in route.hosts if host.lower() != call.host.lower()
        )
        some = islice(hosts, _MOST_HOSTS)
        found = (next(self.taking(Call(call.path, host.lstrip("*."), call.method)), None) for host in some)
        return next((one for one in found if one is not None and one.hosts), None)

    @cached_property
    def _workloads(self) -> tuple[Workload, ...]:
        service = self.service
        every = self._snapshot.workloads(self.namespace)
        return tuple(one for one in every if service and service.selects(one.template.labels))

    @property
    def _by(self) -> str:
        one = next(iter(self._workloads), None)
        return f"{one.kind} {one.where}" if one else "APISIX"

    @cached_property
    def _mounted(self) -> tuple[str, ...]:
        """The ConfigMaps that its pods mount, and cannot do without."""
        references = (ref for one in self._workloads for ref in one.template.spec.references())
        wanted = (ref for ref in references if ref.kind == "ConfigMap" and ref.how in ("volume", "projected"))
        return tuple(dict.fromkeys(ref.name for ref in wanted if not ref.optional))

    @cached_property
    def _there(self) -> dict[str, ConfigMap]:
        found = ((name, self._snapshot.get(ConfigMap, self.namespace, name)) for name in self._mounted)
        return {name: one for name, one in found if one is not None}

    @cached_property
    def _files(self) -> tuple[tuple[str, Standalone], ...]:
        """The configurations that it reads; where its workload is not seen, any that there is."""
        maps = self._there.values() if self._workloads else self._everywhere()
        return tuple((f"ConfigMap {one.where} {key}", found) for one in maps for key, found in one.gateways.items())

    def _everywhere(self) -> Iterator[ConfigMap]:
        for namespace in dict.fromkeys((self.namespace, *self._namespaces)):
            yield from (one for one in self._snapshot.list(ConfigMap, namespace) if one.gateways)

    @cached_property
    def _settings(self) -> str:
        """The text of its own settings, ``config.yaml``; empty where that is not seen."""
        return next((text for one in self._there.values() if (text := one.value("config.yaml"))), "")

    @cached_property
    def _objects(self) -> tuple[ApisixRoute, ...]:
        if ApisixRoute not in self._snapshot.listings:
            return ()
        try:
            return tuple(one for namespace in self._namespaces for one in self._snapshot.list(ApisixRoute, namespace))
        except NotServed:
            return ()


def runs_apisix(snapshot: Snapshot, namespace: str, service: str) -> bool:
    """Whether a Service leads to an APISIX: by its name as charts give it, or by the image of the pods behind it."""
    if re.search(r"(?:^|-)apisix-(?:gateway|data-plane)$", service):
        return True
    try:
        live = snapshot.get(Service, namespace, service)
        workloads = snapshot.workloads_of_image(_IMAGE, namespace) if live else ()
    except CouldNotLook:
        return False
    return live is not None and any(live.selects(one.template.labels) for one in workloads)
