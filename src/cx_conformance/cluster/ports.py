"""From a Service's port to the container port behind it, and to the endpoints that answer on it.

https://kubernetes.io/docs/concepts/services-networking/service/ and
https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import ContainerPort, PodSpec, PodTemplate
from cx_conformance.objects.service import EndpointSlice, Service, ServicePort, SlicePort


class TargetPort(Struct, frozen=True, kw_only=True):
    """Where a Service's port arrives: ``container`` is None when no container declares the number.

    A number need not be declared to work; a name must, so there is no TargetPort for a name that no container has.
    """

    number: int
    container: str | None
    declared: ContainerPort | None


class ReadyEndpoint(Struct, frozen=True, kw_only=True):
    """One address that gets traffic; ``port`` is the resolved target, None where the Service has no ports."""

    address: str
    port: int | None
    family: str
    pod: str
    node: str


def container_port_for(service_port: ServicePort, behind: Pod | PodTemplate | PodSpec) -> TargetPort | None:
    """Return the container port that ``service_port`` arrives at, or None when its named target is in no container.

    Names are looked up in the ordinary containers, then in the native sidecars, by name and protocol, as the
    endpoints controller does; init containers do not serve.
    """
    spec = behind if isinstance(behind, PodSpec) else behind.spec
    target = service_port.number if service_port.target is None else service_port.target
    for container in spec.serving_containers:
        for declared in container.ports:
            wanted = declared.name if isinstance(target, str) else declared.number
            if wanted == target and declared.protocol == service_port.protocol:
                return TargetPort(number=declared.number, container=container.name, declared=declared)
    return None if isinstance(target, str) else TargetPort(number=target, container=None, declared=None)


def port_reached(service: Service, service_port: ServicePort, behind: Pod | PodTemplate | PodSpec) -> TargetPort | None:
    """Return what a client that connects to the Service's name and port arrives at.

    The name of a headless Service resolves to the pods themselves: nothing translates the port, targetPort is void.
    """
    if not service.headless:
        return container_port_for(service_port, behind)
    untranslated = ServicePort(
        name=service_port.name,
        number=service_port.number,
        target=None,
        protocol=service_port.protocol,
        node_port=None,
        app_protocol=service_port.app_protocol,
    )
    return container_port_for(untranslated, behind)


def ready_endpoints(
    service: Service, slices: Iterable[EndpointSlice], service_port: ServicePort | None = None
) -> tuple[ReadyEndpoint, ...]:
    """Return the endpoints that get traffic for ``service_port`` (None: for any port), over all slices and families.

    Ready is what the slice says; null means ready. The controller has already taken publishNotReadyAddresses into
    account, and reports a terminating endpoint as not ready. A slice without the port (a named target that no
    container has) leads nowhere. ExternalName has no endpoints.
    """
    if service.type == "ExternalName":
        return ()
    found: dict[tuple[str, int | None], ReadyEndpoint] = {}
    for item in slices:
        if item.address_type == "FQDN":
            continue
        for port in _matching_ports(item, service_port):
            for endpoint in item.endpoints:
                for address in endpoint.addresses if endpoint.is_ready else ():
                    number = port.number if port is not None else None
                    found[address, number] = ReadyEndpoint(
                        address=address,
                        port=number,
                        family=item.address_type,
                        pod=endpoint.target_name if endpoint.target_kind == "Pod" else "",
                        node=endpoint.node,
                    )
    return tuple(found.values())


def _matching_ports(item: EndpointSlice, service_port: ServicePort | None) -> Sequence[SlicePort | None]:
    """Return the slice's ports for ``service_port``; a slice repeats the Service's port name, empty or not."""
    if service_port is None:
        return item.ports or (None,)
    return [port for port in item.ports if (port.name, port.protocol) == (service_port.name, service_port.protocol)]


def stale_endpoints(
    service: Service, service_port: ServicePort, ready: Iterable[ReadyEndpoint], pods: Iterable[Pod]
) -> tuple[ReadyEndpoint, ...]:
    """Return those of ``ready`` that are no address and port of ``pods``, which the selector of ``service`` matches.

    Nobody keeps the slices then. Without a selector somebody else keeps them, and they are his word.
    """
    known = {pod.name: pod for pod in pods}
    addresses = {address for pod in known.values() for address in pod.ips}
    found = []
    for one in ready if service.selector else ():
        pod = known.get(one.pod)
        if pod is None:
            stale = one.address not in addresses
        else:
            target = container_port_for(service_port, pod)
            of_family = [address for address in pod.ips if (":" in address) == (":" in one.address)]
            moved = bool(of_family) and one.address not in of_family
            stale = moved or (target is not None and one.port not in (None, target.number))
        found += [one] if stale else []
    return tuple(found)


def strange_endpoints(
    service: Service, slices: Iterable[EndpointSlice], pods: Iterable[Pod]
) -> tuple[tuple[str, str], ...]:
    """Return (slice, address) of what people add by hand to a Service that has a selector.

    ``pods`` are those that the selector matches: their addresses are no strangers.
    """
    known = {address for pod in pods for address in pod.ips}
    return tuple(
        (item.name, address)
        for item in slices
        if service.selector and item.by_hand and item.address_type != "FQDN"
        for endpoint in item.endpoints
        if endpoint.is_ready
        for address in endpoint.addresses
        if address not in known
    )


def why_no_endpoint(
    service: Service, service_port: ServicePort, slices: Sequence[EndpointSlice], pods: Sequence[Pod]
) -> str:
    """Say why ``service_port`` has no ready endpoint; ``pods`` are those that the selector matches."""
    if service.type == "ExternalName":
        return f"it is of type ExternalName and points at {service.external_name or 'nothing'}, which has no endpoints"
    if not service.selector:
        known = sum(len(item.endpoints) for item in slices)
        return (
            f"it has no selector, and its EndpointSlices, kept by hand, hold {known} endpoints and none that is ready"
        )
    if not pods:
        wanted = ",".join(f"{key}={value}" for key, value in sorted(service.selector.items()))
        return f"its selector {wanted} matches no pod"
    alive = [pod for pod in pods if not pod.finished]
    if all(container_port_for(service_port, pod) is None for pod in alive) and alive:
        behind = f"the {len(alive)} pods" if len(alive) > 1 else "the pod"
        return f"no container of {behind} behind it has a port named {service_port.target!r}, its targetPort"
    ready = sum(pod.ready for pod in pods)
    if ready == 0:
        return f"none of the {len(pods)} pods behind it is ready" if len(pods) > 1 else "the pod behind it is not ready"
    return f"{ready} of the {len(pods)} pods behind it are ready, but no EndpointSlice says so; look at the controller"


def misnamed(service: Service, port: ServicePort, promised: str) -> str:
    """Say that a Service's port bears another name than the promised one, in the words of all who are led by it."""
    return f"Service {service.where} names port {port.number} {port.name} of promised {promised}"
