"""Where a caller's own variables lead: the address of each callee, as the containers of the caller are told it.

A variable of the container itself comes before what it takes from whole ConfigMaps, of which the last one counts.
https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.plan import Edge
from cx_conformance.cluster.addressing import addresses, leads
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.json_fields import whole
from cx_conformance.objects.pod_spec import Container

_WEB: Final = re.compile(r"(?P<scheme>https?|wss?)://[^/:]+(?:/.*)?", re.IGNORECASE)
_USUAL: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_TRANSPORT: Final = "ACTIVEMQ_TRANSPORT"
_BROKER: Final = {"tcp": (61613, 61616), "ssl": (61615, 61617)}
"""By what that variable says: the broker's ports of that transport (source: the vendor's charts)."""
_UNKNOWN: Final = "a Secret, which is not looked into"


class Told(Struct, frozen=True, kw_only=True):
    """What a container is told under a variable; ``value`` is None where that stands in a Secret."""

    variable: str
    holder: str
    value: str | None

    @property
    def where(self) -> str:
        """The variable as messages name it."""
        return f"{self.variable} in {self.holder}"


class Heading(Struct, frozen=True, kw_only=True):
    """Where the variables of one edge lead."""

    found: dict[str, str]
    """What they say, by where."""
    wrong: tuple[str, ...]
    notes: tuple[str, ...]


def heading(seen: Seen, edge: Edge) -> Heading:
    """Return where the caller's variables for the callee lead; raises Absent, CouldNotLook."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    notes: list[str] = []
    live = seen.workload(edge.caller).object
    for via in edge.via:
        name, _, port_name = via.partition(":")
        told = [one for one in live.template.spec.serving_containers if _variable(seen, edge, one, name)]
        if not told:
            notes.append(f"no container is told {name}; what it calls then is its own choice")
        for container in told:
            host = _variable(seen, edge, container, name)
            port = _variable(seen, edge, container, port_name) if port_name else None
            if host is None:
                continue
            if host.value is None:
                notes.append(f"{name} comes from {_UNKNOWN}")
                continue
            found[host.where] = host.value
            found |= {port.where: port.value or ""} if port else {}
            transport = _variable(seen, edge, container, _TRANSPORT)
            chosen = _BROKER.get((transport.value or "").lower(), ()) if transport else ()
            for words, is_wrong in _judged(seen, edge, host, port, chosen):
                (wrong if is_wrong else notes).append(words)
    return Heading(found=found, wrong=tuple(dict.fromkeys(wrong)), notes=tuple(dict.fromkeys(notes)))


def _judged(
    seen: Seen, edge: Edge, host: Told, port: Told | None, chosen: tuple[int, ...]
) -> Iterator[tuple[str, bool]]:
    """Yield what is to be said of an address, and whether it is wrong.

    ``chosen`` are the ports of the transport that the site has chosen for the broker.
    """
    known = edge.callee.facts.service
    others = {one.port for one in known.ports} - set(chosen) if known else set()
    value, namespace = (host.value or "").strip(), seen.workload(edge.caller).object.namespace
    listed = addresses(value)
    if "$" in value or "{{" in value or listed is None:
        yield f"{host.where} is no plain address; it was not compared", False
        return
    number = _number(port)
    web = _WEB.fullmatch(value)
    for one in listed:
        led = leads(seen, edge.callee, one.host, namespace)
        if led.note:
            yield f"{host.where}: {led.note}", False
        if led.wrong and _is_documented(edge, one.host):
            stands = seen.service(edge.callee).object.where
            yield f"{host.where} says {one.host}, as documented, but the Service stands as {stands}", False
        elif led.wrong:
            yield f"{host.where} says {one.host}: {led.wrong}", True
        elif led.service is not None:
            called = one.port or number or (_USUAL[web["scheme"].lower()] if web else None)
            where = host.where if one.port or port is None else port.where
            if called is not None and called not in {each.number for each in led.service.ports}:
                yield f"{where} says port {called}, which Service {led.service.where} does not have", True
            elif called is not None and edge.ports and called not in edge.ports:
                # Another port that the callee documents speaks something else; one that nobody knows is the site's.
                yield f"{where} says port {called}, documented is {', '.join(map(str, edge.ports))}", called in others


def _is_documented(edge: Edge, host: str) -> bool:
    """Whether a host is the callee's Service where it is documented: its chart was installed elsewhere, with a note."""
    name, _, rest = host.lower().partition(".")
    return name in edge.callee.service_names and rest.partition(".")[0] in edge.callee.namespaces


def _number(port: Told | None) -> int | None:
    return whole((port.value or "").strip()) if port else None


def _variable(seen: Seen, edge: Edge, container: Container, name: str) -> Told | None:
    """Return what a container is told under ``name``; None where nothing tells it; raises CouldNotLook."""
    live = seen.workload(edge.caller).object
    for one in reversed(container.env):
        if one.name != name:
            continue
        if one.reference is None:
            return Told(variable=name, holder=f"{live.kind} {live.where}", value=one.value) if one.value else None
        if one.reference.kind == "Secret":
            return Told(variable=name, holder=_UNKNOWN, value=None)
        return _keyed(seen, live.namespace, one.reference.name, one.reference.key or "", name)
    for source in reversed(container.env_from):
        if source.kind == "ConfigMap" and name.startswith(source.prefix):
            told = _keyed(seen, live.namespace, source.name, name.removeprefix(source.prefix), name)
            if told is not None:
                return told
    return None


def _keyed(seen: Seen, namespace: str, config_map: str, key: str, name: str) -> Told | None:
    held = seen.snapshot.get(ConfigMap, namespace, config_map)
    value = (held.value(key) or "").strip() if held else ""
    return Told(variable=name, holder=f"ConfigMap {namespace}/{config_map}", value=value) if value else None
