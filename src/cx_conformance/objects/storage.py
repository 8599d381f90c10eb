"""Claims, volumes and storage classes. Sizes are quantities as they are written."""

from cx_conformance.objects.json_fields import Json, flag, mapping, objects, optional_text, quantities, text, texts
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, metadata

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
# The labels by which provisioners pin a volume to a node.
_NODE_LABELS = (
    "kubernetes.io/hostname",
    "topology.hostpath.csi/node",
    "openebs.io/nodename",
    "topology.topolvm.io/node",
)


class PersistentVolumeClaim(ApiObject, frozen=True, kw_only=True):
    """A claim: ``requested`` is asked for, ``capacity`` is given (None until it is bound)."""

    phase: str
    volume_name: str
    storage_class: str | None
    requested: str | None
    capacity: str | None
    access_modes: tuple[str, ...]
    volume_mode: str
    conditions: tuple[Condition, ...]


class PersistentVolume(ApiObject, frozen=True, kw_only=True):
    """A volume; ``nodes`` are those it is pinned to (empty: any), ``source`` the API's field (csi, hostPath ...)."""

    phase: str
    capacity: str | None
    storage_class: str
    claim_namespace: str
    claim_name: str
    reclaim_policy: str
    source: str
    driver: str
    nodes: tuple[str, ...]


class StorageClass(ApiObject, frozen=True, kw_only=True):
    """A storage class."""

    provisioner: str
    is_default: bool
    reclaim_policy: str
    binding_mode: str
    allows_expansion: bool


def persistent_volume_claim(source: Json) -> PersistentVolumeClaim:
    """Read a PersistentVolumeClaim."""
    meta, spec, status = metadata(source), mapping(source, "spec"), mapping(source, "status")
    return PersistentVolumeClaim(
        **meta,
        phase=text(status, "phase") or "Unknown",
        volume_name=text(spec, "volumeName"),
        storage_class=optional_text(spec, "storageClassName")
        or meta["annotations"].get("volume.beta.kubernetes.io/storage-class"),
        requested=quantities(mapping(spec, "resources"), "requests").get("storage"),
        capacity=quantities(status, "capacity").get("storage"),
        access_modes=texts(spec, "accessModes"),
        volume_mode=text(spec, "volumeMode") or "Filesystem",
        conditions=conditions(status),
    )


def persistent_volume(source: Json) -> PersistentVolume:
    """Read a PersistentVolume; ``driver`` is the CSI driver, or the provisioner that made it."""
    meta, spec = metadata(source), mapping(source, "spec")
    claim = mapping(spec, "claimRef")
    return PersistentVolume(
        **meta,
        phase=text(mapping(source, "status"), "phase") or "Unknown",
        capacity=quantities(spec, "capacity").get("storage"),
        storage_class=text(spec, "storageClassName"),
        claim_namespace=text(claim, "namespace"),
        claim_name=text(claim, "name"),
        reclaim_policy=text(spec, "persistentVolumeReclaimPolicy") or "Retain",
        source=next(
            (
                name
                for name, value in spec.items()
                if isinstance(value, dict) and name not in {"capacity", "claimRef", "nodeAffinity"}
            ),
            "",
        ),
        driver=text(mapping(spec, "csi"), "driver") or meta["annotations"].get("pv.kubernetes.io/provisioned-by", ""),
        nodes=_pinned_nodes(spec),
    )


def _pinned_nodes(spec: Json) -> tuple[str, ...]:
    """Return the node names that the required affinity allows (terms are alternatives)."""
    found: dict[str, None] = {}
    for term in objects(mapping(spec, "nodeAffinity", "required"), "nodeSelectorTerms"):
        for rule in objects(term, "matchExpressions"):
            if text(rule, "operator") == "In" and text(rule, "key") in _NODE_LABELS:
                found.update(dict.fromkeys(texts(rule, "values")))
        for rule in objects(term, "matchFields"):
            if text(rule, "operator") == "In" and text(rule, "key") == "metadata.name":
                found.update(dict.fromkeys(texts(rule, "values")))
    return tuple(found)


def storage_class(source: Json) -> StorageClass:
    """Read a StorageClass; the beta annotation still makes a class the default one."""
    meta = metadata(source)
    return StorageClass(
        **meta,
        provisioner=text(source, "provisioner"),
        is_default=any(meta["annotations"].get(name) == "true" for name in _DEFAULT),
        reclaim_policy=text(source, "reclaimPolicy") or "Delete",
        binding_mode=text(source, "volumeBindingMode") or "Immediate",
        allows_expansion=flag(source, "allowVolumeExpansion") or False,
    )
