"""Volumes, their mounts and the claims behind them."""

from collections.abc import Callable
from typing import Any

from cx_conformance.blueprint.component import Volume
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


def _volume(fact: Fact) -> Volume:
    found: Volume = fact.of(Volume)
    if found.optional:
        raise Inapplicable("it may be absent")
    return found


def _mount(fact: Fact, ground: Ground) -> Object:
    volume = _volume(fact)
    mounts = ground.container(fact)["volumeMounts"]
    claimed = {one["metadata"]["name"] for one in ground.claims(fact)}
    found: Object = next(
        one
        for one in mounts
        if (one["mountPath"] == volume.mount_path if volume.mount_path else one["name"] in claimed)
    )
    return found


@breaks("volumes.name", how="renamed")
def volume_renamed(fact: Fact, ground: Ground) -> None:
    """Another name in the pod, at the promised place."""
    mount = _mount(fact, ground)
    for one in ground.pod(fact)["volumes"]:
        if one["name"] == mount["name"]:
            one["name"] = "other"
    mount["name"] = "other"


@breaks("volumes.name", how="wrong reference")
def another_volume_at_its_place(fact: Fact, ground: Ground) -> None:
    """The volume is there, and another one is mounted where it should be."""
    ground.pod(fact)["volumes"].append({"name": "other", "emptyDir": {}})
    _mount(fact, ground)["name"] = "other"


@breaks("volumes.secret", how="wrong reference")
def volume_of_another_secret(fact: Fact, ground: Ground) -> None:
    """The promised place holds a Secret of somebody else's, with the same keys."""
    _of_another(fact, ground, "Secret", "secret", "secretName")


@breaks("volumes.config_map", how="wrong reference")
def volume_of_another_config_map(fact: Fact, ground: Ground) -> None:
    """The promised place holds a ConfigMap of somebody else's, with the same keys."""
    _of_another(fact, ground, "ConfigMap", "configMap", "name")


def _of_another(fact: Fact, ground: Ground, kind: str, source: str, field: str) -> None:
    mounted = _mount(fact, ground)["name"]
    volume = next(one for one in ground.pod(fact)["volumes"] if one["name"] == mounted)
    if fact.value != volume.get(source, {}).get(field):
        raise Inapplicable("the release's own charts mount it otherwise")
    other = f"{fact.value}-of-another"
    volume[source][field] = other
    namespace = ground.component(fact).namespace.name
    promised = ground.find(kind, fact.value, namespace)
    ground.manifests.append(promised | {"metadata": {"name": other, "namespace": namespace}})


@breaks("volumes.name", "volumes.mount_path", how="absent")
def volume_not_mounted(fact: Fact, ground: Ground) -> None:
    """The pod has the volume, and mounts it nowhere."""
    ground.container(fact)["volumeMounts"].remove(_mount(fact, ground))


@breaks("volumes.mount_path", how="wrong reference")
def volume_mounted_elsewhere(fact: Fact, ground: Ground) -> None:
    """The data are written beside it."""
    _mount(fact, ground)["mountPath"] = "/elsewhere"


@breaks("volumes.mount_path", how="wrong reference")
def volume_mounted_below(fact: Fact, ground: Ground) -> None:
    """Mounted one folder below."""
    _mount(fact, ground)["mountPath"] += "/data"


@breaks("volumes.mount_path", how="wrong reference")
def volume_mounted_by_an_init_container_only(fact: Fact, ground: Ground) -> None:
    """Only a container that has ended by then had it."""
    mount = _mount(fact, ground)
    ground.container(fact)["volumeMounts"].remove(mount)
    ground.pod(fact)["initContainers"] = [{"name": "init", "image": "init", "volumeMounts": [mount]}]


@breaks("volumes.mount_path", how="wrong reference")
def volume_mounted_by_a_sidecar_only(fact: Fact, ground: Ground) -> None:
    """A backup container mounts it, the component's own does not."""
    mount = _mount(fact, ground)
    ground.container(fact)["volumeMounts"].remove(mount)
    ground.pod(fact)["containers"].append({"name": "backup", "image": "backup", "volumeMounts": [mount]})


