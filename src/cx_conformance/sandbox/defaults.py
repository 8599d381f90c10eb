"""Admission: what the API server writes into an object that is created, beyond what its author wrote.

Defaults as in the Kubernetes API reference; only of the kinds and fields that an installation uses.
"""

import base64
from collections.abc import Iterable
from typing import Any

from cx_conformance.sandbox.catalogue import Object, copied
from cx_conformance.sandbox.world import World

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def admitted(thing: Object, world: World, storage_class: str | None = None) -> Object:
    """Return a copy with metadata and defaults filled in; ``storage_class`` is the default class, if any."""
    made = copied(thing)
    metadata = made["metadata"]
    metadata.pop("managedFields", None)
    path = f"{made['kind']}/{metadata.get('namespace', '')}/{metadata['name']}"
    metadata.setdefault("uid", world.uid(path))
    metadata.setdefault("creationTimestamp", world.born)
    fill = _FILLERS.get(made["kind"])
    if fill is not None:
        fill(made)
    if made["kind"] in _WORKLOADS:
        metadata.setdefault("generation", 1)
        pod_spec(made["spec"]["template"]["spec"])
    if made["kind"] == "Pod":
        pod_spec(made["spec"])
    if made["kind"] == "PersistentVolumeClaim":
        claim(made, storage_class)
    return made


def pod_spec(spec: Object) -> None:
    """Fill in the defaults of a pod's specification, in place."""
    containers((*spec.get("initContainers", []), *spec["containers"]))
    for volume in spec.get("volumes", []):
        _volume(volume)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    if name := spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", name)
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def containers(given: Iterable[Object]) -> None:
    """Fill in the defaults of containers, in place."""
    for container in given:
        _container(container)


def claim(made: Object, storage_class: str | None) -> None:
    """Fill in the defaults of a claim, in place; a claim without a class gets the default one."""
    made["metadata"].setdefault("finalizers", ["kubernetes.io/pvc-protection"])
    made["spec"].setdefault("volumeMode", "Filesystem")
    if storage_class is not None:
        made["spec"].setdefault("storageClassName", storage_class)


def _container(container: Object) -> None:
    for port in container.get("ports", []):
        port.setdefault("protocol", "TCP")
    image: str = container.get("image", "")
    container.setdefault("resources", {})
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        if kind in container:
            _probe(container[kind])
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    tag = image.rpartition("/")[2].partition(":")[2] or "latest"
    container.setdefault("imagePullPolicy", "Always" if tag == "latest" and "@" not in image else "IfNotPresent")


def _probe(probe: Object) -> None:
    if "httpGet" in probe:
        probe["httpGet"].setdefault("scheme", "HTTP")
        probe["httpGet"].setdefault("path", "/")
    for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(name, value)


def _volume(volume: Object) -> None:
    for kind in ("configMap", "secret", "projected", "downwardAPI"):
        if kind in volume:
            volume[kind].setdefault("defaultMode", 420)
    if "hostPath" in volume:
        volume["hostPath"].setdefault("type", "")


def _service(made: Object) -> None:
    spec = made["spec"]
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    made.setdefault("status", {"loadBalancer": {}})
    if spec["type"] == "ExternalName":
        return
    for port in spec.get("ports", []):
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port["port"])
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] != "ClusterIP":
        spec.setdefault("externalTrafficPolicy", "Cluster")


def _deployment(made: Object) -> None:
    spec = made["spec"]
    _defaults(
        spec,
        replicas=1,
        strategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        revisionHistoryLimit=10,
        progressDeadlineSeconds=600,
    )
    made["metadata"].setdefault("annotations", {}).setdefault("deployment.kubernetes.io/revision", "1")


def _stateful_set(made: Object) -> None:
    spec = made["spec"]
    _defaults(
        spec,
        replicas=1,
        podManagementPolicy="OrderedReady",
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        revisionHistoryLimit=10,
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
    )
    for template in spec.get("volumeClaimTemplates", []):
        _defaults(template, kind="PersistentVolumeClaim", apiVersion="v1", status={"phase": "Pending"})
        template["spec"].setdefault("volumeMode", "Filesystem")


def _daemon_set(made: Object) -> None:
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    _defaults(made["spec"], updateStrategy=update, revisionHistoryLimit=10)


def _ingress(made: Object) -> None:
    made["metadata"].setdefault("generation", 1)
    made.setdefault("status", {"loadBalancer": {}})


def _secret(made: Object) -> None:
    made.setdefault("type", "Opaque")
    written = made.pop("stringData", {})
    if written:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in written.items()}
        made["data"] = (made.get("data") or {}) | encoded


def _storage_class(made: Object) -> None:
    _defaults(made, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _namespace(made: Object) -> None:
    made["metadata"].setdefault("labels", {}).setdefault("kubernetes.io/metadata.name", made["metadata"]["name"])
    made.setdefault("spec", {"finalizers": ["kubernetes"]})
    made.setdefault("status", {"phase": "Active"})


def _defaults(target: Object, **values: Any) -> None:
    for name, value in values.items():
        target.setdefault(name, value)


_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
_FILLERS = {
    "Service": _service,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Ingress": _ingress,
    "Secret": _secret,
    "StorageClass": _storage_class,
    "Namespace": _namespace,
}
