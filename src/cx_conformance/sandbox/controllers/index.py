"""The objects that controllers work on, by kind and name."""

from collections.abc import Iterable

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.world import World


class Objects:
    """A working copy: controllers add objects and put changed ones in place of others, never changing one itself."""

    def __init__(self, things: Iterable[Object], world: World) -> None:
        """Index ``things``."""
        self.world = world
        self._kinds: dict[str, dict[tuple[str, str], Object]] = {}
        for thing in things:
            self.put(thing)

    def put(self, thing: Object) -> None:
        """Add an object, or put it in place of the one of that name."""
        metadata = thing["metadata"]
        self._kinds.setdefault(thing["kind"], {})[metadata.get("namespace", ""), metadata["name"]] = thing

    def remove(self, thing: Object) -> None:
        """Take an object away."""
        metadata = thing["metadata"]
        del self._kinds[thing["kind"]][metadata.get("namespace", ""), metadata["name"]]

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return one object, or None."""
        return self._kinds.get(kind, {}).get((namespace, name))

    def of(self, kind: str) -> list[Object]:
        """Return the objects of a kind, as they are now."""
        return list(self._kinds.get(kind, {}).values())

    def count(self, kind: str) -> int:
        """Return how many objects of a kind there are."""
        return len(self._kinds.get(kind, {}))

    def all(self) -> list[Object]:
        """Return every object."""
        return [thing for things in self._kinds.values() for thing in things.values()]

    def owned(self, owner: Object, api_version: str, kind: str, name: str) -> Object:
        """Return a new object's head: kind, name, uid, and the owner reference that its controller sets."""
        namespace = owner["metadata"]["namespace"]
        reference = {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        return self.head(api_version, kind, namespace, name, ownerReferences=[reference])

    def head(self, api_version: str, kind: str, namespace: str, name: str, **metadata: object) -> Object:
        """Return the head of an object that a controller makes; ``metadata`` is added to its own."""
        made: Object = {"name": name, "namespace": namespace} if namespace else {"name": name}
        made["uid"] = self.world.uid(f"{kind}/{namespace}/{name}")
        made["creationTimestamp"] = self.world.born
        return {"apiVersion": api_version, "kind": kind, "metadata": made | metadata}
