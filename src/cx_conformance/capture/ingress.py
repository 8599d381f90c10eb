"""The address under which a workload is reached from outside, as a promise."""

from collections import Counter
from collections.abc import Iterable

from pydantic import ValidationError

from cx_conformance.blueprint.component import Ingress, OutsidePath, Service
from cx_conformance.blueprint.promise import Source
from cx_conformance.capture.gathered import Gathered
from cx_conformance.cluster.path_reach import why_not_below
from cx_conformance.cluster.routes import Route
from cx_conformance.objects.ingress import Ingress as LiveIngress
from cx_conformance.objects.service import Service as LiveService
from cx_conformance.objects.workload import Workload


def main_host(routes: Iterable[Route]) -> str:
    """Return the host name that most routes are for, for which ``${FQDN}`` stands; empty where there is none."""
    hosts = Counter(route.host for route in routes if route.host and not route.host.startswith("*"))
    return min(hosts, key=lambda host: (-hosts[host], host), default="")


def address(gathered: Gathered, workload: Workload, service: Service | None, fqdn: str) -> Ingress | None:
    """Return the promised address: that of the first route with everything below it; None: no route leads here."""
    if service is None:
        return None
    found = [
        route
        for route in gathered.routes
        if (route.ingress.namespace, route.path.service) == (workload.namespace, service.name)
        and _arrives(gathered, route, workload.namespace, service)
    ]
    made = [(route, url) for route in found if (url := _url(gathered, route, fqdn))]
    exact = {id(route): _is_exact(gathered, route) for route, _ in made}
    made.sort(key=lambda pair: (exact[id(pair[0])], pair[0].host != fqdn))
    if not made:
        return None
    first, url = made[0]
    also = [route.literal for route, _ in made[1:] if route.host == first.host and route.literal != first.literal]
    for route, other in made[1:]:
        if route.host != first.host:
            gathered.leave_out(f"Ingress {route.ingress.where} leads {other} to Service {service.name}, as {url} does")
    return Ingress(
        url=url,
        paths=tuple(OutsidePath(path=path) for path in dict.fromkeys(also)),
        exact=exact[id(first)],
        source=Source.CAPTURED,
    )


def _arrives(gathered: Gathered, route: Route, namespace: str, service: Service) -> bool:
    live = gathered.snapshot.get(LiveService, namespace, service.name)
    promised = {port.port for port in service.ports}
    ports = {key for port in live.ports if port.number in promised for key in (port.number, port.name)} if live else ()
    if route.path.port in ports:
        return True
    gathered.leave_out(
        f"Ingress {route.ingress.where} leads {route.path.path} to port {route.path.port} of Service {service.name}, "
        "which is not there"
    )
    return False


def _is_exact(gathered: Gathered, route: Route) -> bool:
    """Tell whether what is below the path is not led there, by whatever the controller makes of the path."""
    controller = gathered.routing.controller_of(route.ingress)
    ingresses, runs = gathered.snapshot.visible(LiveIngress), gathered.routing.seen_running(route.ingress)
    return why_not_below(route, controller, ingresses, runs=runs) is not None


def _url(gathered: Gathered, route: Route, fqdn: str) -> str | None:
    host = "${FQDN}" if route.host in ("", fqdn) else route.host
    url = f"{'http' if route.tls_secret is None else 'https'}://{host}{route.literal}"
    try:
        Ingress(url=url)
    except ValidationError:
        gathered.leave_out(
            f"Ingress {route.ingress.where} has a path that a blueprint cannot hold: {route.path.path[:80]}"
        )
        return None
    return url
