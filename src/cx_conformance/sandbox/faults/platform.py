"""What goes wrong with the cluster itself."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


@fault("CX001", "ef-external")
def absent_namespace(installation: Installation, name: str) -> None:
    """A namespace, and all that belongs into it, is not there."""
    installation.remove(installation.named("Namespace", name))
    installation.objects = [each for each in installation.objects if each["metadata"].get("namespace") != name]


@fault("CX003", "node-2")
def node_not_ready(installation: Installation, name: str) -> None:
    """A node besides those that run the pods is not Ready."""
    node = installation.add_node(name)
    _set(node, "Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")


@fault("CX004", "node-2")
def disk_pressure(installation: Installation, name: str) -> None:
    """A node besides those that run the pods is short of disk space."""
    node = installation.add_node(name)
    _set(node, "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")
    node["spec"]["unschedulable"] = True


@fault("CX005", "node-2")
def old_kubelet(installation: Installation, name: str) -> None:
    """A node runs a kubelet more than three minor versions older than the API server."""
    node = installation.add_node(name)
    node["status"]["nodeInfo"]["kubeletVersion"] = "v1.28.12"
    node["spec"]["unschedulable"] = True


def _set(node: Object, kind: str, status: str, reason: str, message: str) -> None:
    for condition in node["status"]["conditions"]:
        if condition["type"] == kind:
            condition |= {"status": status, "reason": reason, "message": message}


FAULTS = (absent_namespace, node_not_ready, disk_pressure, old_kubelet)
