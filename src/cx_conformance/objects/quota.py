"""What a namespace may use: ResourceQuotas, and the LimitRanges that say what one pod or container may."""

from collections.abc import Mapping

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, quantities, text
from cx_conformance.objects.metadata import ApiObject, metadata


class ResourceQuota(ApiObject, frozen=True, kw_only=True):
    """A quota: how much of what a namespace may use at most, and how much of it is used; as quantities are written."""

    hard: Mapping[str, str]
    used: Mapping[str, str]
    scoped: bool
    """Whether it counts some pods only, such as those of a priority class."""


class Bounds(Struct, frozen=True, kw_only=True):
    """What a LimitRange says of one ``kind`` of thing: Container, Pod or PersistentVolumeClaim."""

    kind: str
    most: Mapping[str, str]
    least: Mapping[str, str]
    default_limits: Mapping[str, str]
    default_requests: Mapping[str, str]


class LimitRange(ApiObject, frozen=True, kw_only=True):
    """What the pods of a namespace are given where they say nothing, and what they may ask for."""

    bounds: tuple[Bounds, ...]


def resource_quota(source: Json) -> ResourceQuota:
    """Read a ResourceQuota; what holds is in its status, which a controller fills in."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    return ResourceQuota(
        **metadata(source),
        hard=quantities(status, "hard") or quantities(spec, "hard"),
        used=quantities(status, "used"),
        scoped=bool(spec.get("scopes") or spec.get("scopeSelector")),
    )


def limit_range(source: Json) -> LimitRange:
    """Read a LimitRange."""
    return LimitRange(
        **metadata(source),
        bounds=tuple(
            Bounds(
                kind=text(one, "type"),
                most=quantities(one, "max"),
                least=quantities(one, "min"),
                default_limits=quantities(one, "default"),
                default_requests=quantities(one, "defaultRequest"),
            )
            for one in objects(mapping(source, "spec"), "limits")
        ),
    )
