"""What a component's pods refer to and is not there, so that their next start fails."""

from collections.abc import Iterable, Iterator

from cx_conformance.blueprint.promise import NamedPromise
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.told_files import lost_files
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.pod_spec import PodSpec, Reference
from cx_conformance.outcome.looking import CouldNotLook


def needed(spec: PodSpec) -> tuple[Reference, ...]:
    """Return what must exist for the pods to start; pull secrets have a check of their own."""
    return tuple(one for one in spec.references() if not one.optional and one.how != "imagePullSecret")


def dangling(seen: Seen, planned: Planned) -> tuple[str, ...]:
    """Return the objects, keys and files that are needed and missing, each with its place.

    A promised object of which there is none, under whatever name, is left out: its own check tells it. Raises Absent
    where the workload is, CouldNotLook where nothing is seen missing and something may not be looked at.
    """
    live = seen.workload(planned).object
    unseen: CouldNotLook | None = None
    found = set(_files(live.template.spec, live.namespace, seen))
    try:
        found |= set(lost_files(seen, planned))
    except CouldNotLook as reason:
        unseen = reason
    for one in needed(live.template.spec):
        try:
            found |= {f"{gone} ({one.how} in {one.where})" for gone in _missing(one, live.namespace, planned, seen)}
        except CouldNotLook as reason:
            unseen = reason
    if unseen is not None and not found:
        raise unseen
    return tuple(sorted(found))


def _missing(reference: Reference, namespace: str, planned: Planned, seen: Seen) -> Iterator[str]:
    if reference.kind == "Secret":
        absent = seen.snapshot.secret(namespace, reference.name) is None
        told = (
            seen.secret(planned, names) is None
            for names in _promised(seen, planned.facts.secrets, reference.name)
            if absent
        )
        if absent and not any(told):
            yield f"Secret {reference.name}"
    if reference.kind == "ConfigMap":
        live = seen.snapshot.get(ConfigMap, namespace, reference.name)
        promised = _promised(seen, planned.facts.config_maps, reference.name)
        if live is None and not any(seen.one_of(ConfigMap, planned, names) is None for names in promised):
            yield f"ConfigMap {reference.name}"
        if live is not None and reference.key is not None and reference.key not in live.keys:
            yield f"key {reference.key} of ConfigMap {reference.name}"


def _promised(seen: Seen, promises: Iterable[NamedPromise], name: str) -> Iterator[tuple[str, ...]]:
    """Yield the names that are accepted instead of ``name``, where it is a promised one."""
    for one in promises:
        if any(name == known or seen.is_made_of(known, name) for known in one.candidates):
            yield one.candidates


def _files(spec: PodSpec, namespace: str, seen: Seen) -> Iterator[str]:
    """Yield what is mounted by subPath from a ConfigMap that has no such key: an empty directory stands there then."""
    volumes = {one.name: one.references for one in spec.volumes if one.source == "configMap"}
    for mount in (one for each in (*spec.init_containers, *spec.containers) for one in each.volume_mounts):
        references, wanted = volumes.get(mount.name, ()), mount.sub_path.strip("/")
        # Snapshots of earlier versions do not say under which path a picked key is shown.
        unsure = any(one.optional or (one.key and not one.path) for one in references)
        if not references or not wanted or "$(" in wanted or unsure:
            continue
        live = seen.snapshot.get(ConfigMap, namespace, references[0].name)
        files = {one.path for one in references} if references[0].key else set(live.keys if live else ())
        if live is not None and not any(one == wanted or one.startswith(f"{wanted}/") for one in files):
            yield f"key {wanted} of ConfigMap {live.name} (subPath at {mount.mount_path})"
