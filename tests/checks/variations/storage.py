"""Volumes, claims and classes, kept in other ways."""

import copy
from typing import Final

from tests.checks.installation import Installation, Object
from tests.checks.variations.vary import Vary, added, all_of, live, named, of_kind, pod_specs, workload_name


def beta_annotation(storage_class: Object) -> None:
    """Say in the old way that the class is the default one."""
    storage_class["metadata"]["annotations"] = {"storageclass.beta.kubernetes.io/is-default-class": "true"}


def below_a_folder(installation: Installation) -> None:
    """Mount a folder of the volume rather than its root, as charts do to hide lost+found."""
    for spec in pod_specs(installation):
        for mount in spec["containers"][0].get("volumeMounts", []):
            if mount["mountPath"] in {"/data", "/bitnami/mongodb", "/var/lib/grafana", "/opt/activemq/data"}:
                mount["subPath"] = "data"


def with_a_slash(installation: Installation) -> None:
    """Write mount paths with a slash at their end."""
    for spec in pod_specs(installation):
        for mount in spec["containers"][0].get("volumeMounts", []):
            mount["mountPath"] += "/"


def further_mounts(installation: Installation) -> None:
    """Mount the same volume a second time, and a scratch volume beside it."""
    for spec in pod_specs(installation):
        own = spec["containers"][0]
        own["volumeMounts"] = [
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - a path in a container
            *own.get("volumeMounts", []),
            *({**one, "mountPath": f"/second{one['mountPath']}"} for one in own.get("volumeMounts", [])),
        ]
        spec.setdefault("volumes", []).append({"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}})


def a_backup_beside(installation: Installation) -> None:
    """Let a backup container mount the volumes too, read-only, in front of the component's own."""
    for spec in pod_specs(installation):
        mounts = [one | {"readOnly": True} for one in spec["containers"][0].get("volumeMounts", [])]
        spec["containers"].insert(0, {"name": "backup", "image": "backup", "volumeMounts": mounts})


def another_class(installation: Installation) -> None:
    """Let the stores' claims name a fast class of the same provider, that is not the default."""
    usual = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    installation.manifests += [
        named("StorageClass", "longhorn", metadata=usual, provisioner="driver.longhorn.io"),
        named("StorageClass", "longhorn-fast", provisioner="driver.longhorn.io"),
    ]
    for one in of_kind(installation, "StatefulSet"):
        for template in one["spec"].get("volumeClaimTemplates", []):
            template["spec"]["storageClassName"] = "longhorn-fast"
            template["spec"]["accessModes"] = ["ReadWriteMany"]


def bound_by_hand(installation: Installation) -> None:
    """Bind MinIO's claim to a volume that somebody made."""
    installation.live("PersistentVolumeClaim", "minio", lambda one: one["spec"].update(volumeName="minio-data"))
    installation.live("PersistentVolume", "", lambda one: one["spec"].pop("csi", None))


def pinned_to_its_node(volume: Object) -> None:
    """Keep the volume on the node that there is."""
    rules = [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}]
    volume["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": rules}]}}


def released(installation: Installation) -> None:
    """Have the volume of a claim that is gone, on a node that is gone."""
    gone = named(
        "PersistentVolume",
        "pvc-old",
        spec={
            "capacity": {"storage": "8Gi"},
            "claimRef": {"namespace": "ef-external", "name": "old"},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["gone"]}]}
                    ]
                }
            },
        },
        status={"phase": "Released"},
    )
    installation.add_live(gone)


def more_given(claim: Object) -> None:
    """Let the provider have rounded the size up, in other units."""
    claim["status"]["capacity"] = {"storage": f"{33 * 2**30}"}


def given_up_since(installation: Installation) -> None:
    """Keep an evicted pod of Grafana's that names the claim it had before."""
    begins = f"{workload_name(installation, 'grafana')}-"

    def doubled(objects: list[Object]) -> None:
        pod = next(one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith(begins))
        twin = copy.deepcopy(pod)
        twin["metadata"] |= {"name": "grafana-evicted", "uid": "evicted"}
        twin["status"] = {"phase": "Failed", "reason": "Evicted"}
        for volume in twin["spec"]["volumes"]:
            if "persistentVolumeClaim" in volume:
                volume["persistentVolumeClaim"] = {"claimName": "grafana-before"}
        objects.append(twin)

    installation.change_live(doubled)


VARIATIONS: Final[dict[str, Vary]] = {
    "the default class by its old annotation": live("StorageClass", beta_annotation),
    "a folder of the volume": below_a_folder,
    "mount paths with a slash": with_a_slash,
    "further mounts": further_mounts,
    "a backup container beside": a_backup_beside,
    "claims of a class that is not the default": another_class,
    "a claim bound by hand": bound_by_hand,
    "an evicted pod with a claim that is gone": given_up_since,
    "volumes pinned to the node that is there": live("PersistentVolume", pinned_to_its_node),
    "a released volume of a lost node": released,
    "a claim left of an older release": added(
        named(
            "PersistentVolumeClaim",
            "data-old-redis-0",
            "ef-external",
            spec={"storageClassName": "gone", "resources": {"requests": {"storage": "1Gi"}}},
            status={"phase": "Pending"},
        )
    ),
    "sizes rounded up, in bytes": live("PersistentVolumeClaim", more_given),
    "a class by annotation on the claim": all_of(
        live(
            "PersistentVolumeClaim",
            lambda one: one["metadata"]["annotations"].update(
                {"volume.beta.kubernetes.io/storage-class": one["spec"].pop("storageClassName")}
            ),
        ),
    ),
}
