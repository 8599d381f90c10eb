"""What the embedded cluster holds: objects by resource path, versions, changes.

A state has two layers. ``manifests`` is what somebody put there; the records that the API serves are what
``reconcile`` makes of them, as the controllers and the kubelet of a real cluster would. Records whose content did not
change keep their version.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import orjson
from msgspec import Struct

from cx_conformance.sandbox.catalogue import Catalogue, Object, Resource

FIRST_VERSION = 1000
KEPT_CHANGES = 5000
KEPT_PAGES = 64

Reconcile = Callable[[list[Object]], list[Object]]


class Key(NamedTuple):
    """Where an object is within its resource; the namespace is empty for cluster-wide kinds."""

    namespace: str
    name: str


class Record(Struct, frozen=True):
    """One served object, and its JSON as a list has it: without ``kind`` and ``apiVersion``."""

    thing: Object
    item: bytes


class Change(Struct, frozen=True):
    """One step of a resource's history, as a watch reports it."""

    version: int
    resource: Resource
    type: str
    key: Key
    record: Record


class State:
    """The objects of one cluster; every method is for the one thread that serves it."""

    def __init__(self, manifests: Iterable[Object], reconcile: Reconcile | None = None) -> None:
        """Load ``manifests``; with ``reconcile`` None they are served just as they are, as a recording is."""
        self.manifests = list(manifests)
        self.catalogue = Catalogue(self.manifests)
        self.version = FIRST_VERSION
        self.oldest = FIRST_VERSION
        self._reconcile = reconcile or list
        self._records: dict[Resource, dict[Key, Record]] = {}
        self._sorted: dict[Resource, list[tuple[Key, Record]]] = {}
        self._changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self._pages: OrderedDict[tuple[int, str], list[tuple[Key, Record]]] = OrderedDict()
        self._listeners: list[Callable[[], None]] = []
        self.settle()

    def objects(self) -> list[Object]:
        """Return every served object."""
        return [record.thing for records in self._records.values() for record in records.values()]

    def get(self, resource: Resource, namespace: str, name: str) -> Record | None:
        """Return one record, or None."""
        return self._records.get(resource, {}).get(Key(namespace, name))

    def find(self, api_version: str, kind: str, namespace: str, name: str) -> Object | None:
        """Return one object by its kind, or None."""
        record = self.get(self.catalogue.kind(api_version, kind), namespace, name)
        return record.thing if record else None

    def records(self, resource: Resource, namespace: str = "") -> list[tuple[Key, Record]]:
        """Return the records of one resource in the order of their paths; an empty namespace means all."""
        if resource not in self._sorted:
            self._sorted[resource] = sorted(self._records.get(resource, {}).items(), key=lambda pair: pair[0])
        everything = self._sorted[resource]
        return [pair for pair in everything if pair[0].namespace == namespace] if namespace else everything

    def of_kind(self, api_version: str, kind: str, namespace: str = "") -> list[Object]:
        """Return the objects of one kind."""
        return [record.thing for _, record in self.records(self.catalogue.kind(api_version, kind), namespace)]

    def replace(self, manifests: Iterable[Object]) -> None:
        """Put other manifests in place of all there were, and let the controllers follow."""
        self.manifests = list(manifests)
        self.settle()

    def settle(self) -> None:
        """Run the controllers; what came out differently gets a new version and is told to watchers."""
        latest: dict[Resource, dict[Key, Object]] = {}
        for thing in self._reconcile(self.manifests):
            metadata = thing["metadata"]
            resource = self.catalogue.of(thing)
            latest.setdefault(resource, {})[Key(metadata.get("namespace", ""), metadata["name"])] = thing
        for resource in {*self._records, *latest}:
            self._update(resource, latest.get(resource, {}))
        for listener in self._listeners:
            listener()

    def changes(self, resource: Resource, since: int) -> list[Change]:
        """Return the changes of one resource after a version."""
        return [change for change in self._changes if change.version > since and change.resource == resource]

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after every settling; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def compact(self) -> None:
        """Forget the past: older versions and page tokens are answered by 410, as after etcd's compaction."""
        self.version += 1
        self.oldest = self.version
        self._changes.clear()
        self._pages.clear()

    def keep_page(self, path: str, version: int, records: list[tuple[Key, Record]]) -> None:
        """Remember the list that the next pages of ``path`` at that version are taken from."""
        self._pages[version, path] = records
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)

    def kept_page(self, version: int, path: str) -> list[tuple[Key, Record]] | None:
        """Return the list that a page token points into; None when it is gone."""
        return self._pages.get((version, path))

    def _update(self, resource: Resource, latest: dict[Key, Object]) -> None:
        before = self._records.setdefault(resource, {})
        for key in [key for key in before if key not in latest]:
            self._changed(resource, "DELETED", key, before.pop(key))
        for key, thing in latest.items():
            present = before.get(key)
            if present is None:
                before[key] = record = self._record(resource, thing, new=True)
                self._changed(resource, "ADDED", key, record)
            elif not _same(present.thing, thing):
                before[key] = record = self._record(resource, thing, new=False)
                self._changed(resource, "MODIFIED", key, record)

    def _record(self, resource: Resource, thing: Object, *, new: bool) -> Record:
        metadata = dict(thing["metadata"])
        if not new or "resourceVersion" not in metadata:
            self.version += 1
            metadata["resourceVersion"] = str(self.version)
        self.version = max(self.version, int(metadata["resourceVersion"]))
        whole = thing | {"metadata": metadata}
        bare = whole if resource.custom else {k: v for k, v in whole.items() if k not in ("kind", "apiVersion")}
        return Record(whole, orjson.dumps(bare))

    def _changed(self, resource: Resource, kind: str, key: Key, record: Record) -> None:
        self._sorted.pop(resource, None)
        if kind == "DELETED":
            self.version += 1
        if len(self._changes) == KEPT_CHANGES:
            self.oldest = self._changes[0].version
        self._changes.append(Change(self.version, resource, kind, key, record))


def _same(served: Object, made: Object) -> bool:
    ours = {k: v for k, v in served["metadata"].items() if k != "resourceVersion"}
    theirs = {k: v for k, v in made["metadata"].items() if k != "resourceVersion"}
    return ours == theirs and {**served, "metadata": None} == {**made, "metadata": None}
