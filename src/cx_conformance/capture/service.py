"""The Services by which a workload is called, as promises."""

from collections.abc import Iterator
from typing import Final

from pydantic import TypeAdapter, ValidationError

from cx_conformance.blueprint import component as promised
from cx_conformance.blueprint.names import PortName
from cx_conformance.blueprint.promise import Source
from cx_conformance.capture.gathered import Gathered
from cx_conformance.cluster.ports import port_reached
from cx_conformance.objects.service import Service, ServicePort
from cx_conformance.objects.workload import Workload

_TYPES: Final = ("ClusterIP", "NodePort", "LoadBalancer")
_PORT_NAME: Final = TypeAdapter(PortName)


def services(
    gathered: Gathered, workload: Workload, called: frozenset[tuple[str, str]]
) -> tuple[promised.Service, ...]:
    """Return what is promised of the Services that lead to the workload's pods alone, the main one first.

    That is the one that is routed to, or else ``called`` (namespace and name), or else has an address of its own.
    """
    routed = {(route.ingress.namespace, route.path.service) for route in gathered.routes}
    made = [(one, _promise(gathered, workload, one)) for one in gathered.services_of(workload)]
    found = [(live, service) for live, service in made if service is not None]

    def rank(pair: tuple[Service, promised.Service]) -> tuple[bool, bool, bool, int, str]:
        place = pair[0].namespace, pair[0].name
        return place not in routed, place not in called, pair[0].headless, -len(pair[1].ports), pair[0].name

    return tuple(service for _, service in sorted(found, key=rank))


def _promise(gathered: Gathered, workload: Workload, live: Service) -> promised.Service | None:
    ports = tuple(_ports(gathered, workload, live))
    kind = next((one for one in _TYPES if one == live.type), None)
    if not ports or kind is None:
        return None
    return promised.Service(name=live.name, type=kind, ports=ports, source=Source.CAPTURED)


def _ports(gathered: Gathered, workload: Workload, live: Service) -> Iterator[promised.ServicePort]:
    for port in live.ports:
        if port.protocol != "TCP":
            gathered.leave_out(f"port {port.number}/{port.protocol} of Service {live.where}: only TCP is promised")
            continue
        reached = port_reached(live, port, workload.template)
        if reached is None:
            gathered.leave_out(
                f"port {port.number} of Service {live.where} leads to targetPort {port.target}, which no container of "
                f"{workload.kind} {workload.name} has"
            )
            continue
        yield promised.ServicePort(
            port=port.number,
            target_port=None if reached.number == port.number else reached.number,
            name=port_name(port),
            source=Source.CAPTURED,
        )


def port_name(port: ServicePort) -> str | None:
    """Return a port's name where it is one of at most 15 characters; a Service's may be longer."""
    try:
        return _PORT_NAME.validate_python(port.name) if port.name else None
    except ValidationError:
        return None


def ownerless(gathered: Gathered) -> Iterator[str]:
    """Yield what each Service leads to that no component is promised to have."""
    for one in gathered.services:
        selected = gathered.selected[one.namespace, one.name]
        if one.type == "ExternalName":
            yield f"Service {one.where} is an alias of {one.external_name}"
        elif not one.selector:
            yield f"Service {one.where} selects no pods"
        elif not selected:
            yield f"Service {one.where} selects the pods of no workload"
        elif len(selected) > 1:
            names = ", ".join(f"{each.kind} {each.name}" for each in selected)
            yield f"Service {one.where} selects the pods of several workloads: {names}"
