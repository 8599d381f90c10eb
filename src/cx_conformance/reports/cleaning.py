"""What every writer takes: a run's texts without secrets, legible and of bounded size, in one order."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.legible import LIMIT, cut, legible
from cx_conformance.reports.scrubber import Scrubber

DEEPEST: Final = 8
"""Levels of evidence that are kept."""
MOST: Final = 1_000
"""Items of one list or mapping of evidence that are kept."""
_BIGGEST: Final = 2**53
"""Beyond it JSON readers round whole numbers; JSON has no infinity and no NaN at all."""

R = TypeVar("R", bound=Struct)


class Cleaner:
    """Cleans texts, outcomes and runs by one scrubber."""

    def __init__(self, scrubber: Scrubber) -> None:
        """Take out what ``scrubber`` knows."""
        self._scrubber = scrubber
        self._again = lru_cache(maxsize=4096)(self._clean)
        self._named = lru_cache(maxsize=4096)(legible)

    def text(self, text: str, limit: int = LIMIT) -> str:
        """Return ``text`` without secrets, legible, at most ``limit`` characters long."""
        # Titles, components, remedies and most values come by thousands of times in one run.
        return self._again(text, limit) if len(text) <= 300 else self._clean(text, limit)

    def name(self, text: str, limit: int) -> str:
        """Return what the blueprint or the suite calls something, legible: never a secret, though one may be equal."""
        return self._named(text, limit)

    def _clean(self, text: str, limit: int) -> str:
        if len(text) <= limit:
            return legible(self._scrubber.scrub(text), limit)
        # A secret that straddles the cut is seen whole in the window; what may be half of one at its end goes.
        beyond = self._scrubber.longest
        seen = self._scrubber.scrub(text[: limit + beyond])
        kept = seen[: max(0, min(limit, len(seen) - beyond))]
        return cut(legible(kept, len(text) * 10), limit, was=len(text))

    def value(self, value: Any, depth: int = 0) -> Any:
        """Return ``value`` as JSON can hold it, each text of it clean."""
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            if depth >= DEEPEST:
                return "..."
            return self._mapping(value, depth) if isinstance(value, Mapping) else self._list(value, depth)
        if value is None or isinstance(value, Enum | bool):
            return value
        if isinstance(value, int | float):
            return value if -_BIGGEST <= value <= _BIGGEST else str(value)
        return self.text(value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value))

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        items = list(value.items())
        kept = {self.text(str(key), 200): self.value(one, depth + 1) for key, one in items[:MOST]}
        return kept | ({"...": f"{len(items) - MOST:,} more"} if len(items) > MOST else {})

    def _list(self, value: list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any], depth: int) -> list[Any]:
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        kept = [self.value(one, depth + 1) for one in items[:MOST]]
        return [*kept, f"... {len(items) - MOST:,} more"] if len(items) > MOST else kept

    def outcome(self, outcome: Outcome) -> Outcome:
        """Return the outcome with every text clean."""
        return Outcome(
            check=self.name(outcome.check, 40),
            title=self.name(outcome.title, 200),
            area=self.name(outcome.area, 40),
            component=self.name(outcome.component, 200),
            entry=self.name(outcome.entry, 400),
            severity=outcome.severity,
            result=outcome.result,
            message=self.text(outcome.message),
            remedy=self.text(outcome.remedy),
            root=self.name(outcome.root, 400) if outcome.root else None,
            root_entry=self.name(outcome.root_entry, 400) if outcome.root_entry else None,
            evidence=self.value(outcome.evidence),
            vantage=self.text(outcome.vantage, 200),
            tries=outcome.tries,
            duration_ms=outcome.duration_ms,
        )

    def run(self, record: RunRecord) -> RunRecord:
        """Return all of the run but its outcomes, every text clean; its verdict is that of ``record``."""
        return _each_text(structs.replace(record, outcomes=()), self.text, self.value)

    def outcomes(self, record: RunRecord) -> Iterator[Outcome]:
        """Yield the run's outcomes, clean, in the order of ``ordered``."""
        return map(self.outcome, ordered(record))


def ordered(record: RunRecord) -> list[Outcome]:
    """Return the outcomes by area, component, check and entry: the same from night to night.

    The platform comes first, then the components in the page's order.
    """
    areas = {area: place for place, area in enumerate(AREAS)}
    components = {component: place for place, component in enumerate((PLATFORM, *record.components))}

    def place(outcome: Outcome) -> tuple[int, str, int, str, str, str]:
        return (
            areas.get(outcome.area, len(areas)),
            outcome.area,
            components.get(outcome.component, len(components)),
            outcome.component,
            outcome.check,
            outcome.entry,
        )

    return sorted(record.outcomes, key=place)


def _each_text(record: R, text: Callable[[str], str], value: Callable[[Any], Any]) -> R:
    """Return a copy of a record, of those inside it too, with each text passed through."""

    def passed(field: Any) -> Any:
        if isinstance(field, str) and not isinstance(field, Enum):
            return text(field)
        if isinstance(field, tuple):
            return tuple(passed(one) for one in field)
        if isinstance(field, Struct):
            return _each_text(field, text, value)
        if isinstance(field, Mapping):
            return {text(str(key)): passed(one) if isinstance(one, tuple) else value(one) for key, one in field.items()}
        return field

    return structs.replace(record, **{name: passed(one) for name, one in structs.asdict(record).items()})
