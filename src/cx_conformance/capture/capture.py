"""From what was seen to a blueprint: each workload a component, with all that its objects say."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from cx_conformance.blueprint import component as promised
from cx_conformance.blueprint.component import Component, Group, Kind, Namespace
from cx_conformance.blueprint.document import Blueprint, Capture, Head
from cx_conformance.blueprint.platform import IngressController, Platform
from cx_conformance.blueprint.promise import Source
from cx_conformance.capture.calls import Owner, Told, calls, told_of
from cx_conformance.capture.gateway import Entrance
from cx_conformance.capture.gathered import Gathered
from cx_conformance.capture.hosts import Hosts, Place
from cx_conformance.capture.ingress import address, main_host
from cx_conformance.capture.mistakes import mistakes
from cx_conformance.capture.naming import component_ids, place_of
from cx_conformance.capture.objects import config_maps, container_ports, health, resources, secrets, volumes
from cx_conformance.capture.service import ownerless, services
from cx_conformance.capture.store import store
from cx_conformance.cluster.own_containers import own_containers
from cx_conformance.objects.ingress import IngressClass
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook


class NothingToCapture(ValueError):  # noqa: N818 - an answer, not a bug
    """There is no workload; the text says where none was found."""


class Captured(Struct, frozen=True):
    """A blueprint, and in sentences what was seen and is not promised in it."""

    blueprint: Blueprint
    left_out: tuple[str, ...]
    unwell: tuple[str, ...]
    """Workloads of which not all pods were ready."""
    host: str
    """The host name for which ``${FQDN}`` stands; empty: there is none."""


def capture(gathered: Gathered, name: str = "", known: Iterable[Mapping[tuple[str, str, str], str]] = ()) -> Captured:
    """Return what is promised by what was seen; raises NothingToCapture.

    ``known`` are the ids of workloads, by kind, namespace and name, the surest first; others are called by their names.
    """
    workloads = gathered.workloads
    if not workloads:
        raise NothingToCapture(f"there is no workload in {', '.join(gathered.namespaces) or 'any namespace'}")
    ids = component_ids(workloads, known)
    hosts = Hosts({(one.namespace, one.name): one for one in gathered.services})
    told = {place_of(one): told_of(gathered, one, hosts) for one in workloads}
    called = frozenset(place for one in told.values() for place in one)
    served = {place_of(one): services(gathered, one, called) for one in workloads}
    owners = {
        (place[1], service.name): Owner(ids[place], service, some[0])
        for place, some in served.items()
        for service in some
    }
    for words in ownerless(gathered):
        gathered.leave_out(words)
    entrance = Entrance.of(gathered)
    host = main_host(gathered.routes) or (entrance.host if entrance else "")
    components = {}
    for one in workloads:
        place = place_of(one)
        components[ids[place]] = _component(
            gathered, one, ids[place], served[place], host, entrance, told[place], owners
        )
    made = Blueprint(
        blueprint=_head(gathered, name),
        components=components,
        platform=Platform(ingress_controllers=_controllers(gathered)),
    )
    made = made.model_copy(update={"chart_errata": tuple(mistakes(made, gathered.snapshot))})
    return Captured(made, tuple(gathered.left_out), tuple(_unwell(gathered)), host)


def _unwell(gathered: Gathered) -> Iterator[str]:
    """Yield the workloads of which fewer pods are ready than are wanted; manifests do not say."""
    for one in gathered.workloads:
        if gathered.whole and one.kind != "CronJob" and one.ready_replicas < one.replicas:
            yield f"{one.kind} {one.where}"


def _head(gathered: Gathered, name: str) -> Head:
    snapshot = gathered.snapshot
    taken = snapshot.taken_at.replace(microsecond=0)
    return Head(
        name=name or ", ".join(gathered.namespaces),
        version=f"{taken:%Y-%m-%d}",
        captured=Capture(
            at=taken.astimezone(dt.UTC),
            cluster=snapshot.identity.uid or None,
            server=snapshot.identity.version or None,
            namespaces=tuple(gathered.namespaces),
        ),
    )


def _component(  # noqa: PLR0913, PLR0917 - each is what some other component is seen by too
    gathered: Gathered,
    workload: Workload,
    identity: str,
    served: tuple[promised.Service, ...],
    host: str,
    entrance: Entrance | None,
    told: Mapping[Place, Told],
    owners: Mapping[Place, Owner],
) -> Component:
    ports = tuple(container_ports(workload))
    own = own_containers(workload.template.spec, {port.port for port in ports}, {identity, workload.name})
    service = served[0] if served else None
    asked = store(workload, service)
    others = {place: owner for place, owner in owners.items() if owner.component != identity}
    return Component(
        group=Group.INTERNAL if asked is None else Group.EXTERNAL,
        namespace=Namespace(name=workload.namespace, source=Source.CAPTURED),
        workload=_workload(workload),
        container_ports=ports,
        service=service,
        further_services=served[1:],
        config_maps=tuple(config_maps(gathered, workload)),
        secrets=tuple(secrets(gathered, workload)),
        volumes=tuple(volumes(gathered, workload, own)),
        resources=resources(workload, own[0]) if own else None,
        health=tuple(health(gathered, workload)),
        ingress=address(gathered, workload, service, host) or _through(entrance, workload, service),
        calls=tuple(calls(gathered, workload, told, others)),
        store=asked,
    )


def _through(
    entrance: Entrance | None, workload: Workload, service: promised.Service | None
) -> promised.Ingress | None:
    return entrance.address(workload.namespace, service) if entrance and service else None


def _workload(live: Workload) -> promised.Workload:
    made_by = f"made by {live.owner.kind} {live.owner.name}" if live.owner else None
    policy = live.template.spec.restart_policy
    return promised.Workload(
        kind=Kind(live.kind),
        name=live.name,
        replicas=live.replicas if live.kind in ("Deployment", "StatefulSet") else 1,
        restart_policy=policy if policy in ("OnFailure", "Never") else "Always",
        why=made_by,
        source=Source.CAPTURED,
    )


def _controllers(gathered: Gathered) -> tuple[IngressController, ...]:
    """Return the controllers that serve the routes, where classes may be looked at."""
    try:
        classes = {one.name: one for one in gathered.snapshot.list(IngressClass)}
    except CouldNotLook:
        return ()
    used = {gathered.routing.class_of(route.ingress) for route in gathered.routing.all}
    found = {classes[name].controller: name for name in sorted(used) if name in classes}
    return tuple(
        IngressController(name=name, controllers=(controller,), source=Source.CAPTURED)
        for controller, name in found.items()
        if controller
    )
