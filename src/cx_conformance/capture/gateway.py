"""Paths that an APISIX behind the Ingress leads to a workload, as promises.

A path is promised only where APISIX, as its routes are matched, really leads it there: what is shadowed by another
route, depends on what cannot be told from outside, or is lost on the way, is not.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final, Literal

from msgspec import Struct
from pydantic import ValidationError

from cx_conformance.blueprint.component import Ingress, OutsidePath, Service
from cx_conformance.blueprint.promise import Source
from cx_conformance.capture.gathered import Gathered
from cx_conformance.cluster.gateway import Gateway
from cx_conformance.cluster.gateway_reach import asked, service_of, taken, why_spoiled
from cx_conformance.cluster.routes import Route
from cx_conformance.objects.gateway_route import GatewayRoute, Target
from cx_conformance.outcome.looking import CouldNotLook

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_METHODS: Final[tuple[Method, ...]] = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Entrance(Struct, frozen=True, dict=True):
    """The gateway that an Ingress leads everything to, and what of its routes leads where."""

    gathered: Gathered
    rule: Route
    gateway: Gateway

    @classmethod
    def of(cls, gathered: Gathered) -> "Entrance | None":
        """Return the gateway behind the Ingresses; None where there is none, or its routes are not seen."""
        rule = next((one for one in gathered.routing.all if gathered.routing.leads_to_gateway(one)), None)
        if rule is None:
            return None
        found = Gateway(gathered.snapshot, gathered.namespaces, rule.ingress.namespace, rule.path.service)
        try:
            seen = found.is_seen
        except CouldNotLook as reason:
            gathered.leave_out(f"the routes of APISIX ({found.where}): {reason}")
            return None
        if not seen:
            gathered.leave_out(f"APISIX ({found.where}) keeps its routes where the API does not show them")
        return cls(gathered, rule, found) if seen else None

    @cached_property
    def host(self) -> str:
        """The host of the calls that are promised, as a run takes it where nobody says one."""
        written = self.rule.host if not self.rule.host.startswith("*") else ""
        return (written or self.gateway.agreed_host).lower()

    def address(self, namespace: str, service: Service) -> Ingress | None:
        """Return the promised address of a Service with its further paths; None: all of no path is led there.

        The address is a path below which everything arrives, one that is called as the Service before others.
        """
        routes = [one for one in self.gateway.routes if one.enabled and self._leads(one, namespace, service)]
        made = sorted((made for one in routes for made in self._main(one)), key=lambda one: _rank(one, service))
        first = next((one for one in made if self._arrives(one, namespace, service)), None)
        if first is None:
            for one in routes:
                words = (
                    f"{one.place} takes {', '.join(one.paths)} for Service {service.name}, where not all of it arrives"
                )
                self.gathered.leave_out(words)
            return None
        logins = any(one.login for one in self.gateway.routes)
        further: dict[tuple[str, str], OutsidePath] = {}
        for route in routes:
            for path in self._further(route, told_open=logins):
                alone = first.model_copy(update={"paths": (path,), "web_socket": False})
                if path.path.rstrip("/") != first.path and self._arrives(alone, namespace, service):
                    further.setdefault((path.path, path.method), path)
        return first.model_copy(update={"paths": tuple(further.values())})

    def _leads(self, route: GatewayRoute, namespace: str, service: Service) -> bool:
        return any(self._is(target, namespace, service) for target in route.targets)

    def _is(self, target: Target, namespace: str, service: Service) -> bool:
        """Tell whether a target is a promised port of a Service."""
        live = service_of(self.gathered.snapshot, target)
        if live is None or (live.namespace, live.name) != (namespace, service.name):
            return False
        promised = {port.port for port in service.ports}
        ports = [one for one in live.ports if one.number in promised]
        return any(target.port in (one.number, one.name, f"{one.number}") for one in ports)

    def _main(self, route: GatewayRoute) -> Iterator[Ingress]:
        scheme = "http" if self.rule.tls_secret is None else "https"
        for path in route.paths:
            literal = path.rstrip("*").rstrip("/") or "/"
            for web_socket in (True, False) if route.web_socket else (False,):
                try:
                    yield Ingress(
                        url=f"{scheme}://${{FQDN}}{literal}",
                        web_socket=web_socket,
                        exact=not path.endswith("*"),
                        source=Source.CAPTURED,
                    )
                except ValidationError:
                    self.gathered.leave_out(f"{route.place} has a path that a blueprint cannot hold: {path[:80]}")

    def _further(self, route: GatewayRoute, *, told_open: bool) -> Iterator[OutsidePath]:
        method = next((one for one in _METHODS if not route.methods or one in route.methods), "GET")
        inside = bool(route.hosts) and all(one.split(".")[0] == self.gateway.name for one in route.hosts)
        for path in route.paths:
            below = path.endswith("*")
            try:
                yield OutsidePath(
                    path=path.rstrip("*").rstrip("/") + "/" if below else path,
                    method=method,
                    web_socket=route.web_socket,
                    open=told_open and route.login is None,
                    inside=inside,
                )
            except ValidationError:
                self.gathered.leave_out(f"{route.place} has a path that a blueprint cannot hold: {path[:80]}")

    def _arrives(self, promise: Ingress, namespace: str, service: Service) -> bool:
        """Tell whether all calls that stand for a promised address are led to the Service, whole."""
        for one in asked(promise, self.host):
            route = taken(self.gateway, one, service.name).route
            if route is None or why_spoiled(route, one) or (one.web_socket and not route.web_socket):
                return False
            if not all(self._is(target, namespace, service) for target in route.targets):
                return False
        return True


def _rank(promise: Ingress, service: Service) -> tuple[bool, bool, bool, int]:
    """Return by what the address of a Service is chosen among paths: its own name, then the shortest."""
    name = promise.path.strip("/")
    return promise.exact, not name, name not in service.name, len(name)
