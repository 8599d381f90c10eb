"""What every API object has: its names, labels, annotations, owner and times; and label selectors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from msgspec import Struct

from cx_conformance.objects.json_fields import (
    Json,
    count,
    flag,
    mapping,
    moment,
    number,
    objects,
    optional_text,
    text,
    text_map,
    texts,
)
from cx_conformance.wire.discreet import Discreet

# kubectl's copy of the applied manifest: of a Secret it holds the values, of the rest it doubles the size.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Owner(Struct, frozen=True, kw_only=True):
    """The controller that an object belongs to (the owner reference with ``controller: true``)."""

    kind: str
    name: str
    uid: str


class ApiObject(Discreet, frozen=True, kw_only=True):
    """What every record has. ``namespace`` is empty for cluster-scoped kinds.

    ``deleted`` is the moment by which the object is to be gone: request plus grace period, ``grace_seconds`` long.
    """

    name: str
    namespace: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    generation: int
    created: datetime | None
    deleted: datetime | None
    grace_seconds: int | None
    owner: Owner | None

    @property
    def where(self) -> str:
        """The object as messages name it: ``namespace/name``, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def ending(self) -> str:
        """Since when it is being deleted, in words that go after its name; empty where it stays.

        Nobody can take a deletion back: https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
        """
        return f"is being deleted, since {self.deleted:%Y-%m-%d %H:%M:%SZ}" if self.deleted else ""


class Metadata(TypedDict):
    """The constructor arguments that every record takes."""

    name: str
    namespace: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    generation: int
    created: datetime | None
    deleted: datetime | None
    grace_seconds: int | None
    owner: Owner | None


def metadata(source: Any) -> Metadata:
    """Read ``source.metadata``; kubectl's copy of the manifest is dropped, for it may hold Secret values."""
    meta = mapping(source, "metadata")
    annotations = text_map(meta, "annotations")
    annotations.pop(_LAST_APPLIED, None)
    return {
        "name": text(meta, "name"),
        "namespace": text(meta, "namespace"),
        "uid": text(meta, "uid"),
        "labels": text_map(meta, "labels"),
        "annotations": annotations,
        "generation": count(meta, "generation"),
        "created": moment(meta, "creationTimestamp"),
        "deleted": moment(meta, "deletionTimestamp"),
        "grace_seconds": number(meta, "deletionGracePeriodSeconds"),
        "owner": _controller(meta),
    }


def _controller(meta: Json) -> Owner | None:
    for reference in objects(meta, "ownerReferences"):
        if flag(reference, "controller"):
            return Owner(kind=text(reference, "kind"), name=text(reference, "name"), uid=text(reference, "uid"))
    return None


class Condition(Struct, frozen=True, kw_only=True):
    """One condition of a status; ``status`` is ``True``, ``False`` or ``Unknown`` as the API writes it."""

    type: str
    status: str
    reason: str
    message: str
    changed: datetime | None

    @property
    def is_true(self) -> bool:
        """Whether the status is ``True``; unknown is not true."""
        return self.status == "True"


def conditions(source: Any) -> tuple[Condition, ...]:
    """Read ``source.conditions``."""
    return tuple(
        Condition(
            type=text(item, "type"),
            status=text(item, "status", "Unknown"),
            reason=text(item, "reason"),
            message=text(item, "message"),
            changed=moment(item, "lastTransitionTime"),
        )
        for item in objects(source, "conditions")
    )


def find_condition(found: tuple[Condition, ...], kind: str) -> Condition | None:
    """Return the condition of type ``kind``, or None when it was never set."""
    return next((item for item in found if item.type == kind), None)


class Requirement(Struct, frozen=True, kw_only=True):
    """One expression of a selector: ``operator`` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether ``labels`` fulfil it; an operator that Kubernetes does not know selects nothing."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case _:
                return False


class LabelSelector(Struct, frozen=True, kw_only=True):
    """matchLabels and matchExpressions, all of which must hold; an empty one selects everything."""

    match_labels: Mapping[str, str]
    expressions: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with ``labels`` is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.holds(labels) for requirement in self.expressions
        )


def label_selector(source: Any, key: str) -> LabelSelector | None:
    """Read the selector ``source[key]``; None when there is none, which selects nothing."""
    found = source.get(key) if isinstance(source, dict) else None
    if not isinstance(found, dict):
        return None
    return LabelSelector(
        match_labels=text_map(found, "matchLabels"),
        expressions=tuple(
            Requirement(key=text(item, "key"), operator=text(item, "operator"), values=texts(item, "values"))
            for item in objects(found, "matchExpressions")
        ),
    )


def object_reference(source: Any, key: str) -> tuple[str, str]:
    """Return (kind, name) of the object reference ``source[key]``; empty strings for what is absent."""
    found = mapping(source, key)
    return text(found, "kind"), optional_text(found, "name") or ""
