"""Whom a workload calls, by the addresses that it is told."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from cx_conformance.blueprint.component import Call
from cx_conformance.blueprint.component import Service as Promised
from cx_conformance.blueprint.promise import Source
from cx_conformance.capture.gathered import Gathered
from cx_conformance.capture.hosts import Hosts, Mention, Place
from cx_conformance.capture.told import files, variables
from cx_conformance.objects.json_fields import whole
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import Workload

_HOST: Final = re.compile(r"HOST(?:NAME|S)?|ADDR(?:ESS)?|SERVER|NODES?", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Told(Struct):
    """What a workload is told of one Service."""

    ports: set[int | None] = field(default_factory=set)
    """None: no port is said."""
    via: dict[str, None] = field(default_factory=dict)


def told_of(gathered: Gathered, workload: Workload, hosts: Hosts) -> Mapping[Place, Told]:
    """Return what the workload is told of each Service that it finds by name, its own left out."""
    found: dict[Place, Told] = {}
    leading: dict[str, set[Place]] = defaultdict(set)
    for mention, variable in _mentions(gathered, workload, hosts):
        place = mention.place
        one = found.setdefault(place, Told())
        one.ports.add(mention.port)
        if variable:
            one.via[variable] = None
            leading[variable].add(place)
    for one in found.values():
        for variable in [name for name in one.via if len(leading[name]) > 1]:
            del one.via[variable]
    return found


def _mentions(gathered: Gathered, workload: Workload, hosts: Hosts) -> Iterator[tuple[Mention, str]]:
    """Yield each Service that is named, and the variable that holds its address alone; empty: none does."""
    namespace = workload.namespace
    spec = workload.template.spec
    for container in (*spec.init_containers, *spec.containers):
        values = variables(gathered, workload, container)
        for name, value in values.items():
            for mention in hosts.in_text(value, namespace, name):
                port = (
                    mention.port if mention.port is not None else _beside(name, values, hosts.services[mention.place])
                )
                alone = _VARIABLE.fullmatch(name) and hosts.is_alone(value, namespace, mention.place)
                via = "" if not alone else name if mention.port == port else f"{name}:{_port_key(name)}"
                yield Mention(mention.place, port), via
        for word in (*container.command, *container.args):
            yield from ((mention, "") for mention in hosts.in_text(word, namespace))
    for file in files(gathered, workload):
        text = file.config_map.value(file.key) or ""
        yield from ((mention, "") for mention in hosts.in_text(text, namespace, file.key if len(text) < 300 else ""))


def _port_key(name: str) -> str:
    """Return how a variable is called that holds the port to the host in the one called ``name``."""
    found = list(_HOST.finditer(name))
    if not found:
        return name
    last = found[-1]
    return name[: last.start()] + ("PORT" if last[0].isupper() else "port") + name[last.end() :]


def _beside(name: str, values: Mapping[str, str], service: Service) -> int | None:
    """Return the port that a variable beside the one of the host says: REDIS_PORT beside REDIS_HOST."""
    other = _port_key(name)
    said = values.get(other, "").strip() if other != name else ""
    number = whole(said)
    return number if number in {one.number for one in service.ports} else None


class Owner(Struct, frozen=True):
    """Whose a Service is, what is promised of it, and of the component's main one, by which edges are tried."""

    component: str
    service: Promised
    main: Promised

    def called(self, port: int) -> int | None:
        """Return the main Service's port that leads to where ``port`` of this one does; None: none does."""
        target = next((one.container_port for one in self.service.ports if one.port == port), None)
        same = [one.port for one in self.main.ports if one.container_port == target]
        return port if port in same else next(iter(same), None)


def calls(
    gathered: Gathered, workload: Workload, told: Mapping[Place, Told], owners: Mapping[Place, Owner]
) -> Iterator[Call]:
    """Yield the edges to other components; ``owners`` says whose each Service is."""
    ports: dict[str, set[int]] = defaultdict(set)
    via: dict[str, dict[str, None]] = defaultdict(dict)
    for place, one in told.items():
        owner = owners.get(place)
        if owner is None:
            continue
        for port in one.ports - {None}:
            number = owner.called(port) if port else None
            if number is not None:
                ports[owner.component].add(number)
                continue
            nowhere = f"port {port} of Service {'/'.join(place)}, which leads nowhere"
            gathered.leave_out(f"{workload.kind} {workload.where} is told {nowhere}")
        if ports[owner.component] or None in one.ports:
            via[owner.component] |= one.via
    for callee in sorted(via):
        yield Call(
            to=callee, ports=tuple(sorted(ports[callee])), via=tuple(sorted(via[callee])), source=Source.CAPTURED
        )
