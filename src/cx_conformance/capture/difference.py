"""What was captured as a difference from a known release: the site's own record of what it runs.

Only what objects show is compared. What a release knows from elsewhere (a health endpoint of the documentation, what is
asked of a store, a call without a variable, accepted other names) is left as it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, TypeVar

from msgspec import Struct

from cx_conformance.blueprint.component import Call, Component, Kind, Service, Volume
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.extending import ABSENT
from cx_conformance.blueprint.promise import NamedPromise, Promise
from cx_conformance.blueprint.writing import plain
from cx_conformance.capture.naming import Place

P = TypeVar("P", bound=Promise)
Changes = dict[str, Any]
CAPTURED: Final = {"source": "captured"}


def known_places(release: Blueprint) -> tuple[dict[Place, str], ...]:
    """Return where each component of a release may stand, by kind, namespace and any of its accepted names.

    The first are places of the promised kinds, the second of any other: a namesake comes after the component itself.
    """
    promised: dict[Place, str] = {}
    others: dict[Place, str] = {}
    for identity, one in release.components.items():
        kinds = (one.workload.kind, *one.workload.also_kinds)
        for namespace, name, kind in product(one.namespace.candidates, one.workload.candidates, Kind):
            (promised if kind in kinds else others).setdefault((kind.value, namespace, name), identity)
    return promised, others


def difference(release: Blueprint, captured: Blueprint) -> dict[str, Changes | None]:
    """Return, by component, what must be said beside the release; None: the component is not there."""
    changes: dict[str, Changes | None] = {}
    known = _Known.of(release)
    gone = {name for name, one in release.components.items() if name not in captured.components and not one.optional}
    for identity, promised in release.components.items():
        seen = captured.components.get(identity)
        if seen is not None:
            changed = _component(promised, seen, known) | _without(promised, gone)
            changes |= {identity: changed} if changed else {}
        elif identity in gone:
            changes[identity] = None
    for identity, seen in captured.components.items():
        if identity not in release.components:
            changes[identity] = plain(seen)
    return changes


class _Known(Struct, frozen=True):
    """What a release knows beside its components: it is not said of each of them."""

    prepared: frozenset[str]
    """Names of Secrets and ConfigMaps that are made before it is installed."""
    variables: frozenset[tuple[str, str]]
    """Variables of shared configuration, by the component that they lead to: not everybody who reads one calls it."""

    @classmethod
    def of(cls, release: Blueprint) -> "_Known":
        return cls(
            prepared=frozenset(name for one in release.prerequisites for name in one.candidates),
            variables=frozenset(
                (callee, variable)
                for identity, one in release.components.items()
                for callee, names in _told(identity, one)
                for variable in names.split(":")
            ),
        )

    def is_shared(self, call: Call) -> bool:
        """Tell whether a call is seen by a variable that the release knows of others."""
        return any((call.to, name.partition(":")[0]) in self.variables for name in call.via)


def _told(identity: str, component: Component) -> Iterator[tuple[str, str]]:
    """Yield the variables that a release names, by the component that they lead to."""
    yield from ((call.to, name) for call in component.calls for name in call.via)
    for settings in component.store.settings if component.store else ():
        for key in (settings.host, settings.url, *settings.also):
            if key:
                yield identity, key


def _without(promised: Component, gone: Collection[str]) -> Changes:
    """Return what a component must not say any more of those that are not there."""
    calls = [{"to": one.to, ABSENT: True} for one in promised.calls if one.to in gone]
    left = [one for one in promised.called_by if one not in gone]
    changed: Changes = {"calls": calls} if calls else {}
    return changed | ({"calledBy": left} if len(left) < len(promised.called_by) else {})


def _component(promised: Component, seen: Component, known: _Known) -> Changes:
    found: dict[str, Any] = {
        "namespace": _fields(promised.namespace, seen.namespace, ("name",)),
        "workload": _fields(promised.workload, seen.workload, ("kind", "name", "replicas", "restart_policy")),
        "containerPorts": _listed(promised.container_ports, seen.container_ports, _port, ("name",)),
        "service": _service(promised.service, seen.service),
        "configMaps": _named(promised.config_maps, seen.config_maps, known),
        "secrets": _named(promised.secrets, seen.secrets, known),
        "volumes": list(_volumes(promised.volumes, seen.volumes)),
        "resources": _resources(promised, seen),
        "health": list(_more_health(promised, seen)),
        "ingress": _ingress(promised, seen),
        "calls": list(_calls(promised.calls, seen.calls, known)),
    }
    return {name: value for name, value in found.items() if value}


def _fields(promised: Promise, seen: Promise, names: Iterable[str]) -> Changes:
    """Return those of the fields that differ, where the release says something of them."""
    changed = {
        type(seen).model_fields[name].alias or name: _text(getattr(seen, name))
        for name in names
        if getattr(promised, name) is not None and getattr(promised, name) != getattr(seen, name)
    }
    return {**changed, **CAPTURED} if changed else {}


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def _port(one: Any) -> Changes:
    return {"port": one.port}


def _listed(
    promised: Iterable[P], seen: Iterable[P], key: Callable[[P], Changes], fields: Iterable[str]
) -> list[Changes]:
    """Return what differs in a list of things that are told apart by a key."""
    there = {tuple(key(one).values()): one for one in seen}
    found: list[Changes] = []
    for one in promised:
        live = there.pop(tuple(key(one).values()), None)
        if live is None and not one.optional:
            found.append({**key(one), ABSENT: True})
        elif live is not None and (changed := _fields(one, live, fields)):
            found.append({**key(one), **changed})
    return [*found, *(plain(one) for one in there.values())]


def _service(promised: Service | None, seen: Service | None) -> Changes | None:
    if promised is None or seen is None:
        return plain(seen) if seen is not None else None
    changed = _fields(promised, seen, ("name", "type"))
    known = {also: port.port for port in promised.ports for also in port.also}
    moved = tuple(one.model_copy(update={"port": known.get(one.port, one.port)}) for one in seen.ports)
    ports = _listed(promised.ports, moved, _port, ("name",))
    ports = [one for one in ports if one.get("name") is not None or len(one) > 2]
    ports += _led_elsewhere(promised, moved)
    return {**changed, **({"ports": ports} if ports else {})}


def _led_elsewhere(promised: Service, seen: Iterable[Any]) -> list[Changes]:
    """Return the ports that lead to another container port than the release's."""
    targets = {one.port: one.container_port for one in promised.ports}
    return [
        {"port": one.port, "targetPort": one.container_port, **CAPTURED}
        for one in seen
        if targets.get(one.port, one.container_port) != one.container_port
    ]


