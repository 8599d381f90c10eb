"""Services: the names and ports under which components are called, down to the ready endpoint."""

from contextlib import suppress
from typing import Final

from cx_conformance.blueprint.component import Service, ServicePort
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.locality import cut_off
from cx_conformance.cluster.pod_index import controller_of
from cx_conformance.cluster.ports import (
    misnamed,
    port_reached,
    stale_endpoints,
    strange_endpoints,
    why_no_endpoint,
)
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.service import ServicePort as LivePort
from cx_conformance.outcome.check import NotApplicable, SwitchedOff, check
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Evidence

MOST_SHOWN: Final = 3
"""So many addresses, or pods, are named; the others are like them."""


@check(
    "CX201",
    "Service exists",
    severity=Severity.CRITICAL,
    remedy="apply it, or helm upgrade its chart; its name is the host name that callers are configured with",
    rests_on=("namespace:CX008",),
)
def check_exists(service: Entry[Service], seen: Seen, evidence: Evidence) -> None:
    """The Service exists under a documented name, and stays; callers find the component by nothing else."""
    evidence.promised, evidence.found = f"Service {service.id}", "absent"
    if seen.left_out(service.planned):
        raise SwitchedOff("left out here, as a site may")
    found = seen.service(service.planned)
    evidence.found = evidence.seen_at = f"Service {found.object.where}"
    if found.note:
        evidence.note(found.note)
    live = found.object
    assert not live.ending, f"Service {live.where} {live.ending}: it is gone as soon as its finalizers are"


@check(
    "CX202",
    "Service type",
    severity=Severity.MAJOR,
    remedy="set spec.type as promised; another type opens the component to the outside, or closes it to callers",
    rests_on=("CX201",),
)
def check_type(service: Entry[Service], seen: Seen, evidence: Evidence) -> None:
    """The Service has the promised type, with an address inside the cluster."""
    live, promised = seen.service(service.planned).object, service.of
    evidence.found, evidence.promised, evidence.seen_at = live.type, promised.type, f"Service {live.where}"
    if live.type in promised.also_types and live.type != promised.type:
        evidence.note(f"{live.type} is accepted: {promised.why}")
        return
    assert live.type == promised.type, f"Service {live.where} has type {live.type} of promised {promised.type}"
    assert live.headless or not promised.headless, (
        f"Service {live.where} has an address of its own; promised is a headless one, whose name leads to each pod"
    )
    if live.headless and not promised.headless:
        evidence.note("headless: its name resolves to the pods themselves")


@check(
    "CX203",
    "Service port",
    severity=Severity.CRITICAL,
    remedy="correct the number in the Service's ports; callers connect to the promised one",
    rests_on=("CX201",),
)
def check_port(service_port: Entry[ServicePort], seen: Seen, evidence: Evidence) -> None:
    """The Service serves the promised TCP port."""
    live, promised = seen.service(service_port.planned).object, service_port.of
    evidence.promised, evidence.seen_at = promised.port, f"Service {live.where}"
    evidence.found = [port.number for port in live.ports]
    found = live_port(service_port, seen, evidence)
    if found is None and promised.optional:
        raise NotApplicable(f"not served, which is accepted: {promised.why}")
    shown = ", ".join(f"{port.number}/{port.protocol}" for port in live.ports) or "none"
    assert found is not None, f"Service {live.where} serves ports {shown} of promised {promised.port}"


def live_port(entry: Entry[ServicePort], seen: Seen, evidence: Evidence) -> LivePort | None:
    """Return the live port that keeps the promise: the documented number first, then those that are accepted."""
    live = seen.service(entry.planned).object
    for number in (entry.of.port, *entry.of.also):
        for port in live.ports:
            if port.number == number and port.protocol == "TCP":
                if number != entry.of.port:
                    evidence.note(f"served on {number}, which is accepted: {entry.of.why}")
                return port
    return None


def _port(entry: Entry[ServicePort], seen: Seen, evidence: Evidence) -> LivePort:
    found = live_port(entry, seen, evidence)
    if found is None and entry.of.optional:
        raise NotApplicable(f"not served, which is accepted: {entry.of.why}")
    if found is None:
        raise Absent(f"Service {seen.service(entry.planned).object.where} does not serve port {entry.of.port}")
    return found


@check(
    "CX204",
    "Service port name",
    severity=Severity.MINOR,
    remedy="name the port as documented; Ingresses and monitors may refer to it by name",
    rests_on=("CX201", "CX203"),
)
def check_port_name(service_port: Entry[ServicePort], seen: Seen, evidence: Evidence) -> None:
    """A named Service port bears the documented name, which is that of the container port."""
    promised = service_port.of.name
    if promised is None:
        raise NotApplicable("no name is promised for it")
    found = _port(service_port, seen, evidence)
    live = seen.service(service_port.planned).object
    evidence.found, evidence.promised, evidence.seen_at = found.name or "none", promised, f"Service {live.where}"
    if not found.name:
        evidence.note("the only port of a Service may go without a name")
        return
    wrong = misnamed(live, found, promised) if found.name != promised else None
    evidence.cause = wrong if seen.gateway else None  # its routes find ports by name
    assert wrong is None, wrong


