"""Where a caller's own variables lead: the address of each callee, as the containers of the caller are told it.

A variable of the container itself comes before what it takes from whole ConfigMaps, of which the last one counts.
https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.plan import Edge
from cx_conformance.blueprint.store import Protocol
from cx_conformance.cluster.addressing import addresses, lacks_promised, leads, malformed, service_place
from cx_conformance.cluster.cluster_domain import beyond
from cx_conformance.cluster.fetched import is_fetched
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import switch
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.json_fields import whole
from cx_conformance.objects.pod_spec import Container
from cx_conformance.objects.service import Service
from cx_conformance.outcome.looking import CouldNotLook

_WEB: Final = re.compile(r"(?P<scheme>https?|wss?)://", re.IGNORECASE)
_USUAL: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_HTTP: Final = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
"""By what a URL begins with: whether its first words are those of HTTP in the clear or over TLS."""
_TRANSPORT: Final = "ACTIVEMQ_TRANSPORT"
_PLAIN: Final = frozenset({61613, 61616})
_OVER_TLS: Final = frozenset({61615, 61617})
"""The broker's ports by what they speak (source: the vendor's charts)."""
_SENTINEL: Final = "REDIS_SENTINEL_ENABLE"
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
    wrong: Mapping[str, str]
    """What is wrong with it, and of each what is at fault: the part that is the same for every caller."""
    notes: tuple[str, ...]


def heading(seen: Seen, edge: Edge) -> Heading:
    """Return where the caller's variables for the callee lead; raises Absent, CouldNotLook."""
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    notes: list[str] = []
    live = seen.workload(edge.caller).object
    for via in edge.via:
        name, _, port_name = via.partition(":")
        told = [one for one in live.template.spec.serving_containers if _variable(seen, edge, one, name)]
        if not told:
            wrong |= _untold(seen, edge, name, notes)
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
            if port_name and port is None and not _says_port(host.value):
                wrong |= _untold(seen, edge, port_name, notes)
            transport = _variable(seen, edge, container, _TRANSPORT)
            for words, is_wrong in _judged(seen, edge, host, port, (transport and transport.value) or ""):
                if is_wrong:
                    wrong[words] = words
                else:
                    notes.append(words)
    return Heading(found=found, wrong=wrong, notes=tuple(dict.fromkeys(notes)))


def told_host(seen: Seen, edge: Edge) -> str | None:
    """Return the name by which the caller is told its callee's Service; None where none is told that leads there.

    Which spelling resolves depends on the caller: with few ``ndots`` in its dnsConfig musl looks for none in the search
    domains that has as many dots (https://wiki.musl-libc.org/functional-differences-from-glibc.html), so that
    ``ef-ccm-svc`` may be found, and ``ef-ccm-svc.expertflow.svc`` not.
    """
    with suppress(Absent, CouldNotLook):
        service, live = seen.service(edge.callee).object, seen.workload(edge.caller).object
        for via in edge.via:
            for container in live.template.spec.serving_containers:
                told = _variable(seen, edge, container, via.partition(":")[0])
                for one in addresses((told.value or "").strip()) or () if told else ():
                    own = one.host.lower().partition(".")[0] == service.name
                    if own and leads(seen, edge.callee, one.host, live.namespace).service == service:
                        return one.host
    return None


def _untold(seen: Seen, edge: Edge, name: str, notes: list[str]) -> dict[str, str]:
    """Say that no container is told a variable, and what is at fault; where it may be well all the same, note that."""
    live = seen.workload(edge.caller).object
    if perhaps := _perhaps(seen, edge):
        notes.append(f"no container is told {name}; {perhaps}")
        return {}
    return {f"no container of {live.kind} {live.where} is told {name}": f"no container is told {name}"}


def _says_port(value: str) -> bool:
    """Tell whether an address has its port in it, or by its scheme, or cannot be read."""
    found = addresses(value)
    return not found or bool(_WEB.match(value)) or all(one.port for one in found)


def _perhaps(seen: Seen, edge: Edge) -> str:
    """Say why it may be well all the same that no container is told a variable, or who else tells; empty: it is not."""
    if edge.may_be_untold:
        return edge.may_be_untold
    live, facts = seen.workload(edge.caller).object, edge.caller.facts
    store = edge.callee.facts.store
    sentinels = (_variable(seen, edge, one, _SENTINEL) for one in live.template.spec.serving_containers)
    if store and store.protocol is Protocol.REDIS and any(one and switch(one.value or "") for one in sentinels):
        return "Sentinels say where Redis is"
    known = {name for one in facts.secrets for name in one.candidates}
    read = [one for container in live.template.spec.serving_containers for one in container.env_from]
    hidden = sorted({one.name for one in read if one.kind == "Secret" and one.name not in known})
    if hidden:
        return f"Secret {', '.join(hidden)}, which is not looked into, may hold it"
    named = {one.name for one in live.template.spec.references() if one.kind == "ConfigMap" and not one.optional}
    lost = sorted(one for one in named if seen.snapshot.get(ConfigMap, live.namespace, one) is None)
    lost += [
        one.name
        for one in facts.config_maps
        if not one.optional and named.isdisjoint(seen.names_of(edge.caller, "ConfigMap", one.candidates))
    ]
    return f"ConfigMap {', '.join(lost)}, which is not there or not used, may hold it" if lost else ""