def _named(promised: Iterable[NamedPromise], seen: Iterable[NamedPromise], known: _Known) -> list[Changes]:
    """Return what is used and not promised, and what is promised under none of its names used."""
    there = {one.name: one for one in seen}
    found: list[Changes] = []
    for one in promised:
        names = [name for name in one.candidates if name in there]
        for name in names:
            del there[name]
        if not names and not one.optional and not (getattr(one, "or_config_map", None)):
            found.append({"name": one.name, ABSENT: True})
    return [*found, *(plain(one) for name, one in there.items() if name not in known.prepared)]


def _volumes(promised: Iterable[Volume], seen: Iterable[Volume]) -> Iterator[Changes]:
    """Yield what differs of the volumes that the release promises, and the claims that it does not know."""
    left = list(seen)
    for one in promised:
        same = [each for each in left if _is_same(one, each)]
        key = {"name": one.name} if one.name else {"mountPath": one.mount_path} if one.mount_path else {}
        for each in same[:1]:
            left.remove(each)
            smaller = one.size is not None and each.size != one.size
            if key and smaller:
                yield {**key, "size": _text(each.size), **CAPTURED}
        if not same and key and not one.optional:
            yield {**key, ABSENT: True}
    yield from (plain(each) for each in left if each.size is not None)


def _is_same(promised: Volume, seen: Volume) -> bool:
    if promised.mount_path:
        return promised.mount_path.rstrip("/") == seen.mount_path
    return promised.name == seen.name if promised.name else seen.size is not None


def _resources(promised: Component, seen: Component) -> Changes | None:
    before = dict(promised.resources.promised) if promised.resources else {}
    now = dict(seen.resources.promised) if seen.resources else {}
    said: Mapping[str, Mapping[str, Any]] = {kind: amounts.promised for kind, amounts in now.items()}
    if said == {kind: amounts.promised for kind, amounts in before.items()}:
        return None
    changed: Changes = {}
    for kind in ("requests", "limits"):
        old = before[kind].promised if kind in before else {}
        new = dict(said.get(kind, {}))
        amounts = {name: _text(new.get(name)) for name in (*old, *new) if old.get(name) != new.get(name)}
        changed |= {kind: amounts} if amounts else {}
    return {**changed, **CAPTURED}


def _more_health(promised: Component, seen: Component) -> Iterator[Changes]:
    known = {(one.port, one.path) for one in promised.health}
    yield from (plain(one) for one in seen.health if (one.port, one.path) not in known)


def _ingress(promised: Component, seen: Component) -> Changes | None:
    if promised.ingress is None:
        return plain(seen.ingress) if seen.ingress is not None else None
    paths = {promised.ingress.path, *promised.ingress.also_paths}
    if seen.ingress is None or paths & {seen.ingress.path, *(one.path.rstrip("/") for one in seen.ingress.paths)}:
        return None
    return {"url": seen.ingress.url, **CAPTURED}


def _calls(promised: Iterable[Call], seen: Iterable[Call], known: _Known) -> Iterator[Changes]:
    """Yield the calls that the release does not know, or by other ports, and those whose variables are gone."""
    there = {one.to: one for one in seen}
    for one in promised:
        live = there.pop(one.to, None)
        if live is None and one.via:
            yield {"to": one.to, ABSENT: True}
        elif live is not None and one.ports and live.ports and set(live.ports) - set(one.ports):
            yield {"to": one.to, "ports": sorted({*one.ports, *live.ports}), **CAPTURED}
    yield from (plain(one) for one in there.values() if not known.is_shared(one))