def _source(fact: Fact, ground: Ground, source: Object) -> None:
    """Put another kind of volume behind the mount."""
    name = _mount(fact, ground)["name"]
    workload = ground.workload(fact)
    templates = workload["spec"].get("volumeClaimTemplates", [])
    workload["spec"]["volumeClaimTemplates"] = [one for one in templates if one["metadata"]["name"] != name]
    pod = ground.pod(fact)
    pod["volumes"] = [one for one in pod.get("volumes", []) if one["name"] != name] + [{"name": name, **source}]


@breaks("volumes.size", how="wrong kind")
def volume_that_dies_with_the_pod(fact: Fact, ground: Ground) -> None:
    """An emptyDir in place of the claim."""
    _source(fact, ground, {"emptyDir": {"sizeLimit": fact.text}})


@breaks("volumes.size", how="wrong kind")
def volume_of_the_nodes_disk(fact: Fact, ground: Ground) -> None:
    """A folder of the node in place of the claim."""
    _source(fact, ground, {"hostPath": {"path": "/srv/data"}})


@breaks("volumes.size", how="wrong reference", words=lambda fact: (fact.of(Volume).name or fact.text,))
def claim_mounted_elsewhere(fact: Fact, ground: Ground) -> None:
    """The claim is mounted beside, and an emptyDir at the promised place."""
    mount = _mount(fact, ground)
    if _volume(fact).mount_path is None:
        raise Inapplicable("any place will do")
    ground.pod(fact)["volumes"].append({"name": "scratch", "emptyDir": {}})
    ground.container(fact)["volumeMounts"].append(dict(mount, mountPath="/elsewhere"))
    mount["name"] = "scratch"


@breaks("volumes.size", how="wrong kind", words="read-only")
def volume_read_only(fact: Fact, ground: Ground) -> None:
    """The component may only read what it is to write to."""
    _mount(fact, ground)["readOnly"] = True


def _resize(fact: Fact, ground: Ground, size: str) -> None:
    _volume(fact)
    for one in ground.claims(fact):
        one["spec"]["resources"]["requests"]["storage"] = size


@breaks("volumes.size", how="wrong size")
def claim_too_small(fact: Fact, ground: Ground) -> None:
    """Half of it."""
    _resize(fact, ground, f"{int(fact.text.removesuffix('Gi')) // 2}Gi")


@breaks("volumes.size", how="wrong size")
def claim_in_another_unit(fact: Fact, ground: Ground) -> None:
    """8G is less than 8Gi."""
    _resize(fact, ground, fact.text.removesuffix("i"))


@breaks("volumes.size", how="wrong size")
def claim_of_bytes(fact: Fact, ground: Ground) -> None:
    """One byte less, written as a number."""
    _resize(fact, ground, f"{int(fact.value.value) - 1}")


def _live_claims(fact: Fact, ground: Ground, change: Callable[[Object], Any]) -> None:
    _volume(fact)
    name, namespace = ground.component(fact).workload.name, ground.component(fact).namespace.name

    def apply(objects: list[Object]) -> None:
        for one in objects:
            meta = one["metadata"]
            if one["kind"] == "PersistentVolumeClaim" and meta["namespace"] == namespace and name in meta["name"]:
                change(one)

    ground.change_live(apply)


@breaks("volumes.size", how="wrong size")
def volume_smaller_than_its_claim(fact: Fact, ground: Ground) -> None:
    """An expansion was asked for and has not come."""
    _live_claims(fact, ground, lambda one: one["status"].update(capacity={"storage": "512Mi"}))


@breaks("volumes.size", how="unready", words="Pending")
def claim_pending(fact: Fact, ground: Ground) -> None:
    """No provisioner gives a volume."""
    _live_claims(fact, ground, lambda one: one.update(status={"phase": "Pending"}))


@breaks("volumes.size", how="unready", words="Lost")
def claim_lost(fact: Fact, ground: Ground) -> None:
    """The volume behind the claim was deleted."""
    _live_claims(fact, ground, lambda one: one.update(status={"phase": "Lost"}))


@breaks("volumes.size", how="absent", words="does not exist")
def claim_absent(fact: Fact, ground: Ground) -> None:
    """The claim was deleted."""
    _volume(fact)
    for one in ground.claims(fact):
        if one not in ground.manifests:
            raise Inapplicable("a StatefulSet makes it anew")
        ground.manifests.remove(one)
