"""Namespaces."""

from cx_conformance.objects.json_fields import Json, mapping, text
from cx_conformance.objects.metadata import ApiObject, metadata


class Namespace(ApiObject, frozen=True, kw_only=True):
    """A namespace; ``phase`` is Active or Terminating. It is cluster-scoped: ``namespace`` is empty."""

    phase: str


def namespace(source: Json) -> Namespace:
    """Read a Namespace."""
    return Namespace(**metadata(source), phase=text(mapping(source, "status"), "phase") or "Active")
