"""Which id each workload has as a component of the blueprint."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.objects.workload import Workload

Place = tuple[str, str, str]
_LONGEST: Final = 63
_SUFFIX: Final = re.compile(r"[^a-z0-9-]+")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def place_of(workload: Workload) -> Place:
    """Return kind, namespace and name, which together tell a workload from every other."""
    return workload.kind, workload.namespace, workload.name


def component_ids(workloads: Collection[Workload], known: Iterable[Mapping[Place, str]] = ()) -> dict[Place, str]:
    """Give each workload an id: the first ``known`` one, else its name, with namespace or kind where names meet.

    Of namesakes a CronJob comes last: it is there for the other.
    """
    ids: dict[Place, str] = {}
    taken = {PLATFORM}
    for places in known:
        taken.update(places.values())
        for one in workloads:
            # Where a component stands under two of its names, the second is another one.
            identity = places.get(place_of(one))
            if identity is not None and place_of(one) not in ids and identity not in ids.values():
                ids[place_of(one)] = identity
    for one in sorted(workloads, key=lambda one: one.kind == "CronJob"):
        if place_of(one) not in ids:
            ids[place_of(one)] = next(name for name in _candidates(one) if name not in taken)
            taken.add(ids[place_of(one)])
    return ids


def _candidates(workload: Workload) -> Iterable[str]:
    name, kind = _as_id(workload.name), workload.kind.lower()
    yield name
    yield _as_id(f"{workload.namespace}-{workload.name}")
    yield _as_id(f"{workload.namespace}-{workload.name}-{kind}")
    number = 2
    while True:
        end = f"-{number}"
        yield name[: _LONGEST - len(end)].rstrip("-") + end
        number += 1


def _as_id(name: str) -> str:
    return _SUFFIX.sub("-", name.lower())[:_LONGEST].strip("-") or "component"


def is_namespace(name: str) -> bool:
    """Tell whether a namespace may be called so."""
    return len(name) <= _LONGEST and _NAMESPACE.fullmatch(name) is not None
