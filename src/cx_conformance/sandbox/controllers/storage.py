"""Volumes: a claim whose class exists gets a volume and is bound; all others stay Pending.

Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/
"""

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects

NO_PROVISIONER = "kubernetes.io/no-provisioner"


def storage(objects: Objects) -> None:
    """Bind each claim, and make the volume that it is bound to."""
    for claim in objects.of("PersistentVolumeClaim"):
        volume_name = claim["spec"].get("volumeName")
        storage_class = objects.get("StorageClass", "", claim["spec"].get("storageClassName") or "")
        if volume_name is None and (storage_class is None or not _makes_volumes(objects, storage_class)):
            objects.put(claim | {"status": {"phase": "Pending"}})
            continue
        volume_name = volume_name or f"pvc-{claim['metadata']['uid']}"
        provisioner = storage_class["provisioner"] if storage_class else "unknown"
        volume = objects.get("PersistentVolume", "", volume_name)
        if volume is None:
            volume = _volume(objects, claim, volume_name, storage_class)
            objects.put(volume)
        objects.put(_bound(claim, volume, provisioner))


def _makes_volumes(objects: Objects, storage_class: Object) -> bool:
    """Whether somebody makes the volumes of a class: nobody does where the drivers have gone from every node."""
    nodes = objects.of("CSINode")
    gone = bool(nodes) and not any(one["spec"].get("drivers") for one in nodes)
    return storage_class["provisioner"] != NO_PROVISIONER and not gone


def _bound(claim: Object, volume: Object, provisioner: str) -> Object:
    annotations = claim["metadata"].get("annotations", {}) | {
        "pv.kubernetes.io/bind-completed": "yes",
        "pv.kubernetes.io/bound-by-controller": "yes",
        "volume.beta.kubernetes.io/storage-provisioner": provisioner,
        "volume.kubernetes.io/storage-provisioner": provisioner,
    }
    return claim | {
        "metadata": claim["metadata"] | {"annotations": annotations},
        "spec": claim["spec"] | {"volumeName": volume["metadata"]["name"]},
        "status": {
            "phase": "Bound",
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
        },
    }


def _volume(objects: Objects, claim: Object, name: str, storage_class: Object | None) -> Object:
    spec, metadata = claim["spec"], claim["metadata"]
    made_by = (storage_class or {}).get("provisioner", "unknown")
    annotations = {"pv.kubernetes.io/provisioned-by": made_by}
    reference = {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
    }
    head = objects.head(
        "v1", "PersistentVolume", "", name, annotations=annotations, finalizers=["kubernetes.io/pv-protection"]
    )
    return head | {
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "csi": {"driver": made_by, "volumeHandle": name},
            "accessModes": spec["accessModes"],
            "claimRef": reference,
            "persistentVolumeReclaimPolicy": (storage_class or {}).get("reclaimPolicy", "Delete"),
            "storageClassName": spec.get("storageClassName", ""),
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
        "status": {"phase": "Bound", "lastPhaseTransitionTime": objects.world.born},
    }
