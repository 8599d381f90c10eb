"""What the fields of a report may hold, and the kinds of its parts: those declared whole, and those that are open."""

import datetime as dt
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cx_conformance.outcome.check import AREAS

DEEPEST: Final = 32
"""Levels of lists and mappings in one piece of evidence; writers cut long before."""
_LONGEST: Final = 10**12
"""Seconds or milliseconds: beyond it is no duration of anything."""
_YEARS: Final = range(1980, 9000)
"""Of a moment that can be shown in any zone."""


def _moment(value: object) -> dt.datetime:
    if not isinstance(value, str):
        raise ValueError("a date and a time as text are needed, ISO 8601")  # noqa: TRY004 - pydantic's protocol
    moment = dt.datetime.fromisoformat(value)
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise ValueError("a date and a time with its distance from UTC are needed, ISO 8601")
    return moment


def _date(value: object) -> dt.date:
    if not isinstance(value, str):
        raise ValueError("a date as text is needed, such as 2026-12-31")  # noqa: TRY004 - pydantic's protocol
    return dt.date.fromisoformat(value)


def _area(value: str) -> str:
    if value not in AREAS:
        raise ValueError(f"allowed is {', '.join(AREAS)}")
    return value


def _shallow(value: Any) -> Any:
    if _deeper(value, DEEPEST):
        raise ValueError(f"lists and mappings are nested more than {DEEPEST} deep")
    return value


def _deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(one, levels - 1) for one in inner if isinstance(one, dict | list))


Count = Annotated[int, Field(ge=0)]
Duration = Annotated[float, Field(ge=0, le=_LONGEST)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Day = Annotated[dt.date, BeforeValidator(_date)]
Area = Annotated[str, AfterValidator(_area), WithJsonSchema({"enum": list(AREAS)})]
Shallow = BeforeValidator(_shallow)


class Closed(BaseModel):
    """A part of a report of which every field is declared."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, defer_build=True
    )


class Whole(Closed):
    """A part that this version writes with all of its fields."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Open(BaseModel):
    """A part that may hold more than is declared: whatever JSON can, not nested without end."""

    model_config = ConfigDict(strict=True, extra="allow", hide_input_in_errors=True, defer_build=True)
