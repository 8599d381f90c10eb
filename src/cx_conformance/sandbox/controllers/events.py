"""Events, as the scheduler and the kubelet write them."""

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects
from cx_conformance.sandbox.world import suffix


def warn(objects: Objects, about: Object, reason: str, message: str, component: str = "kubelet") -> None:
    """Put a Warning about an object, as ``component`` would write it."""
    metadata = about["metadata"]
    namespace = metadata.get("namespace", "default")
    born = objects.world.born
    made = objects.head("v1", "Event", namespace, f"{metadata['name']}.{suffix(reason + message, 16)}")
    objects.put(
        made
        | {
            "involvedObject": {
                "kind": about["kind"],
                "namespace": namespace,
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": about["apiVersion"],
            },
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "firstTimestamp": born,
            "lastTimestamp": born,
            "count": 1,
            "type": "Warning",
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": component,
        }
    )
