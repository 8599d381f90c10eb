"""What goes wrong with volumes, claims and storage classes."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.defaults import DEFAULT_CLASS
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation


@fault("CX401", "redis")
def unmounted_volume(installation: Installation, component: str) -> None:
    """The component's data volume is mounted elsewhere than documented."""
    mounts = installation.container(component).get("volumeMounts", [])
    if not mounts:
        raise CannotApply(f"component {component!r} mounts no volume")
    mounts[0]["mountPath"] = "/elsewhere"


@fault("CX402", "redis")
def claim_pending(installation: Installation, component: str) -> None:
    """The component's claim names a StorageClass that does not exist, and stays Pending."""
    claim = installation.claim(component)
    claim["spec"]["storageClassName"] = "no-such-class"
    claim["spec"].pop("volumeName", None)


@fault("CX403", "redis")
def small_claim(installation: Installation, component: str) -> None:
    """The component's volume is smaller than documented."""
    installation.claim(component)["spec"]["resources"]["requests"]["storage"] = "1Gi"


@fault("CX404")
def no_default_class(installation: Installation, _: str) -> None:
    """No StorageClass is the default one."""
    for each in installation.of("StorageClass"):
        each["metadata"].get("annotations", {}).pop(DEFAULT_CLASS, None)


@fault("CX404")
def two_default_classes(installation: Installation, _: str) -> None:
    """Two StorageClasses are the default one."""
    first = next(iter(installation.of("StorageClass")))
    metadata = first["metadata"] | {"name": f"{first['metadata']['name']}-2", "uid": first["metadata"]["uid"][::-1]}
    installation.objects.append(first | {"metadata": metadata})


@fault("CX405")
def unsupported_provisioner(installation: Installation, _: str) -> None:
    """The default StorageClass makes no volumes on demand, as the platform needs it to."""
    first = next(iter(installation.of("StorageClass")))
    metadata = first["metadata"]
    by_hand = metadata | {"name": "by-hand", "uid": metadata["uid"][::-1]}
    installation.objects.append(first | {"metadata": by_hand, "provisioner": "kubernetes.io/no-provisioner"})
    # Claims that were bound by the class before stay bound.
    first["metadata"] = metadata | {"annotations": {}}


@fault("CX406")
def hostpath_on_two_nodes(installation: Installation, _: str) -> None:
    """The cluster has two nodes, but its volumes are folders of one of them."""
    for each in installation.of("StorageClass"):
        each["provisioner"] = "rancher.io/local-path"
    installation.add_node("node-2")


@fault("CX407", "redis")
def volume_on_missing_node(installation: Installation, component: str) -> None:
    """The component's volume is bound to a node that is gone."""
    claim = installation.claim(component)
    name = claim["spec"].setdefault("volumeName", f"pvc-{claim['metadata']['uid']}")
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["gone-node"]}]}
    metadata, spec = claim["metadata"], claim["spec"]
    reference = {"kind": "PersistentVolumeClaim", "apiVersion": "v1"} | {
        key: metadata[key] for key in ("namespace", "name", "uid")
    }
    installation.objects.append(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {
                "name": name,
                "uid": metadata["uid"][::-1],
                "creationTimestamp": metadata["creationTimestamp"],
            },
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "local": {"path": "/var/openebs/local"},
                "accessModes": spec["accessModes"],
                "claimRef": reference,
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": spec.get("storageClassName", ""),
                "volumeMode": "Filesystem",
                "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
            },
            "status": {"phase": "Bound"},
        }
    )


FAULTS = (
    unmounted_volume,
    claim_pending,
    small_claim,
    no_default_class,
    two_default_classes,
    unsupported_provisioner,
    hostpath_on_two_nodes,
    volume_on_missing_node,
)
