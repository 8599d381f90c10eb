"""The last nights of every component as a strip, from what ``--history`` remembers."""

import datetime as dt
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.language import Texts
from cx_conformance.reports.page.picture.drawing import css_class
from cx_conformance.reports.signs import SIGNS


class Night(Struct, frozen=True):
    """How a component ended in one night; ``sign`` is empty where it was not looked at."""

    css: str
    sign: str
    said: str


class Strip(Struct, frozen=True):
    """A component's nights, oldest first."""

    component: str
    nights: tuple[Night, ...]
    broken_since: dt.datetime | None
    turning: bool
    """Whether a promise of it comes and goes."""


class Nights(Struct, frozen=True):
    """The strips, and when the nights began."""

    started: tuple[dt.datetime, ...]
    strips: tuple[Strip, ...]


def nights(record: RunRecord, texts: Texts) -> Nights | None:
    """Return the strips, in the page's order; None where fewer than two nights are remembered.

    A report may be of any version of this suite: what is not as this one writes it is left out.
    """
    held = record.extra.get("history")
    if not isinstance(held, Mapping):
        return None
    started = tuple(_moments(one.get("started") for one in _records(held.get("nights"))))
    strips = held.get("strips")
    if len(started) < 2 or not isinstance(strips, Mapping):
        return None
    since = _since(_records(held.get("failing_since")))
    turning = {str(one.get("component")) for one in _records(held.get("flapping"))}
    order = [
        *(one for one in record.components if one in strips),
        *(one for one in strips if one not in record.components),
    ]
    return Nights(
        started,
        tuple(
            Strip(name, tuple(_row(strips[name], started, texts)), since.get(name), name in turning)
            for name in order
            if isinstance(strips[name], list) and len(strips[name]) == len(started)
        ),
    )


def _row(row: list[Any], started: Iterable[dt.datetime], texts: Texts) -> Iterable[Night]:
    for shown, moment in zip(row, started, strict=True):
        result = Result(shown) if shown in list(Result) else None
        said = texts(f"result.{result}") if result else texts("nights.unseen")
        yield Night(css_class(result), SIGNS[result][0] if result else "", f"{moment:%Y-%m-%d %H:%M}: {said}")


def _since(broken: Iterable[Mapping[str, Any]]) -> Mapping[str, dt.datetime]:
    """Return since when the longest broken promise of each component is broken."""
    found: dict[str, dt.datetime] = {}
    for one in broken:
        for moment in _moments([one.get("since")]):
            name = str(one.get("component"))
            found[name] = min(moment, found.get(name, moment))
    return found


def _records(value: Any) -> Iterable[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _moments(texts: Iterable[Any]) -> Iterable[dt.datetime]:
    for text in texts:
        with suppress(ValueError):
            moment = dt.datetime.fromisoformat(str(text))
            if moment.tzinfo:
                yield moment
