"""Which mistakes of the vendor's own charts, as its release lists them, an installation shows, and where."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.addressing import service_named, service_place
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.gateway_reach import service_of
from cx_conformance.cluster.lost_addresses import addresses_in, told
from cx_conformance.cluster.ports import port_reached
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.service import Service
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.objects.workload import CronJob
from cx_conformance.outcome.looking import CouldNotLook

_MOST_SHOWN: Final = 3


def shown(seen: Seen) -> Iterator[tuple[ChartErratum, str]]:
    """Yield each mistake that is seen with its places in words; what may not be looked at shows none."""
    for erratum in seen.plan.blueprint.chart_errata:
        places = dict.fromkeys(_places(seen, erratum))
        if places:
            more = f" and {len(places) - _MOST_SHOWN} more" if len(places) > _MOST_SHOWN else ""
            yield erratum, ", ".join(list(places)[:_MOST_SHOWN]) + more


def _places(seen: Seen, erratum: ChartErratum) -> Iterator[str]:
    if erratum.kind == "route":
        with suppress(CouldNotLook):
            yield from _routes(seen, erratum)
        return
    for planned in seen.plan.components.values():
        if erratum.component in (None, planned.id):
            with suppress(Absent, CouldNotLook):
                yield from _OF_COMPONENT[erratum.kind](seen, planned, erratum)


def _variables(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    """Yield where the wrong address stands, while it leads nowhere: a site may have what it names."""
    namespace = seen.workload(planned).object.namespace
    for place, variable, value in told(seen, planned):
        if variable == erratum.about and any(
            seen.is_known_mistake(erratum, text) and _is_lost(seen, host, namespace)
            for text, host, _ in addresses_in(value)
        ):
            yield place


def _is_lost(seen: Seen, host: str, namespace: str) -> bool:
    """Tell whether nothing that was seen answers to ``host``; of a namespace that was not looked at nobody knows."""
    with suppress(ValueError):
        # The vendor's own address of some machine: no Service is told by it, and none is meant.
        return bool(ipaddress.ip_address(host))
    place = service_place(host, namespace)
    if place is None or service_named(seen, host, namespace) is not None:
        return False
    return place[0] in seen.snapshot.namespaces or seen.snapshot.has_namespace(place[0]) is False


def _repeated(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    live = seen.workload(planned).object
    for one in live.template.spec.containers:
        if [variable.name for variable in one.env].count(erratum.about) > 1:
            yield f"variable {erratum.about} of container {one.name} of {live.kind} {live.where}"


def _ports(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    live, template = seen.service(planned).object, seen.workload(planned).object.template
    for one in live.ports:
        if str(one.number) == erratum.about and one.target == erratum.says and not port_reached(live, one, template):
            yield f"Service {live.where} port {one.number}"


def _selectors(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    namespace = seen.workload(planned).object.namespace
    services, cron_jobs = seen.snapshot.list(Service, namespace), seen.snapshot.list(CronJob, namespace)
    for live in (one for one in services if seen.is_called(erratum.about, one.name)):
        if any(seen.is_called(erratum.says, one.name) and live.selects(one.template.labels) for one in cron_jobs):
            yield f"Service {live.where}"


def _claim(seen: Seen, planned: Planned, erratum: ChartErratum) -> PersistentVolumeClaim | None:
    return seen.snapshot.get(PersistentVolumeClaim, seen.workload(planned).object.namespace, erratum.about)


def _classes(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    claim = _claim(seen, planned, erratum)
    if claim and claim.storage_class == erratum.says:
        yield f"PersistentVolumeClaim {claim.where}"


def _shared_claims(seen: Seen, planned: Planned, erratum: ChartErratum) -> Iterator[str]:
    claim = _claim(seen, planned, erratum)
    users = [planned, *(one for one in (seen.plan.components.get(erratum.says),) if one)]
    used = [name for one in users for names in seen.claims(one).values() for name in names]
    if claim and claim.access_modes == ("ReadWriteOnce",) and used.count(erratum.about) > 1:
        yield f"PersistentVolumeClaim {claim.where}"


def _routes(seen: Seen, erratum: ChartErratum) -> Iterator[str]:
    """Yield the routes to what is not there; once a site has it, they are right."""
    for route in seen.gateway.routes if seen.gateway else ():
        for target in route.targets:
            if target.text == erratum.says and service_of(seen.snapshot, target) is None:
                yield f"{route.place} for {', '.join(route.paths)}"


_OF_COMPONENT: Final[dict[str, Callable[[Seen, Planned, ChartErratum], Iterator[str]]]] = {
    "variable": _variables,
    "repeated": _repeated,
    "port": _ports,
    "selector": _selectors,
    "class": _classes,
    "claim": _shared_claims,
}
