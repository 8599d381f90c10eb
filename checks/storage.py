"""Storage: volumes, claims, classes and the provider behind them.

The file is long because an area is one file: whoever asks what is checked of a volume reads it in one place.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final, Literal

from cx_conformance.blueprint.component import Component, Secret, Volume
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform, StorageProvider
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.own_runs import from_a_run
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod_spec import VolumeMount
from cx_conformance.objects.secrecy import mask_line
from cx_conformance.objects.storage import PersistentVolume, PersistentVolumeClaim, StorageClass
from cx_conformance.outcome.check import NotApplicable, Stage, check
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.vantage.insides import InsideProbes, PodMount
from cx_conformance.vantage.reach import EXEC

_SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
"""What the scheduler writes on a claim when its pod has found a node, and its volume is to be made there."""
FULL: Final = 0.002
"""The share of a file system below which it is full: a claim of 8Gi with less than 17 MiB left."""
NEARLY_FULL: Final = 0.05
"""The share of a file system below which it is noted."""
NO_PROVISIONER: Final = "kubernetes.io/no-provisioner"
"""What a StorageClass names whose volumes are made by hand (source: Kubernetes' documentation of local volumes)."""


@check(
    "CX401",
    "Volume mounted",
    severity=Severity.MAJOR,
    remedy="add the volume and its mount to the pod template as promised, to be written to where it is for data",
    rests_on=("CX101",),
)
def check_mounted(volume: Entry[Volume], seen: Seen, evidence: Evidence) -> None:
    """The component mounts the volume where it is promised; data written elsewhere are lost with the pod.

    One for data, of a promised size, may be written to.
    """
    live, promised = seen.workload(volume.planned).object, volume.of
    evidence.seen_at = f"{live.kind} {live.where}"
    evidence.promised = {"volume": promised.name or "any", "at": promised.mount_path or "any"}
    own = seen.own_containers(volume.planned)
    mounts = [mount for one in own for mount in one.volume_mounts]
    evidence.found = [f"{mount.name} at {mount.mount_path}" for mount in mounts] or "none"
    if promised.mount_path is None:
        _claimed(volume, seen, evidence)
        return
    at_path = [mount for mount in mounts if _same_path(mount.mount_path, promised.mount_path)]
    where = f"{live.kind} {live.where}"
    others = [
        one.name
        for one in live.template.spec.containers
        if one not in own and any(_same_path(mount.mount_path, promised.mount_path) for mount in one.volume_mounts)
    ]
    instead = f"; container {', '.join(others)} does" if others else ""
    if not at_path and promised.optional and not _is_there(volume, seen):
        raise NotApplicable(f"absent, and what it would hold too, which is accepted: {promised.why}")
    files = [] if at_path else _single_files(mounts, promised)
    if files:
        evidence.found = [f"{mount.name} at {mount.mount_path}" for mount in files]
        _held(volume, seen, {mount.name for mount in files}, evidence)
        evidence.note(f"single files of it are mounted: {', '.join(mount.mount_path for mount in files)}")
        return
    assert at_path, (
        f"{where} mounts nothing at {promised.mount_path} in container {own[0].name}{instead}; "
        f"it mounts {_list(evidence.found)}"
    )
    if promised.name:
        names = {mount.name for mount in at_path}
        assert promised.name in names, (
            f"{where} mounts {', '.join(sorted(names))} at {promised.mount_path} of promised {promised.name}"
        )
    evidence.found = [f"{mount.name} at {mount.mount_path}" for mount in at_path]
    instead = next((words for mount in at_path if (words := _otherwise_shown(mount, volume, seen))), "")
    assert not instead, f"{where} mounts {instead}"
    if promised.size is not None:
        _writable(volume, seen, at_path)
    if promised.secret or promised.config_map:
        _held(volume, seen, {mount.name for mount in at_path}, evidence)


def _single_files(mounts: Collection[VolumeMount], promised: Volume) -> list[VolumeMount]:
    """Return what is mounted by subPath below a folder that is promised with what an object holds.

    So a site keeps the other files that the image has there, as of translations.
    """
    if promised.file or not (promised.secret or promised.config_map):
        return []
    below = f"{(promised.mount_path or '').rstrip('/')}/"
    found = [mount for mount in mounts if mount.sub_path and mount.mount_path.startswith(below)]
    return [mount for mount in found if promised.name in (None, mount.name)]


def _otherwise_shown(mount: VolumeMount, volume: Entry[Volume], seen: Seen) -> str:
    """Say that a folder stands where a file is promised, or a file in a folder's place; empty: neither is known.

    Without a subPath a ConfigMap or Secret is mounted as a folder, and with one as what it has of that name, which is a
    folder only where its keys are shown at paths of several parts.
    https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath
    """
    spec, promised = seen.workload(volume.planned).object.template.spec, volume.of
    of = next((one for one in spec.volumes if one.name == mount.name), None)
    at, part = f"{mount.name} at {promised.mount_path}", mount.sub_path.strip("/")
    # The ending tells files from folders only where keys of a known object are: /etc/crontabs/root is a file, too.
    if of is None or of.source not in _SHOWN_BY_KEYS or "$(" in part or not (promised.secret or promised.config_map):
        return ""
    if promised.file and not part:
        return f"{at} without a subPath: a folder stands there of promised file {promised.file}"
    place = PurePosixPath(promised.mount_path or "").name
    # What has a dot or the name of what is mounted may be a file there; of such a place the page tells no kind.
    unsure = "." in place or place == PurePosixPath(part).name or of.source == "projected"
    unsure = unsure or any(one.key and not one.path for one in of.references)
    if part and not unsure and not any(one.path.startswith(f"{part}/") for one in of.references):
        return f"{at} by subPath {mount.sub_path} alone: a file, or nothing, stands there of promised folder"
    return ""


_SHOWN_BY_KEYS: Final = frozenset({"configMap", "secret", "projected"})
"""Volumes whose files are the keys of objects."""


def _is_there(volume: Entry[Volume], seen: Seen) -> bool:
    """Tell whether the ConfigMap is there that the volume should hold."""
    name = volume.of.config_map
    return name is not None and seen.one_of(ConfigMap, volume.planned, (name,)) is not None


def _held(volume: Entry[Volume], seen: Seen, mounted: Collection[str], evidence: Evidence) -> None:
    """Compare what the mounted volumes hold, where they are of one object: of a projected one it is not told."""
    facts, live = volume.planned.facts, seen.workload(volume.planned).object
    promised = volume.of.secret or volume.of.config_map or ""
    documented = next((one for one in (*facts.secrets, *facts.config_maps) if promised in one.candidates), None)
    names = documented.candidates if documented else (promised,)
    kind: Literal["Secret", "ConfigMap"] = "Secret" if volume.of.secret else "ConfigMap"
    accepted = {(kind, name) for name in seen.names_of(volume.planned, kind, names)}
    if isinstance(documented, Secret) and documented.or_config_map:
        accepted.add(("ConfigMap", documented.or_config_map))
    held = {
        (one.kind, one.name)
        for of in live.template.spec.volumes
        if of.name in mounted and of.source in {"secret", "configMap"}
        for one in of.references
    }
    evidence.promised = {**evidence.promised, "holds": f"{kind} {promised}"}
    told = f"{live.kind} {live.where} mounts {', '.join(sorted(f'{of} {name}' for of, name in held))}"
    assert not held or held & accepted, f"{told} at {volume.of.mount_path} of promised {kind} {promised}"


def _claimed(volume: Entry[Volume], seen: Seen, evidence: Evidence) -> None:
    claims = seen.claims(volume.planned)
    if not claims and volume.of.optional:
        raise NotApplicable(f"no volume claimed, which is accepted: {volume.of.why}")
    live = seen.workload(volume.planned).object
    evidence.found = sorted(name for names in claims.values() for name in names) or "no claim"
    assert claims, f"{live.kind} {live.where} claims no volume, promised is one of {volume.of.size}"
    spec = live.template.spec
    mounted = {mount.name for one in (*spec.init_containers, *spec.containers) for mount in one.volume_mounts}
    assert not mounted.isdisjoint(claims), (
        f"{live.kind} {live.where} claims {_list(evidence.found)}, and no container mounts it: the data go elsewhere"
    )
    assert volume.of.name in {None, *claims}, (
        f"{live.kind} {live.where} claims volumes {', '.join(sorted(claims))}, promised is {volume.of.name}"
    )
    _writable(volume, seen, [one for each in spec.containers for one in each.volume_mounts if one.name in claims])


def _writable(volume: Entry[Volume], seen: Seen, mounts: Collection[VolumeMount]) -> None:
    """Find a volume for data that every container of the component's own may only read."""
    live = seen.workload(volume.planned).object
    shut = {one.name for one in live.template.spec.volumes if one.read_only}
    locked = [one for one in mounts if one.read_only or one.name in shut]
    assert not locked or len(locked) < len(mounts), (
        f"{live.kind} {live.where} mounts {locked[0].name} at {locked[0].mount_path} read-only: no data can be written "
        "there"
    )


def _same_path(found: str, promised: str) -> bool:
    return (found.rstrip("/") or "/") == (promised.rstrip("/") or "/")


def _list(found: list[str] | str) -> str:
    return found if isinstance(found, str) else ", ".join(found)


@check(
    "CX402",
    "Claims bound",
    severity=Severity.CRITICAL,
    remedy="kubectl describe pvc; check the class, the provisioner and the space left",
    rests_on=("CX101",),
)
def check_bound(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """Every claim of the component's pods is bound to a volume, and stays: the pods wait for it otherwise."""
    live = seen.workload(component.planned).object
    claims = sorted({name for names in seen.claims(component.planned).values() for name in names})
    evidence.seen_at, evidence.promised = f"{live.kind} {live.where}", dict.fromkeys(claims, "Bound")
    if not claims:
        raise NotApplicable("its pods claim no volume")
    classes = {one.name: one for one in seen.snapshot.list(StorageClass)}
    found: dict[str, str] = {}
    broken, waiting = [], []
    causes: set[str] = set()
    for name in claims:
        claim = seen.snapshot.get(PersistentVolumeClaim, live.namespace, name)
        found[name] = claim.phase if claim else "absent"
        if claim is None:
            said = seen.snapshot.last_warning(live, "FailedCreate")
            broken.append(f"claim {live.namespace}/{name} does not exist{f': {said}' if said else ''}")
            causes.add("")
        elif claim.deleted is not None:
            found[name] = f"{claim.phase}, being deleted"
            causes.add("")
            broken.append(f"claim {live.namespace}/{name} is being deleted: it is gone as soon as no pod uses it")
        elif claim.phase == "Bound" and _is_being_deleted(claim.volume_name, seen):
            found[name] = f"{claim.phase}, its volume being deleted"
            causes.add("")
            broken.append(f"volume {claim.volume_name} of claim {live.namespace}/{name} is being deleted")
        elif _waits_for_its_pod(claim, classes, seen):
            found[name] = "Pending until its pod has a node"
            waiting.append(name)
        elif claim.phase != "Bound":
            why = _why_not_bound(claim, classes, seen)
            causes.add(why)
            broken.append(f"claim {live.namespace}/{name} is {claim.phase} of promised Bound{why}")
    evidence.found = found
    # Claims that wait for one class have one cause; any other keeps its own words.
    evidence.cause = f"claims are not bound{causes.pop()}" if len(causes) == 1 and "" not in causes else None
    assert not broken, "; ".join(broken)
    if waiting:
        raise NotApplicable(f"claim {', '.join(waiting)} is bound when its pod has found a node, as its class wants it")


def _waits_for_its_pod(claim: PersistentVolumeClaim, classes: Mapping[str, StorageClass], seen: Seen) -> bool:
    """Tell whether nobody has begun to make the claim's volume, for its class wants its pod to have a node first."""
    used = classes.get(claim.storage_class or "")
    late = used is not None and used.binding_mode == "WaitForFirstConsumer"
    begun = _SELECTED_NODE in claim.annotations or seen.snapshot.last_warning(claim) != ""
    return late and claim.phase == "Pending" and not begun


def _is_being_deleted(volume: str, seen: Seen) -> bool:
    """Tell whether somebody has deleted the volume; not known where volumes may not be looked at."""
    with suppress(CouldNotLook):
        live = seen.snapshot.get(PersistentVolume, None, volume)
        return live is not None and live.deleted is not None
    return False


def _why_not_bound(claim: PersistentVolumeClaim, classes: Collection[str], seen: Seen) -> str:
    if claim.storage_class and claim.storage_class not in classes:
        return f": storage class {claim.storage_class} does not exist"
    said = seen.snapshot.last_warning(claim)
    if said:
        return f": {said}"
    if claim.phase == "Lost":  # which its Event says, for an hour
        return f": volume {claim.volume_name}, which it was bound to, does not exist any more"
    return "" if claim.storage_class or claim.volume_name else ": it names no storage class, and no volume fits it"


@check(
    "CX403",
    "Volume size",
    severity=Severity.MAJOR,
    remedy="enlarge the claim (its class must allow expansion), or give this site's size in the site file",
    rests_on=("CX101", "CX401", "CX402"),
)
def check_size(volume: Entry[Volume], seen: Seen, evidence: Evidence) -> None:
    """The claim behind the volume is at least as large as promised."""
    promised = volume.of.size
    if promised is None:
        raise NotApplicable("no size is promised")
    live = seen.workload(volume.planned).object
    claims = seen.claims(volume.planned)
    if volume.of.mount_path is not None:
        at_path = {
            mount.name
            for one in seen.own_containers(volume.planned)
            for mount in one.volume_mounts
            if _same_path(mount.mount_path, volume.of.mount_path)
        }
        claims = {name: behind for name, behind in claims.items() if name in at_path}
    evidence.promised, evidence.seen_at = f"at least {promised}", f"{live.kind} {live.where}"
    if not claims and volume.of.optional:
        raise NotApplicable(f"no volume claimed, which is accepted: {volume.of.why}")
    evidence.found = "no claim: the volume lives and dies with the pod"
    assert claims, f"{live.kind} {live.where}: no claim stands behind {volume.id}, promised is one of {promised}"
    names = sorted({name for behind in claims.values() for name in behind})
    sizes = {name: seen.claim_size(live.namespace, name) for name in names}
    evidence.found = {name: str(size) for name, size in sizes.items()}
    small = [
        f"{name} {size} of promised {promised}{_being_enlarged(live.namespace, name, promised, seen)}"
        for name, size in sizes.items()
        if not _enough(size, promised)
    ]
    assert not small, f"claim in {live.namespace} too small: {', '.join(small)}"


def _being_enlarged(namespace: str, name: str, promised: Quantity, seen: Seen) -> str:
    """Say that the claim asks for enough, and what keeps its volume from growing; empty where it asks for less.

    https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims
    """
    claim = seen.snapshot.get(PersistentVolumeClaim, namespace, name)
    if claim is None or claim.capacity is None or not _enough(claim.requested, promised):
        return ""
    said = [
        f"{one.type}{f': {mask_line(one.message)}' if one.message else ''}" for one in claim.conditions if one.is_true
    ]
    why = ", ".join(said) or seen.snapshot.last_warning(claim) or "nothing says why"
    return f", though it asks for {claim.requested}: its volume has not grown yet ({why})"


def _enough(found: str | None, promised: Quantity) -> bool:
    try:
        return found is not None and Quantity.parse(found) >= promised
    except ValueError:
        return False


@check(
    "CX404",
    "One default StorageClass",
    severity=Severity.MAJOR,
    remedy="annotate exactly one class with storageclass.kubernetes.io/is-default-class=true",
    stage=Stage.EITHER,
)
def check_default_class(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Exactly one StorageClass is the default; the charts name no class, so without one no claim is bound."""
    defaults = [one.name for one in snapshot.list(StorageClass) if one.is_default]
    evidence.found, evidence.promised = defaults or "none", "exactly one"
    others = ", ".join(one.name for one in snapshot.list(StorageClass)) or "none"
    assert defaults, f"no StorageClass is the default of promised one; there are: {others}"
    assert len(defaults) == 1, f"{len(defaults)} StorageClasses are the default of promised one: {', '.join(defaults)}"


def _provider(platform: Platform, provisioner: str) -> StorageProvider | None:
    for provider in platform.storage:
        if any(fnmatchcase(provisioner, pattern) for pattern in provider.provisioners):
            return provider
    return None


def _used_classes(seen: Seen) -> dict[str, StorageClass]:
    """Return the classes of the installation's claims, and the default one."""
    classes = {one.name: one for one in seen.snapshot.list(StorageClass)}
    used = {one.name: one for one in classes.values() if one.is_default}
    for namespace in seen.plan.namespaces:
        for claim in seen.snapshot.list(PersistentVolumeClaim, namespace):
            if claim.storage_class in classes:
                used[claim.storage_class] = classes[claim.storage_class]
    return used


_SUPPORT: Final = {
    "not tested": "as supported and not tested",
    "unstated": "which does not say how well it is supported",
}
"""What the page says of a provider, in words for those that it does not call tested."""


@check(
    "CX405",
    "Storage provider supported",
    severity=Severity.MAJOR,
    remedy="use a provider of the page's list, or record the deviation as a waiver",
    rests_on=("platform:CX404",),
    stage=Stage.EITHER,
)
def check_provisioner(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """The provisioner behind the platform's volumes is one that the page supports, or any that makes volumes on demand.

    How well the page supports it is noted.
    """
    if not (platform.of.storage or platform.of.any_storage):
        raise NotApplicable("the blueprint names no storage providers")
    found, unknown = {}, []
    for name, used in sorted(_used_classes(seen).items()):
        provider = _provider(platform.of, used.provisioner)
        found[name] = f"{used.provisioner}: {f'{provider.name}, {provider.support}' if provider else 'not listed'}"
        if provider is None and platform.of.any_storage and used.provisioner != NO_PROVISIONER:
            evidence.note(f"{used.provisioner} is not on the page's list, which allows any other that is dynamic")
        elif provider is None:
            unknown.append(f"{name} ({used.provisioner})")
        elif provider.support != "tested":
            evidence.note(f"{provider.name} is on the page's list, {_SUPPORT[provider.support]}")
    evidence.found, evidence.promised = found, [one.name for one in platform.of.storage]
    dynamic = ", or any other that makes volumes on demand" if platform.of.any_storage else ""
    assert not unknown, (
        f"StorageClass {', '.join(unknown)} is of no provider that the page supports; it supports "
        f"{', '.join(one.name for one in platform.of.storage)}{dynamic}"
    )


@check(
    "CX406",
    "Host path on a single node only",
    severity=Severity.MAJOR,
    remedy="use a provider for several nodes; a pod that moves loses its data",
    rests_on=("platform:CX404",),
)
def check_host_path(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """Storage on a node's own disk is used only where there is one node; pods that move leave their data behind.

    A node of the control plane that takes no pods of the platform is none that they could move to.
    """
    nodes = len(_homes(seen))
    local = []
    for name, used in sorted(_used_classes(seen).items()):
        provider = _provider(platform.of, used.provisioner)
        if provider and provider.scope == "single-node":
            local.append(f"{name} ({used.provisioner})")
    evidence.found, evidence.promised = {"nodes": nodes, "on the node": local}, "none, or one node"
    told = f"StorageClass {', '.join(local)} keeps data on the node, and there are {nodes} nodes of promised one"
    assert not local or nodes <= 1, told


_CONTROL_PLANE: Final = frozenset({"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"})


def _homes(seen: Seen) -> list[Node]:
    """Return the nodes that the platform's pods may run on: not those of a control plane that keeps them off."""
    lived_in = set()
    for planned in seen.plan.components.values():
        with suppress(Absent):
            lived_in |= {pod.node for pod in seen.visible_pods(planned)}
    return [
        node
        for node in seen.snapshot.list(Node)
        if node.name in lived_in
        or not any(taint.key in _CONTROL_PLANE and taint.effect != "PreferNoSchedule" for taint in node.taints)
    ]


@check(
    "CX407",
    "No volume on a missing node",
    severity=Severity.CRITICAL,
    remedy="restore the node, or restore the data to a new volume; the pod cannot start elsewhere",
)
def check_orphaned_volumes(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """No volume of the platform is bound to a node that is gone; its pod can start nowhere."""
    nodes = {one.name for one in seen.snapshot.list(Node)}
    hosts = nodes | {one.labels.get("kubernetes.io/hostname", "") for one in seen.snapshot.list(Node)}
    lost = [
        f"{volume.name} of claim {volume.claim_namespace}/{volume.claim_name} on {', '.join(volume.nodes)}"
        for volume in seen.snapshot.list(PersistentVolume)
        if volume.claim_namespace in seen.plan.namespaces
        and volume.phase == "Bound"
        and volume.nodes
        and not hosts.intersection(volume.nodes)
    ]
    evidence.found, evidence.promised = lost or "none", "none"
    assert not lost, f"bound to a node that does not exist: {'; '.join(lost)}"


@check(
    "CX408",
    "Volume really mounted",
    severity=Severity.MAJOR,
    remedy="delete the pod so that it is made anew, and look at the kubelet's log and the volume's driver; if full "
    "enlarge the claim, or delete what it need not hold",
    rests_on=("CX101", "CX104", "CX401", "CX402"),
)
def check_really_mounted(volume: Entry[Volume], seen: Seen, inside_probes: InsideProbes, evidence: Evidence) -> None:
    """Inside the running containers the volume is mounted; a path without its mount is written to and lost.

    A claim that the pod is to write to is not read-only there, as after an error of its disk, and not full.
    """
    evidence.vantage = EXEC
    try:
        with from_a_run(seen, volume.planned):
            mounts = inside_probes.mounts(volume)
    except NoVantage as reason:
        raise NotApplicable(f"not to be seen from inside: {reason}") from None
    if not mounts:
        raise NotApplicable("no container of its pods is to mount it")
    paths = sorted({one.path for one in mounts})
    evidence.promised = f"mounted at {', '.join(paths)}"
    evidence.found = {f"{one.pod.name}/{one.container} {one.path}": one.mounted for one in mounts}
    missing = [one for one in mounts if not one.mounted]
    if missing and not any(one.shows_mounts for one in missing):
        raise NotApplicable("the containers do not show their mounts, not even those that the kubelet makes in each")
    told = [f"pod {one.pod.where} container {one.container} has nothing mounted at {one.path}" for one in missing]
    told += [words for one in mounts if (words := _takes_nothing(one, evidence))]
    assert not told, "; ".join(told)


def _takes_nothing(one: PodMount, evidence: Evidence) -> str | None:
    """Say why nothing can be written to a claim that is mounted; note that little room is left."""
    where = f"pod {one.pod.where} container {one.container}"
    if one.read_only:
        return (
            f"{where} cannot write to {one.path}: it is mounted read-only, though not by the pod's spec; "
            "so a file system ends up after an error of its disk"
        )
    if not one.size or one.left is None:
        return None
    share, room = max(one.left, 0) / one.size, f"{max(one.left, 0) >> 10} MiB of {one.size >> 10} MiB are left"
    if share < FULL:
        return f"{where} can hardly write to {one.path}: it is full, {room}"
    if share < NEARLY_FULL:
        evidence.note(f"{where} has little room at {one.path}: {room}")
    return None