@check(
    "CX205",
    "Target port",
    severity=Severity.CRITICAL,
    remedy="let targetPort be the container port's number or a name that the selected pods' containers declare",
    rests_on=("CX101", "CX201", "CX203", "CX207", "CX109"),
)
def check_target_port(service_port: Entry[ServicePort], seen: Seen, evidence: Evidence) -> None:
    """The Service port leads to the promised container port of the selected pods."""
    found, promised = _port(service_port, seen, evidence), service_port.of.container_port
    live = seen.service(service_port.planned).object
    target = found.target if found.target is not None else found.number
    evidence.promised, evidence.seen_at = promised, f"Service {live.where} port {found.number}"
    spec = seen.spec(service_port.planned)
    reached = port_reached(live, found, spec)
    number = reached.number if reached else None
    evidence.found = {"targetPort": target, "container port": number}
    assert number is not None, (
        f"Service {live.where} port {found.number} leads to targetPort {target}, "
        f"which no container of {seen.workload(service_port.planned).object.where} has"
    )
    assert number == promised, (
        f"Service {live.where} port {found.number} leads to container port {number} (targetPort {target}) "
        f"of promised {promised}"
    )


@check(
    "CX206",
    "Ready endpoint",
    severity=Severity.CRITICAL,
    remedy="kubectl get endpointslices -l kubernetes.io/service-name=NAME; look at the selected pods, their readiness",
    rests_on=("CX101", "CX201", "CX203", "CX207", "CX205", "CX103", "CX104"),
)
def check_endpoint(service_port: Entry[ServicePort], seen: Seen, evidence: Evidence) -> None:
    """At least one ready endpoint stands behind the Service port; a call to it would be refused otherwise."""
    found = _port(service_port, seen, evidence)
    live = seen.service(service_port.planned).object
    ready = seen.endpoints(live, found)
    evidence.found, evidence.promised, evidence.seen_at = len(ready), "at least 1", f"Service {live.where}"
    behind = seen.snapshot.pods_behind(live)
    stale = stale_endpoints(live, found, ready, behind)
    words = (
        f"{', '.join(f'{one.address} port {one.port}' for one in stale[:MOST_SHOWN])}, where none of its pods listens"
    )
    assert not stale or len(stale) < len(ready), (
        f"the EndpointSlices of Service {live.where} lead port {found.number} to {words}; look at the controller"
    )
    if stale:
        evidence.note(f"some of its endpoints lead to {words}")
    if not ready:
        why = why_no_endpoint(live, found, seen.snapshot.endpoints(live), behind)
        raise AssertionError(f"Service {live.where} has no ready endpoint for port {found.number}: {why}")
    away = cut_off(seen, service_port.planned, live, ready)
    assert not away, (
        f"Service {live.where} keeps to the node (internalTrafficPolicy Local), and {len(away)} callers' pods are on "
        f"nodes without a ready endpoint for port {found.number}: {', '.join(away[:MOST_SHOWN])}"
    )


@check(
    "CX207",
    "Selector",
    severity=Severity.CRITICAL,
    remedy="let the Service select the labels of the component's pods, and no others'",
    rests_on=("CX101", "CX201"),
)
def check_selector(service: Entry[Service], seen: Seen, evidence: Evidence) -> None:
    """The Service selects the component's pods and no other component's; calls reach somebody else otherwise."""
    live, workload = seen.service(service.planned).object, seen.workload(service.planned).object
    evidence.seen_at = f"Service {live.where}"
    evidence.found, evidence.promised = dict(live.selector), f"the pods of {workload.where}, no others"
    selector = ", ".join(f"{key}={value}" for key, value in live.selector.items()) or "nothing"
    assert live.type != "ExternalName", f"Service {live.where} is an alias of {live.external_name}, it selects no pods"
    selected = live.namespace == workload.namespace and live.selects(workload.template.labels)
    assert selected, f"Service {live.where} selects {selector}, which {workload.kind} {workload.where} does not have"
    behind = seen.snapshot.pods_behind(live)
    mistakes = seen.plan.blueprint.mistakes("selector", service.component)
    also = {one.says for one in mistakes if seen.is_called(one.about, live.name)}
    others = sorted(
        {
            owner
            for pod in behind
            if (owner := seen.owners.get((pod.namespace, pod.name), service.component)) != service.component
            and also.isdisjoint(seen.plan.components[owner].names)
        }
    )
    assert not others, f"Service {live.where} ({selector}) also selects pods of {', '.join(others)}"
    strangers = {
        " ".join(controller_of(pod) or ("Pod", pod.name))
        for pod in behind
        if not pod.finished and (pod.namespace, pod.name) not in seen.owners
    }
    if strangers:
        evidence.note(f"calls also reach what no component is: the pods of {', '.join(sorted(strangers))}")
    with suppress(CouldNotLook):  # CX206 tells it
        strange = strange_endpoints(live, seen.snapshot.endpoints(live), behind)
        told = ", ".join(f"{address} (EndpointSlice {name})" for name, address in strange[:MOST_SHOWN])
        assert not strange, f"Service {live.where} also leads to what it does not select, by hand: {told}"
    known = {one.about for one in seen.plan.blueprint.mistakes("port", service.component)}
    for port in live.ports:
        lost = isinstance(port.target, str) and port_reached(live, port, workload.template) is None
        if lost and str(port.number) not in known:
            evidence.note(f"port {port.number} leads to targetPort {port.target}, which no container has")
