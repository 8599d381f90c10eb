"""Whether a call that APISIX takes arrives at a component: route, Service, port by name, and what is rewritten."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from cx_conformance.blueprint.component import Ingress
from cx_conformance.cluster.apisix_match import Call
from cx_conformance.cluster.apisix_rewrite import arriving
from cx_conformance.cluster.cluster_domain import beyond
from cx_conformance.cluster.gateway import Gateway
from cx_conformance.cluster.ports import misnamed, ready_endpoints
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.gateway_route import GatewayRoute, Target
from cx_conformance.objects.service import Service, ServicePort

BELOW: Final = "below"
_IN_CLUSTER: Final = re.compile(r"(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)(?:\.svc(?:\..*)?)?")


class Asked(Struct, frozen=True):
    """A call that is promised to arrive; ``inside``: under the name of the gateway's own Service, whatever the host.

    ``address`` is the component's own, without a slash at its end, where the call lies below it.
    """

    call: Call
    address: str = ""
    web_socket: bool = False
    open: bool = False
    inside: bool = False


def asked(promise: Ingress, host: str) -> Iterator[Asked]:
    """Yield the calls that stand for a component's promised paths, its own address first."""
    address = promise.path.rstrip("/")
    for method in ("GET", "POST"):
        yield Asked(
            Call(promise.path, host, method) if promise.exact else Call(f"{address}/{BELOW}", host, method), address
        )
    if promise.web_socket:
        yield Asked(Call(f"{address}/socket.io/", host), address, web_socket=True)
    for one in promise.paths:
        path = one.path + BELOW if one.path.endswith("/") else one.path
        call = Call(path, host, one.method)
        yield Asked(call, web_socket=one.web_socket, open=one.open, inside=one.inside)


class Taken(Struct, frozen=True):
    """How APISIX takes a call: the route that comes first; before it those that may, and those passed over."""

    route: GatewayRoute | None
    perhaps: tuple[GatewayRoute, ...] = ()
    passed: tuple[GatewayRoute, ...] = ()


def taken(gateway: Gateway, one: Asked, service: str, known: Collection[str] = ()) -> Taken:
    """Return the route that takes a call.

    One whose conditions cannot be told from outside counts where it leads to ``service``. One that leads to a target
    among ``known`` is passed over: the vendor's charts ship it, though nothing is there.
    """
    call = Call(one.call.path, gateway.own_host, one.call.method) if one.inside else one.call
    perhaps: list[GatewayRoute] = []
    passed: list[GatewayRoute] = []
    for route in gateway.taking(call):
        if route.targets and all(target.text in known for target in route.targets):
            passed.append(route)
        elif route.limits:
            perhaps.append(route)
        else:
            return Taken(route, tuple(perhaps), tuple(passed))
    fitting = (route for route in perhaps if any(target.service == service for target in route.targets))
    return Taken(next(fitting, None), tuple(perhaps), tuple(passed))


def why_not_taken(gateway: Gateway, call: Call) -> tuple[str, str]:
    """Say why no route takes ``call``, and the cause that other paths share; that is empty where they need not."""
    for one in gateway.refused:
        if any(True for _ in _would_take(one.routes, call)):
            return (
                f"no route of APISIX takes {call.text}: its controller refused ApisixRoute {one.where}: {one.refused}",
                "",
            )
    off = next(_would_take([route for route in gateway.routes if not route.enabled], call), None)
    if off:
        return f"no route of APISIX takes {call.text}: {off.place} is switched off (status: 0)", ""
    other = gateway.for_another_host(call)
    if other:
        hosts = ", ".join(other.hosts)
        return (
            f"no route of APISIX takes {call.text} for host {call.host}; {other.place} takes it for {hosts}",
            f"the routes of APISIX are for host {hosts}, and users call {call.host}",
        )
    return f"no route of APISIX ({gateway.source}) takes {call.text}", ""


def _would_take(routes: Collection[GatewayRoute], call: Call) -> Iterator[GatewayRoute]:
    from msgspec.structs import replace

    from cx_conformance.cluster.apisix_match import taking

    live = {replace(one, enabled=True): one for one in routes}
    return (live[found] for found in taking(live, call))


def service_of(snapshot: Snapshot, target: Target) -> Service | None:
    """Return the Service that a target is; None where it is none, or does not exist."""
    if target.service:
        return snapshot.get(Service, target.namespace, target.service)
    named = _IN_CLUSTER.fullmatch(target.host)
    if named:
        is_known = not beyond(target.host, snapshot.domains)
        return snapshot.get(Service, named["namespace"], named["service"]) if is_known else None
    return next((one for one in snapshot.visible(Service) if target.host in one.cluster_ips), None)


