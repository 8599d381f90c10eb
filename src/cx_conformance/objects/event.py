"""Events: what the cluster's own parts said about an object."""

from datetime import datetime

from cx_conformance.objects.json_fields import Json, count, mapping, moment, text
from cx_conformance.objects.metadata import ApiObject, metadata, object_reference


class Event(ApiObject, frozen=True, kw_only=True):
    """An event about ``about_kind`` ``about_name`` in its namespace; ``type`` is Normal or Warning."""

    about_kind: str
    about_name: str
    about_uid: str
    type: str
    reason: str
    message: str
    times: int
    last_seen: datetime | None


def event(source: Json) -> Event:
    """Read a core/v1 Event; newer reporters fill ``eventTime`` and ``series`` instead of the older fields."""
    kind, name = object_reference(source, "involvedObject")
    series = mapping(source, "series")
    return Event(
        **metadata(source),
        about_kind=kind,
        about_name=name,
        about_uid=text(mapping(source, "involvedObject"), "uid"),
        type=text(source, "type"),
        reason=text(source, "reason"),
        message=text(source, "message"),
        times=count(source, "count") or count(series, "count") or 1,
        last_seen=moment(series, "lastObservedTime") or moment(source, "lastTimestamp") or moment(source, "eventTime"),
    )
