"""The scheduler: which node a pod runs on, or why none takes it.

The words are those of the recorded pods of a Kubernetes 1.36.
"""

from cx_conformance.sandbox.annotations import AILMENT
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects


def ailment(pod: Object) -> str:
    """Return the ailment that is written on a pod; empty for a healthy one."""
    return str(pod["metadata"].get("annotations", {}).get(AILMENT, ""))


def unschedulable(objects: Objects, pod: Object, spec: Object) -> str | None:
    """Return why no node takes the pod, in the scheduler's words; None where one does."""
    nodes = objects.count("Node")
    namespace = pod["metadata"]["namespace"]
    for volume in spec["volumes"]:
        name = volume.get("persistentVolumeClaim", {}).get("claimName")
        if name is None:
            continue
        claim = objects.get("PersistentVolumeClaim", namespace, name)
        if claim is None:
            return f'0/{nodes} nodes are available: persistentvolumeclaim "{name}" not found. not found'
        if claim.get("status", {}).get("phase") != "Bound":
            return f"0/{nodes} nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
    if ailment(pod) == "unschedulable" or not _nodes(objects, spec):
        return (
            f"0/{nodes} nodes are available: {nodes} node(s) didn't match Pod's node affinity/selector. no new "
            f"claims to deallocate, preemption: 0/{nodes} nodes are available: {nodes} Preemption is not helpful for "
            "scheduling."
        )
    return None


def _nodes(objects: Objects, spec: Object) -> list[Object]:
    wanted = spec.get("nodeSelector", {}).items()
    pinned = spec.get("nodeName")
    return [
        node
        for node in objects.of("Node")
        if (node["metadata"]["name"] == pinned if pinned else _takes_pods(node))
        and wanted <= node["metadata"].get("labels", {}).items()
        and _has_affinity(node, spec)
    ]


def _has_affinity(node: Object, spec: Object) -> bool:
    """Whether a node is one of those that a pod requires by name; other terms of an affinity are not known here.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (NodeSelectorTerm, matchFields)
    """
    affinity = spec.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", [])
    fields = [one["matchFields"] for one in required if "matchFields" in one]
    name = node["metadata"]["name"]
    return not fields or any(all(name in field["values"] for field in term) for term in fields)


def _takes_pods(node: Object) -> bool:
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
    return ready and not node["spec"].get("unschedulable")


def chosen_node(objects: Objects, spec: Object) -> Object:
    """Return the node that a schedulable pod gets; pods are spread over those that take them."""
    candidates = _nodes(objects, spec)
    return candidates[objects.count("Pod") % len(candidates)]
