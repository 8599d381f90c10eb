"""Typed readers of raw API JSON: a field that is missing, null or of another type reads as absent.

Every reader takes an object (anything; a dict when the server is sane) and a key, and raises nothing.
The API server validates what it stores, but aggregated servers, proxies and old clusters do not, and one odd object
must not cost the whole list.
"""

import re
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

_LARGEST = 2**63
_WHOLE = re.compile("[0-9]{1,18}")


def mapping(source: Any, *keys: str) -> Json:
    """Return the object under ``keys``, one inside the other; empty when any of them is not an object."""
    for key in keys:
        source = source.get(key) if isinstance(source, dict) else None
    return source if isinstance(source, dict) else {}


def objects(source: Any, key: str) -> list[Json]:
    """Return the objects in the array ``key``, leaving out what is no object."""
    found = source.get(key) if isinstance(source, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts(source: Any, key: str) -> tuple[str, ...]:
    """Return the strings in the array ``key``, leaving out what is no string."""
    found = source.get(key) if isinstance(source, dict) else None
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def text(source: Any, key: str, default: str = "") -> str:
    """Return the string ``key``, or ``default``."""
    found = source.get(key) if isinstance(source, dict) else None
    return found if isinstance(found, str) else default


def optional_text(source: Any, key: str) -> str | None:
    """Return the string ``key``, or None when it is absent or empty."""
    return text(source, key) or None


def number(source: Any, key: str) -> int | None:
    """Return the whole number ``key``, or None; true and false are no numbers."""
    found = source.get(key) if isinstance(source, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and -_LARGEST <= found < _LARGEST:
        return found
    return None


def whole(said: Any) -> int | None:
    """Return the number that a text says, or None: other digits than 0 to 9, and more than eighteen, are no number."""
    return int(said) if isinstance(said, str) and _WHOLE.fullmatch(said) else None


def count(source: Any, key: str) -> int:
    """Return the number ``key``, or 0: the API leaves out counts that are zero."""
    return number(source, key) or 0


def flag(source: Any, key: str) -> bool | None:
    """Return the truth value ``key``, or None."""
    found = source.get(key) if isinstance(source, dict) else None
    return found if isinstance(found, bool) else None


def text_map(source: Any, key: str) -> dict[str, str]:
    """Return the string-to-string map ``key`` (labels, annotations), leaving out values that are no strings."""
    found = source.get(key) if isinstance(source, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def quantities(source: Any, key: str) -> dict[str, str]:
    """Return the resource quantities ``key`` as they are written; the API also takes bare numbers."""
    return {
        name: str(value)
        for name, value in mapping(source, key).items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def port(source: Any, key: str) -> int | str | None:
    """Return an IntOrString port: a number, a name (which is never empty), or None."""
    return number(source, key) or optional_text(source, key)


def moment(source: Any, key: str) -> datetime | None:
    """Return the RFC 3339 time ``key`` in UTC, or None when it is absent or no time."""
    written = text(source, key)
    if not written:
        return None
    try:
        read = datetime.fromisoformat(written)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
