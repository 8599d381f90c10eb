"""What a pod needs of its namespace, ConfigMaps and Secrets, and which of it is not there.

The words are those of the recorded pods and events of a Kubernetes 1.36.
"""

from collections.abc import Iterator

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.controllers.index import Objects


def missing_volumes(objects: Objects, pod: Object) -> Iterator[str]:
    """Yield what the kubelet says of each volume whose source does not exist; it passes over what nothing mounts."""
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    containers = (*spec.get("initContainers", []), *spec["containers"])
    mounted = {mount["name"] for one in containers for mount in one.get("volumeMounts", [])}
    for volume in (one for one in spec["volumes"] if one["name"] in mounted):
        for kind, name, optional in _volume_sources(volume):
            if not optional and objects.get(kind, namespace, name) is None:
                yield f'MountVolume.SetUp failed for volume "{volume["name"]}" : {kind.lower()} "{name}" not found'


def _volume_sources(volume: Object) -> Iterator[tuple[str, str, bool]]:
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]["name"], volume["configMap"].get("optional", False)
    if "secret" in volume:
        yield "Secret", volume["secret"]["secretName"], volume["secret"].get("optional", False)
    for source in volume.get("projected", {}).get("sources", []):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if key in source:
                yield kind, source[key]["name"], source[key].get("optional", False)


def missing_references(objects: Objects, pod: Object, container: Object) -> Iterator[str]:
    """Yield what the kubelet says of each variable of a container whose source does not exist."""
    namespace = pod["metadata"]["namespace"]
    for source in container.get("envFrom", []):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if (
                key in source
                and not source[key].get("optional")
                and objects.get(kind, namespace, source[key]["name"]) is None
            ):
                yield f'{kind.lower()} "{source[key]["name"]}" not found'
    for variable in container.get("env", []):
        reference = variable.get("valueFrom") or {}
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if key in reference and not reference[key].get("optional"):
                yield from _missing_key(objects, kind, namespace, reference[key])


def _missing_key(objects: Objects, kind: str, namespace: str, reference: Object) -> Iterator[str]:
    found = objects.get(kind, namespace, reference["name"])
    if found is None:
        yield f'{kind.lower()} "{reference["name"]}" not found'
    elif reference["key"] not in (found.get("data") or {}):
        yield f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}"
