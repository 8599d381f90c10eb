"""What a workload is told by its variables, its ConfigMaps and its command lines, as far as records may hold it."""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.capture.gathered import Gathered
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import Container, Reference
from cx_conformance.objects.workload import Workload

_REFERENCE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


class File(Struct, frozen=True):
    """One key of a ConfigMap that the pods see as a file."""

    config_map: ConfigMap
    key: str


def variables(gathered: Gathered, workload: Workload, container: Container) -> dict[str, str]:
    """Return the variables of a container with their values, secret-looking parts left out, as Kubernetes sets them.

    A variable of its own comes before those of envFrom, and ``$(NAME)`` stands for one that was set before.
    """
    found: dict[str, str] = {}
    for one in container.env_from:
        live = _config_map(gathered, workload, one)
        found |= {f"{one.prefix}{key}": value for key, value in live.values.items()} if live else {}
    for variable in container.env:
        if variable.reference is not None:
            live = _config_map(gathered, workload, variable.reference)
            value = live.value(variable.reference.key or "") if live else None
        else:
            value = _REFERENCE.sub(lambda match: found.get(match[1], match[0]), variable.value or "")
        if value is None:
            found.pop(variable.name, None)
        else:
            found[variable.name] = value
    return found


def files(gathered: Gathered, workload: Workload) -> Iterator[File]:
    """Yield each key of a ConfigMap that some container mounts, once."""
    spec = workload.template.spec
    seen: set[tuple[str, str]] = set()
    for volume in (one for one in spec.volumes if one not in spec.unmounted):
        for reference in volume.references:
            live = _config_map(gathered, workload, reference)
            keys = () if live is None else (reference.key,) if reference.key else live.keys
            for key in keys:
                if live is not None and (live.name, key) not in seen:
                    seen.add((live.name, key))
                    yield File(live, key)


def _config_map(gathered: Gathered, workload: Workload, reference: Reference) -> ConfigMap | None:
    if reference.kind != "ConfigMap":
        return None
    return gathered.snapshot.get(ConfigMap, workload.namespace, reference.name)
