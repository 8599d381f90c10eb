"""Files that a container is told by a variable, in a folder where a Secret is mounted that lacks them.

The charts tell certificates so (``MONGODB_CA_CERT=/mongo/mongodb-ca-cert``). What a Secret holds is known only of those
that are read for a store's certificates; of any other nothing is said, nor of files of ConfigMaps, a site's own.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.store_settings import switch
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import Container, Reference, Volume, VolumeMount
from cx_conformance.outcome.looking import CouldNotLook

_PATH: Final = re.compile(r"/[A-Za-z0-9._/-]+")
_OF_ONE: Final = "secret"
"""A volume that shows one Secret: what others show is not known from their names."""


def lost_files(seen: Seen, planned: Planned) -> Iterator[str]:
    """Yield the files that are told and lack, as keys of what should hold them, each with who tells it.

    What belongs to TLS, or to Vault, that the container is told not to use, nothing reads. Raises Absent where the
    workload is, CouldNotLook.
    """
    live = seen.workload(planned).object
    volumes = {one.name: one for one in live.template.spec.volumes if one.source == _OF_ONE and one.references}
    for container in live.template.spec.serving_containers:
        told = _variables(container, live.namespace, seen) if volumes else {}
        for name, value in told.items():
            mount = _mount(container, value) if _PATH.fullmatch(value) else None
            if mount is None or mount.sub_path or mount.name not in volumes:
                continue
            file = value[len(mount.mount_path.rstrip("/")) :].strip("/")
            files = _files(volumes[mount.name], live.namespace, seen)
            is_there = files is None or any(one == file or one.startswith(f"{file}/") for one in files)
            if file and not is_there and not _is_off(name, told):
                of = volumes[mount.name].references[0]
                yield f"key {file} of {of.kind} {of.name} ({name} in {container.name} says {value})"


def _mount(container: Container, path: str) -> VolumeMount | None:
    """Return what is mounted where a path leads: of folders within each other the innermost."""
    around = [one for one in container.volume_mounts if f"{path}/".startswith(f"{one.mount_path.rstrip('/')}/")]
    return max(around, key=lambda one: len(one.mount_path.rstrip("/")), default=None)


def _files(volume: Volume, namespace: str, seen: Seen) -> frozenset[str] | None:
    """Return the names of the files that a volume shows; None where that is not known, or not needed."""
    first = volume.references[0]
    if any(one.optional or (one.key and not one.path) for one in volume.references):
        return None
    return frozenset(one.path for one in volume.references) if first.key else _held_keys(first, namespace, seen)


def _held_keys(reference: Reference, namespace: str, seen: Seen) -> frozenset[str] | None:
    """Return the keys of the Secret that is referred to; None where it, or what it holds, is not seen."""
    with suppress(CouldNotLook):
        if seen.snapshot.secret(namespace, reference.name):
            return seen.snapshot.secret_keys(namespace, reference.name)
    return None


def _variables(container: Container, namespace: str, seen: Seen) -> Mapping[str, str]:
    """Return what the container is told, Secrets left out; a variable of its own comes before ConfigMaps."""
    told: dict[str, str] = {}
    for source in container.env_from:
        held = seen.snapshot.get(ConfigMap, namespace, source.name) if source.kind == "ConfigMap" else None
        told |= {f"{source.prefix}{key}": value for key, value in held.values.items()} if held else {}
    for one in container.env:
        told[one.name] = one.value or (_of_key(one.reference, namespace, seen) if one.reference else "")
    return told


def _of_key(reference: Reference, namespace: str, seen: Seen) -> str:
    held = seen.snapshot.get(ConfigMap, namespace, reference.name) if reference.kind == "ConfigMap" else None
    return (held.value(reference.key or "") or "") if held else ""


def _is_off(name: str, told: Mapping[str, str]) -> bool:
    """Tell whether what a variable is for is switched off by another that begins with the same word.

    ``REDIS_SSL_ENABLED=false``, ``VAULT_ENABLED=false``, ``ACTIVEMQ_TRANSPORT=tcp``.
    """
    first = name.partition("_")[0]
    for other, value in told.items():
        about = other.removeprefix(f"{first}_")
        if about != other and ("SSL" in about or "TLS" in about or about == "ENABLED") and switch(value) is False:
            return True
        if other == f"{first}_TRANSPORT" and "ssl" not in value.lower():
            return True
    return False
