"""Gateway: from the entrance on, where APISIX leads calls to components by routes of its own (CX 4.9 on)."""

from typing import Final

from cx_conformance.blueprint.component import Ingress
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.gateway import Gateway
from cx_conformance.cluster.gateway_reach import Aim, Asked, Led, Taken, asked, led, service_of, taken, why_not_taken
from cx_conformance.cluster.other_routes import LedOtherwise
from cx_conformance.cluster.own_paths import knows_address
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.traffic import way_in
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.outcome import Evidence

_MOST_SHOWN: Final = 3


@check(
    "CX521",
    "Gateway",
    severity=Severity.CRITICAL,
    remedy="kubectl describe the Service, pods and ConfigMap of APISIX; end the ConfigMap's text with a line #END",
    rests_on=("CX001", "gateway:CX201", "gateway:CX206"),
)
def check_gateway(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """APISIX, which all paths pass, is ready and takes its configuration; no component is reached otherwise."""
    gateway, rule = seen.gateway, seen.gateway_rule
    if gateway is None:
        raise NotApplicable("no APISIX is seen; Ingresses lead to the components")
    evidence.seen_at, evidence.promised = f"Service {gateway.where}", "ready, with routes that it takes"
    # What it cannot read may be why it is not ready.
    why = gateway.why_absent(rule) or gateway.why_unread() or gateway.why_unready(rule)
    evidence.found = why or f"{len(gateway.routes)} routes of {gateway.source}"
    assert why is None, why
    for one in gateway.faults:
        evidence.note(f"APISIX leaves out a part of its configuration: {one}")


def _through(ingress: Entry[Ingress], seen: Seen) -> tuple[Gateway, Route | None, str]:
    """Return the gateway that the promised path passes, the Ingress rule that leads to it, and the host of calls."""
    try:
        rule = seen.route(ingress.planned, ingress.of)
    except NotApplicable as reason:
        if seen.gateway is None or isinstance(reason, LedOtherwise):
            raise
        rule = None
    gateway = seen.gateway_of(rule) if rule else seen.gateway
    if gateway is None:
        raise NotApplicable("its path passes no APISIX")
    if seen.is_served_by(ingress.planned, gateway.namespace, gateway.name):
        raise NotApplicable("it is APISIX itself")
    if not gateway.is_seen:
        raise NotApplicable(f"APISIX ({gateway.where}) keeps its routes where the API does not show them")
    written = rule.host if rule and not rule.host.startswith("*") else ""
    return gateway, rule, (seen.host_of(ingress.planned) or written or gateway.agreed_host).lower()


def _taken(one: Asked, ingress: Entry[Ingress], seen: Seen, gateway: Gateway) -> Taken:
    return taken(gateway, one, seen.service(ingress.planned).object.name, _known(seen))


def _component_of(gateway: Gateway, seen: Seen) -> str | None:
    """Return the component that the gateway is; None where the blueprint has none for it."""
    components = seen.plan.components.values()
    return next((one.id for one in components if seen.is_served_by(one, gateway.namespace, gateway.name)), None)


def _known(seen: Seen) -> set[str]:
    """Return the targets of routes to which nothing is there, by the vendor's own charts."""
    return {one.says for one in seen.plan.blueprint.chart_errata if one.kind == "route"}


@check(
    "CX522",
    "Gateway route",
    severity=Severity.CRITICAL,
    remedy="correct the route of APISIX: hosts, paths, priority, and namespace/service:port-name as they are",
    rests_on=("platform:CX521", "CX501", "CX505", "CX201", "CX203", "CX101", "CX206"),
)
def check_route(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """APISIX leads each promised path, and nothing else's, to a ready port of the component's Service.

    NetworkPolicies let it in there.
    """
    gateway, rule, host = _through(ingress, seen)
    evidence.promised, evidence.seen_at = f"{ingress.of.path} to {ingress.component}", gateway.source
    if not ingress.planned.service_names:
        evidence.note("the blueprint names no Service of the component, so that it may lead to any")
        return
    own = _component_of(gateway, seen)
    evidence.details |= {"led by": own} if own else {}
    head = [f"Ingress {rule.ingress.where}"] if rule else []
    head.append(f"Service {gateway.where}")
    lost: dict[str, str] = {}
    for one in asked(ingress.of, host):
        if one.call.path in lost:
            continue
        found = _led(ingress, seen, gateway, one)
        if found.why:
            lost[one.call.path], evidence.cause = found.why, found.cause or evidence.cause
        elif evidence.found is None:
            evidence.found = " -> ".join((*head, found.route, f"Service {found.target}"))
        for note in found.notes:
            if note not in evidence.notes:
                evidence.note(note)
        if found.passed:
            evidence.details["passed over"] = found.passed
    if lost:
        evidence.found = " -> ".join((*head, *list(lost.values())[:1]))
    assert not lost, "; ".join(list(lost.values())[:_MOST_SHOWN])
    live = seen.service(ingress.planned).object
    shut = way_in(seen, live, gateway.pods)
    evidence.cause = shut.cause
    assert not shut.forbidden, f"APISIX leads {ingress.of.path} to Service {live.where}, but {shut.forbidden[0]}"


def _led(ingress: Entry[Ingress], seen: Seen, gateway: Gateway, one: Asked) -> Led:
    found = _taken(one, ingress, seen, gateway)
    if found.route is None:
        why, cause = why_not_taken(gateway, one.call)
        return Led(why=why, cause=cause)
    facts = ingress.planned.facts.service
    ports = {number for port in facts.ports for number in (port.port, *port.also)} if facts else None
    # Where no route at all rewrites, the components of this installation know their addresses, or nobody says.
    knows = knows_address(ingress) if any(route.rewrite for route in gateway.routes) else None
    names = {port.port: port.name for port in facts.ports if port.name} if facts else {}
    aim = Aim(service=seen.service(ingress.planned).object, ports=ports, knows_address=knows, names=names)
    return led(seen.snapshot, found, one, aim)


@check(
    "CX523",
    "Gateway WebSocket",
    severity=Severity.CRITICAL,
    remedy="set enable_websocket: true (ApisixRoute: websocket: true) in the route that takes the path",
    rests_on=("platform:CX521", "CX522"),
)
def check_web_socket(ingress: Entry[Ingress], seen: Seen, evidence: Evidence) -> None:
    """The route of a path below which clients open WebSockets lets them through; APISIX drops Upgrade otherwise."""
    gateway, _rule, host = _through(ingress, seen)
    wanted = [one for one in asked(ingress.of, host) if one.web_socket]
    if not wanted:
        raise NotApplicable("its clients open no WebSocket")
    routes = {one.call.path: _taken(one, ingress, seen, gateway).route for one in wanted}
    shut = [
        f"{route.place} takes {path} without enable_websocket"
        for path, route in routes.items()
        if route and not route.web_socket
    ]
    evidence.promised, evidence.seen_at = "enable_websocket", gateway.source
    evidence.found = shut or [route.place for route in routes.values() if route]
    assert not shut, "; ".join(shut)


@check(
    "CX524",
    "Gateway references",
    severity=Severity.MAJOR,
    remedy="define the service, upstream or plugin_config of that id, or take the route away",
    rests_on=("CX521",),
)
def check_references(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """What routes beside the promised ones refer to by id is defined; they answer 503 otherwise."""
    gateway = seen.gateway
    if gateway is None or not gateway.is_seen:
        raise NotApplicable("no routes of an APISIX are seen")
    promised = set()
    for entry in seen.plan.entries("ingress"):
        host = (seen.host_of(entry.planned) or gateway.agreed_host).lower()
        found = (taken(gateway, one, "", _known(seen)).route for one in asked(entry.of, host))
        promised |= {one.place for one in found if one}
    others = [one for one in gateway.routes if one.enabled and one.place not in promised]
    lost = [f"{one.place} refers to {', '.join(one.lost)}" for one in others if one.lost]
    evidence.promised, evidence.found, evidence.seen_at = "every id defined", lost or "none lacks", gateway.source
    dead = [
        f"{', '.join(one.paths)} to {target.text}"
        for one in others
        for target in one.targets
        if target.service and target.text not in _known(seen) and service_of(seen.snapshot, target) is None
    ]
    if dead:
        evidence.note(f"routes that nothing promises lead to Services that do not exist: {'; '.join(dead)}")
    assert not lost, "; ".join(lost[:_MOST_SHOWN])
