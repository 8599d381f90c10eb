"""Which id each workload has as a component of the blueprint."""

import re
from collections.abc import Iterable, Mapping
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


def component_ids(workloads: Iterable[Workload], known: Mapping[Place, str] | None = None) -> dict[Place, str]:
    """Give each workload an id: the ``known`` one, else its name, with namespace or kind where names meet."""
    given = dict(known or {})
    taken = {*given.values(), PLATFORM}
    ids: dict[Place, str] = {}
    for one in workloads:
        place = place_of(one)
        if place not in given:
            given[place] = next(name for name in _candidates(one) if name not in taken)
            taken.add(given[place])
        ids[place] = given[place]
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