def port_of(snapshot: Snapshot, service: Service, target: Target) -> ServicePort | None:
    """Return the Service's port that a target names; None where there is none of that name or number.

    The gateway knows endpoints by the port's name; one without a name by the number in the pods.
    """
    if not target.discovered:
        return next((one for one in service.ports if target.port in (one.number, one.name or None)), None)
    for one in service.ports:
        if one.name == target.port and one.name:
            return one
        numbers = {port.number for item in snapshot.endpoints(service) for port in item.ports if not port.name}
        if not one.name and target.port in {str(number) for number in numbers}:
            return one
    return None


class Led(Struct, frozen=True, kw_only=True):
    """Where a call is led: through ``route`` to ``target``, or ``why`` it does not arrive; ``cause`` others share.

    ``passed`` says which routes come before, that lead nowhere by a known mistake of the vendor's charts.
    """

    why: str = ""
    cause: str = ""
    route: str = ""
    target: str = ""
    notes: tuple[str, ...] = ()
    passed: str = ""


class Aim(Struct, frozen=True, kw_only=True):
    """Where calls are to arrive: a Service, at one of its promised ports (None: any), which have promised ``names``.

    ``knows_address``: whether the component serves below its own address, or from the root; None: it is not known.
    """

    service: Service
    ports: Collection[int] | None
    knows_address: bool | None = None
    names: Mapping[int, str] = field(default_factory=dict)


def led(snapshot: Snapshot, found: Taken, one: Asked, aim: Aim) -> Led:
    """Return where the route that takes a call leads, or why that is not a ready port of the Service aimed at."""
    route = found.route
    if route is None:
        raise ValueError("no route takes the call")
    begun = f"{route.place} takes {one.call.text}"
    notes = [f"{each.place} may take {one.call.text}: it depends on {', '.join(each.limits)}" for each in found.perhaps]
    passed = ", ".join(f"{each.place} to {', '.join(to.text for to in each.targets)}" for each in found.passed)
    why = why_spoiled(route, one)
    if why:
        return Led(why=f"{begun}, and {why}")
    for target in route.targets:
        away = _why_not_at(snapshot, target, aim)
        if away:
            return Led(why=f"{begun} to {target.text}{away}", cause=_misnamed(target, aim))
    strange = _why_strange(route, one, aim)
    if strange:
        return Led(why=f"{begun}, and {strange}")
    target_text = ", ".join(target.text for target in route.targets)
    return Led(route=route.place, target=target_text, notes=tuple(notes), passed=passed)


def _misnamed(target: Target, aim: Aim) -> str:
    """Say that the route asks for a port by its promised name, and the Service has another; empty where it has it."""
    return next(
        (
            misnamed(aim.service, port, promised)
            for port in aim.service.ports
            if (promised := aim.names.get(port.number, port.name)) != port.name and promised == target.port
        ),
        "",
    )


def why_spoiled(route: GatewayRoute, one: Asked) -> str | None:
    """Say why nothing arrives as it was called, wherever the route leads; None where it does."""
    if route.lost:
        return f"refers to {', '.join(route.lost)}"
    if route.answers:
        return f"answers itself (plug-in {route.answers})"
    if not route.targets:
        return "leads nowhere: it has no upstream"
    if one.open and route.login:
        return f"asks for a login (plug-in {route.login}), promised is without"
    made = arriving(route, one.call.path)
    last = one.call.path.rstrip("/").rpartition("/")[2]
    if made is not None and last not in made:
        return f"rewrites it to {made or 'nothing'}, so that the component cannot tell calls apart"
    return None


def _why_strange(route: GatewayRoute, one: Asked, aim: Aim) -> str | None:
    """Say why the component does not know the path by which it is asked; None where it does, or that is not known."""
    made = arriving(route, one.call.path)
    if made is None or not one.address or aim.knows_address is None:
        return None
    kept = made.startswith(f"{one.address}/")
    if kept and not aim.knows_address:
        return f"asks the component for {made}, which serves from / by its health endpoints"
    if not kept and aim.knows_address:
        return f"asks the component for {made}, which serves below {one.address} by its health endpoints"
    return None


def _why_not_at(snapshot: Snapshot, target: Target, aim: Aim) -> str:
    """Say why ``target`` is no ready port of the promised Service, as the end of a sentence; empty where it is."""
    service, live = service_of(snapshot, target), aim.service
    if service is None:
        absent = ", which does not exist" if target.service else ", which is no Service"
        return f"{absent}; promised is Service {live.where}"
    if service.where != live.where:
        return f" of promised Service {live.where}"
    port = port_of(snapshot, service, target)
    if port is None:
        known = ", ".join(each.text for each in service.ports) or "none"
        return f": Service {live.where} has no such port, it has {known}"
    if aim.ports is not None and port.number not in aim.ports:
        return f" of promised port {', '.join(str(each) for each in sorted(aim.ports))}"
    if not ready_endpoints(service, snapshot.endpoints(service), port):
        return ", where no endpoint is ready"
    return ""
