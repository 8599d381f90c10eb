"""What a row of nights says of a promise: since when it is broken, whether it comes and goes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from cx_conformance.outcome.comparison import Key
from cx_conformance.outcome.outcome import Result

STRIP: Final = 30
"""Nights that a strip shows."""
TURNS: Final = 3
"""A promise that turned between kept and broken so often within a strip is flapping."""

_WORST_FIRST: Final = (Result.FAIL, Result.ERROR, Result.WAIVED, Result.BLOCKED, Result.PASS, Result.NOT_APPLICABLE)
_DECIDED: Final = (Result.PASS, Result.FAIL)


class Night(Struct, frozen=True, kw_only=True):
    """One remembered run."""

    started: dt.datetime
    verdict: str
    partial: bool
    results: Mapping[Key, Result]


def failing_since(nights: Sequence[Night], key: Key) -> dt.datetime | None:
    """Return when the promise was first seen broken without having been seen kept since; None: it is not broken.

    ``nights`` are in order of time. A night in which it could not be looked at ends nothing.
    """
    since = None
    for night in reversed(nights):
        result = night.results.get(key)
        if result is Result.FAIL:
            since = night.started
        elif result in (Result.PASS, Result.WAIVED):
            break
    return since


def flapping(nights: Sequence[Night]) -> Mapping[Key, int]:
    """Return the promises that come and go within the last nights, with how often they turned."""
    turns: dict[Key, int] = {}
    last: dict[Key, Result] = {}
    for night in nights[-STRIP:]:
        for key, result in night.results.items():
            if result in _DECIDED:
                turns[key] = turns.get(key, 0) + (last.get(key, result) is not result)
                last[key] = result
    return {key: times for key, times in turns.items() if times >= TURNS}


def strips(nights: Sequence[Night]) -> Mapping[str, tuple[Result | None, ...]]:
    """Return for each component the worst result of each of the last nights, oldest first; None: not looked at."""
    shown = nights[-STRIP:]
    rows: dict[str, list[Result | None]] = {}
    for place, night in enumerate(shown):
        for (_, component, _), result in night.results.items():
            row = rows.setdefault(component, [None] * len(shown))
            worst = row[place]
            if worst is None or _WORST_FIRST.index(result) < _WORST_FIRST.index(worst):
                row[place] = result
    return {component: tuple(row) for component, row in rows.items()}
