"""Variables that a component's containers should be told by single keys of a Secret, and that nothing tells them.

Only of keys that are spelt as the variables are, as those of a login to Vault, it is known under which name.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.component import Secret
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import Reference
from cx_conformance.outcome.looking import CouldNotLook

_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]*")


class Untold(Struct, frozen=True, kw_only=True):
    """Keys that no container takes; ``perhaps`` is another Secret that is taken wholly, and may hold them."""

    keys: tuple[str, ...]
    perhaps: str


def untold(seen: Seen, planned: Planned, secret: Secret, users: list[Reference]) -> Untold:
    """Return what is not told of a Secret's documented keys, where ``users`` take it key by key.

    Nothing where ConfigMaps may not be looked at, which may tell it too. Raises Absent where the workload is.
    """
    by_key = bool(users) and all(one.how == "env" for one in users)
    wanted = dict.fromkeys(key for key in _keys(seen, planned, secret) if by_key and _VARIABLE.fullmatch(key))
    try:
        told = {one.key for one in users} | set(_variables(seen, planned) if wanted else ())
    except CouldNotLook:
        return Untold(keys=(), perhaps="")
    containers = seen.spec(planned).serving_containers
    wholly = sorted({one.name for each in containers for one in each.env_from if one.kind == "Secret"})
    return Untold(keys=tuple(key for key in wanted if key not in told), perhaps=", ".join(wholly))


def _keys(seen: Seen, planned: Planned, secret: Secret) -> Iterator[str]:
    """Yield the keys that the guide has made for the component."""
    for one in seen.plan.prerequisites:
        if (
            one.kind == "Secret"
            and planned.id in one.needed_by
            and not {one.name, *one.aliases}.isdisjoint(secret.candidates)
        ):
            yield from one.keys


def _variables(seen: Seen, planned: Planned) -> Iterator[str]:
    """Yield the variables that the containers are told otherwise: by a value, or by another object."""
    namespace = seen.workload(planned).object.namespace
    for container in seen.spec(planned).serving_containers:
        yield from (one.name for one in container.env if one.value != "")
        for source in container.env_from:
            held = seen.snapshot.get(ConfigMap, namespace, source.name) if source.kind == "ConfigMap" else None
            yield from (f"{source.prefix}{key}" for key in (held.keys if held else ()))