def _judged(seen: Seen, edge: Edge, host: Told, port: Told | None, transport: str) -> Iterator[tuple[str, bool]]:
    """Yield what is to be said of an address, and whether it is wrong.

    ``transport`` is what the site has chosen for the broker; empty: nothing tells it.
    """
    value, namespace = (host.value or "").strip(), seen.workload(edge.caller).object.namespace
    listed = addresses(value)
    if said := malformed(value):
        yield f"{host.where} says {said}, which is no address", True
        return
    if "$" in value or "{{" in value or is_fetched(value) or listed is None:
        yield f"{host.where} is no plain address; it was not compared", False
        return
    if port and port.value and "$" not in port.value and not is_fetched(port.value) and _number(port) is None:
        yield f"{port.where} says {port.value}, which is no port", True
    for one in listed:
        led = leads(seen, edge.callee, one.host, namespace)
        if led.note:
            yield f"{host.where}: {led.note}", False
        if led.wrong and _is_documented(edge, one.host) and not beyond(one.host, seen.snapshot.domains):
            stands = seen.service(edge.callee).object.where
            yield f"{host.where} says {one.host}, as documented, but the Service stands as {stands}", False
        elif led.wrong:
            yield f"{host.where} says {one.host}: {led.wrong}", True
        elif led.service is not None:
            web = _WEB.match(value)
            scheme = web["scheme"].lower() if web else ""
            called = one.port or _number(port) or _USUAL.get(scheme)
            if called is not None:
                says = f"{(port if port and not one.port else host).where} says port {called}"
                yield from _of_port(seen, edge, led.service, called, says, transport)
                yield from _of_tls(edge, led.service, called, host.where, scheme)


def _of_port(  # noqa: PLR0913, PLR0917 - who says what of whom
    seen: Seen, edge: Edge, service: Service, called: int, says: str, transport: str
) -> Iterator[tuple[str, bool]]:
    known = edge.callee.facts.service
    chosen = frozenset() if not transport or "$" in transport else _OVER_TLS if "ssl" in transport.lower() else _PLAIN
    others = {one.port for one in known.ports} - chosen if known else set()
    if lacks_promised(seen, edge.callee, service, called):
        yield f"{says}, as promised, which Service {service.where} does not have", False
    elif called not in {each.number for each in service.ports}:
        yield f"{says}, which Service {service.where} does not have", True
    elif edge.ports and called not in edge.ports:
        # Another port that the callee documents speaks something else; one that nobody knows is the site's.
        yield f"{says}, documented is {', '.join(map(str, edge.ports))}", called in others
    elif chosen and called in (_PLAIN | _OVER_TLS) - chosen:
        speaks = "TLS" if called in _OVER_TLS else "without TLS"
        yield f"{says}, which speaks {speaks}, but {_TRANSPORT} says {transport}", True


def _of_tls(edge: Edge, service: Service, called: int, where: str, scheme: str) -> Iterator[tuple[str, bool]]:
    spoken = _spoken(edge, called)
    if scheme and spoken and _HTTP[scheme] not in spoken:
        speaks = f"port {called} of Service {service.where} speaks {' or '.join(sorted(spoken))}"
        yield f"{where} says {scheme}, but {speaks}", True


def _spoken(edge: Edge, called: int) -> set[str]:
    """Return what the callee's port speaks by its documented health, ``http`` or ``https``; empty: nothing says it."""
    service = edge.callee.facts.service
    behind = {one.container_port for one in service.ports if called in (one.port, *one.also)} if service else set()
    told = (one for one in edge.callee.facts.health if one.port in behind)
    return {scheme for one in told for scheme in (one.scheme, *one.also_schemes)}


def _is_documented(edge: Edge, host: str) -> bool:
    """Whether a host is the callee's Service where it is documented: its chart was installed elsewhere, with a note."""
    namespace, name = service_place(host.lower().rstrip("."), "") or ("", "")
    return name in edge.callee.service_names and namespace in edge.callee.namespaces


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
