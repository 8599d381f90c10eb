"""Where an address in a component's configuration leads: to the promised Service, or elsewhere.

How names resolve in a pod: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
"""

import ipaddress
import re

from msgspec import Struct

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.cluster_domain import beyond
from cx_conformance.cluster.fetched import is_fetched
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.service import Service

_ADDRESS = re.compile(r"(?:.*//)?(?:[^/@]*@)?(?P<host>[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?:[/)].*)?")
_UNTIDY = re.compile(r"[A-Za-z]+(?:::+)?//")
"""A URL whose colon is missing, or there twice; no client reads one."""
_BETWEEN = re.compile(r"[\s,;]+")
_BEYOND = re.compile(r"""[\[\]{}"'@$]|jdbc:""")
"""What addresses may hold that are read in other ways: IPv6, accounts, templates, quotes, options of a database."""


class Address(Struct, frozen=True):
    """A host and, where one is written, a port."""

    host: str
    port: int | None = None


class Leads(Struct, frozen=True, kw_only=True):
    """Where an address leads. ``wrong`` says why that is not the promised Service, ``note`` what else to know."""

    service: Service | None = None
    """The Service that it leads to; None: past every Service, or nowhere."""
    wrong: str | None = None
    note: str | None = None


def addresses(value: str) -> tuple[Address, ...] | None:
    """Read the addresses in a setting: a host, a URL, or a list of them; None for what is no address.

    ``failover:(tcp://a:61616,tcp://b:61616)?timeout=3000`` and ``mongodb://a:27017,b:27017/`` have two each.
    """
    found = []
    for piece in value.partition("?")[0].split(","):
        matched = _ADDRESS.fullmatch(piece.strip())
        if matched is None:
            return None
        found.append(Address(matched["host"], int(matched["port"]) if matched["port"] else None))
    return tuple(found)


def malformed(value: str) -> str:
    """Return what to show of a plain value that no client can read: ``http:/a:8081``, ``http//a``, ``a:808l``.

    Empty for an address, and for what is none in these ways.
    """
    text = value.partition("?")[0].strip()
    if not text or _BEYOND.search(text) or is_fetched(value):
        return ""
    is_none = _UNTIDY.match(text) or any(addresses(one) is None for one in _BETWEEN.split(text) if one)
    return text[:80] if is_none else ""


def leads(seen: Seen, planned: Planned, host: str, namespace: str) -> Leads:
    """Tell where ``host``, looked up by a pod of ``namespace``, leads; raises Absent (no Service), CouldNotLook."""
    promised = seen.service(planned).object
    host = host.lower().rstrip(".")
    if _is_ip(host):
        if host in (*promised.cluster_ips, *promised.load_balancer, *promised.external_ips):
            return Leads(service=promised, note=f"{host} is an address of Service {promised.where}; its name is stable")
        return Leads(wrong=f"{host} is no address of Service {promised.where}")
    if said := beyond(host, seen.snapshot.domains):
        return Leads(wrong=f"it {said}; promised is {promised.name}.{promised.namespace}.svc")
    named = service_named(seen, host, namespace)
    if named is not None:
        return _renamed(seen, named, promised) if named.external_name else _compared(seen, planned, named, promised)
    if planned.facts.ingress is not None and _is_entrance(seen, planned, host):
        return Leads(note=f"{host} leads through the Ingress")
    return Leads(wrong=f"{host} names no Service that was seen; promised is {promised.name}.{promised.namespace}.svc")


def lacks_promised(seen: Seen, planned: Planned, service: Service, port: int) -> bool:
    """Tell whether the component's own Service lacks a port that is promised of it.

    That is the Service's fault, which CX203 tells, not that of whoever is told the port. Raises Absent, CouldNotLook.
    """
    facts, has = planned.facts.service, {one.number for one in service.ports}
    promised = [(one.port, *one.also) for one in facts.ports if not one.optional] if facts else []
    missing = any(port in numbers and has.isdisjoint(numbers) for numbers in promised)
    return missing and service.where == seen.service(planned).object.where


def _is_entrance(seen: Seen, planned: Planned, host: str) -> bool:
    """Tell whether an Ingress answers for ``host``, which is no name that only the cluster knows."""
    if host == (seen.host_of(planned) or "").lower():
        return True
    if "." not in host or "svc" in host.split("."):
        return False
    served = {one.path.host.lower() for one in seen.routing.all}
    return not served.isdisjoint({host, f"*.{host.partition('.')[2]}", "", "*"})


def _renamed(seen: Seen, named: Service, promised: Service) -> Leads:
    """Follow a Service of type ExternalName, one step."""
    host = named.external_name.lower().rstrip(".")
    behind = None if beyond(host, seen.snapshot.domains) else service_named(seen, host, named.namespace)
    note = f"Service {named.where} is another name of {named.external_name}"
    if behind is not None and behind.where == promised.where:
        return Leads(service=promised, note=note)
    return Leads(wrong=f"{note}, which is not Service {promised.where}")


def _compared(seen: Seen, planned: Planned, named: Service, promised: Service) -> Leads:
    if named.where == promised.where:
        return Leads(service=promised)
    own = {pod.where for pod in seen.pods(planned)}
    behind = {pod.where for pod in seen.snapshot.pods_behind(named)}
    if behind and behind <= own:
        return Leads(service=named, note=f"Service {named.where} leads to the same pods as {promised.where}")
    return Leads(wrong=f"it leads to Service {named.where}, promised is {promised.where}")


def service_named(seen: Seen, host: str, namespace: str) -> Service | None:
    """Return the Service that a pod of ``namespace`` finds under ``host``."""
    place = service_place(host, namespace)
    return seen.snapshot.get(Service, *place) if place and place[0] in seen.snapshot.namespaces else None


def service_place(host: str, namespace: str) -> tuple[str, str] | None:
    """Return namespace and name of the Service that a pod of ``namespace`` looks for under ``host``.

    In front of it a pod's name may stand. None: it is the name of no Service.
    """
    labels = host.split(".")
    if "svc" in labels[2:]:
        end = labels.index("svc", 2)
        return labels[end - 1], labels[end - 2]
    if len(labels) == 2:
        return labels[1], labels[0]
    return (namespace, host) if len(labels) == 1 else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
