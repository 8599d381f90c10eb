"""What becomes of pods that somebody created by hand: adopted by a controller that selects them, or collected.

A controller adopts a pod without a controller whose labels it selects. It then has one more than it wants, and deletes
first the one that is not ready: the newcomer is gone. A StatefulSet adopts only what is named like its pods. Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions and
https://kubernetes.io/docs/concepts/architecture/garbage-collection/
"""

import re

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.selectors import match_labels

_ADOPTING = ("ReplicaSet", "StatefulSet", "DaemonSet")


def take_away(objects: Objects) -> None:
    """Remove the pods that a controller takes for its own, and those whose owners are all gone."""
    uids = None
    for pod in objects.of("Pod"):
        owners = pod["metadata"].get("ownerReferences") or []
        if not owners:
            if any(_adopts(thing, pod) for kind in _ADOPTING for thing in objects.of(kind)):
                objects.remove(pod)
            continue
        uids = uids or {thing["metadata"].get("uid") for thing in objects.all()}
        if not uids & {owner["uid"] for owner in owners}:
            objects.remove(pod)


def _adopts(controller: Object, pod: Object) -> bool:
    metadata = controller["metadata"]
    if metadata["namespace"] != pod["metadata"]["namespace"]:
        return False
    labels = controller["spec"]["selector"].get("matchLabels")
    if not labels or not match_labels(labels, pod["metadata"].get("labels")):
        return False
    named = re.fullmatch(r"(.*)-[0-9]+", pod["metadata"]["name"])
    return controller["kind"] != "StatefulSet" or (named is not None and named[1] == metadata["name"])
