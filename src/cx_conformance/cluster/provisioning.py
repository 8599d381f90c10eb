"""Whether somebody is there to make the volumes of a StorageClass.

A CSI driver registers with the kubelet of each node that it serves (CSINode); its controller is a pod with the sidecar
csi-provisioner. Other provisioners are one Deployment each, known by its image. Of a provisioner that is neither,
nothing can be said from outside.
https://kubernetes-csi.github.io/docs/sidecar-containers.html
"""

from typing import Final

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.csi import CSINode
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod

IMAGES: Final = {
    "rancher.io/local-path": "local-path-provisioner",
    "openebs.io/local": "provisioner-localpv",
    "k8s.io/minikube-hostpath": "storage-provisioner",
    "microk8s.io/hostpath": "hostpath-provisioner",
    "cluster.local/nfs-subdir-external-provisioner": "nfs-subdir-external-provisioner",
}
"""Provisioners that are no CSI drivers, each by a part of its image's name."""
_CONTROLLER: Final = "csi-provisioner"
_IN_TREE: Final = "kubernetes.io/"


def why_not_alive(provisioner: str, snapshot: Snapshot) -> str | None:
    """Return why ``provisioner`` makes no volumes now; None where it does.

    Raises LookupError with the reason where that cannot be told, CouldNotLook where pods or drivers may not be seen.
    """
    registered = {one.name for one in snapshot.list(CSINode) if provisioner in one.drivers}
    if registered or _looks_like_csi(provisioner):
        return _why_no_driver(provisioner, registered, snapshot)
    part = next(
        (image for name, image in IMAGES.items() if provisioner == name or provisioner.endswith(f"/{image}")), None
    )
    if part is None:
        raise LookupError(f"which pods belong to {provisioner} is not known")
    pods = _running(part, snapshot)
    if not pods:
        return f"no pod runs an image {part}"
    return None if any(pod.ready for pod in pods) else f"pod {pods[0].where} of it is not ready"


def _looks_like_csi(provisioner: str) -> bool:
    return ".csi." in provisioner or provisioner.startswith(("csi.", "driver."))


def _why_no_driver(provisioner: str, registered: set[str], snapshot: Snapshot) -> str | None:
    ready = {one.name for one in snapshot.list(Node) if one.ready}
    if not registered & ready:
        return f"the driver {provisioner} is registered on no node that is Ready: its pods do not run there"
    # Managed clusters run the controller where nobody sees it.
    controllers = [pod for pod in _running(_CONTROLLER, snapshot) if _mentions(pod, provisioner)]
    if controllers and not any(pod.ready for pod in controllers):
        return f"pod {controllers[0].where}, which makes its volumes, is not ready"
    return None


def _running(image: str, snapshot: Snapshot) -> list[Pod]:
    return [
        pod
        for pod in snapshot.list(Pod)
        if not pod.finished and any(image in one.image for one in pod.spec.serving_containers)
    ]


def _mentions(pod: Pod, driver: str) -> bool:
    """Whether the pod is the driver's, by its name or its arguments: ``ebs-csi-controller`` of ebs.csi.aws.com."""
    short = driver.removeprefix("driver.").partition(".")[0]
    return short in pod.name or any(driver in word for one in pod.spec.containers for word in (*one.args, *one.command))
