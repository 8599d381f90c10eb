"""What the kubelet puts into a pod's volumes: tokens, certificates, ConfigMaps, Secrets, empty folders, claims.

A claim keeps what was written into it as long as the embedded cluster lives; an empty folder is new in every run.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shutil import rmtree

from msgspec import Struct

from cx_conformance.sandbox import pods
from cx_conformance.sandbox.annotations import READ_ONLY
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.state import State


class CannotMount(ValueError):  # noqa: N818 - the sentence says what
    """A volume is of a kind that the embedded cluster does not have; the text says which."""


class Mount(Struct, frozen=True):
    """A folder of this machine that a container sees under ``path``."""

    source: Path
    path: str
    read_only: bool


class Volumes(Struct, frozen=True):
    """Makes the volumes of pods below ``folder``; ``token_of`` gives a fresh token of a pod's service account."""

    state: State
    folder: Path
    token_of: Callable[[Object], str]

    def mounts(self, pod: Object, container: Object) -> list[Mount]:
        """Return the container's mounts, filled; raises CannotMount."""
        metadata = pod["metadata"]
        own = self.folder / f"{metadata['namespace']}_{metadata['name']}"
        named = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
        made = []
        for mount in container.get("volumeMounts", []):
            volume = named[mount["name"]]
            source = self._filled(pod, volume, own / mount["name"])
            # Whatever the mount says, the kubelet lets nobody write into what it fills itself.
            fixed = mount.get("readOnly", False) or not {"emptyDir", "persistentVolumeClaim"} & set(volume)
            fixed = fixed or self._read_only(metadata["namespace"], volume)
            made.append(Mount(source / mount.get("subPath", ""), mount["mountPath"], read_only=fixed))
        return made

    def _read_only(self, namespace: str, volume: Object) -> bool:
        """Whether a volume is of a class that nobody may write to."""
        name = volume.get("persistentVolumeClaim", {}).get("claimName", "")
        held = self.state.find("v1", "PersistentVolumeClaim", namespace, name) or {"spec": {}}
        used = self.state.find("storage.k8s.io/v1", "StorageClass", "", held["spec"].get("storageClassName", ""))
        return bool(used and used["metadata"].get("annotations", {}).get(READ_ONLY) == "true")

    def _filled(self, pod: Object, volume: Object, place: Path) -> Path:
        if "persistentVolumeClaim" in volume:
            claim = volume["persistentVolumeClaim"]["claimName"]
            place = self.folder / "claims" / f"{pod['metadata']['namespace']}_{claim}"
            place.mkdir(parents=True, exist_ok=True)
            return place
        rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if "emptyDir" not in volume:
            for name, content in self._files(pod, volume):
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_text(content)
        return place

    def _files(self, pod: Object, volume: Object) -> Iterator[tuple[str, str]]:
        namespace = pod["metadata"]["namespace"]
        if "configMap" in volume:
            yield from self._chosen(namespace, "ConfigMap", volume["configMap"], volume["configMap"]["name"])
        elif "secret" in volume:
            yield from self._chosen(namespace, "Secret", volume["secret"], volume["secret"]["secretName"])
        elif "projected" in volume:
            for source in volume["projected"]["sources"]:
                yield from self._projected(pod, source)
        else:
            raise CannotMount(f"volume {volume['name']} is of a kind that the embedded cluster does not mount")

    def _projected(self, pod: Object, source: Object) -> Iterator[tuple[str, str]]:
        namespace = pod["metadata"]["namespace"]
        if "serviceAccountToken" in source:
            yield source["serviceAccountToken"]["path"], self.token_of(pod)
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if key in source:
                yield from self._chosen(namespace, kind, source[key], source[key]["name"])
        for item in source.get("downwardAPI", {}).get("items", []):
            yield item["path"], str(pods.field(pod, item["fieldRef"]["fieldPath"]))

    def _chosen(self, namespace: str, kind: str, source: Object, name: str) -> Iterator[tuple[str, str]]:
        held: Mapping[str, str] = pods.data(self.state, namespace, kind, name)
        items = source.get("items") or [{"key": key, "path": key} for key in held]
        yield from ((item["path"], held[item["key"]]) for item in items)
