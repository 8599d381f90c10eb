"""Every outcome, by component and area: in full as far as the page stays quick, the others by check."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.legible import cut
from cx_conformance.reports.page.sheet import anchors
from cx_conformance.reports.page.sheet.matrix import in_order
from cx_conformance.reports.particulars import notes, particulars
from cx_conformance.reports.signs import WORST_FIRST

ROOM: Final = 1_600_000
"""Characters up to which all outcomes are told in full: about 2,500 of them, in a page that opens in a second."""
CROWDED: Final = 500_000
"""Characters for those in full where not all of them have room: the page is long enough without them."""
_FRAME: Final = 350
"""Characters of HTML around the texts of one outcome."""
_LONGEST: Final = 8_000
_SHORT: Final = 600
"""Characters of one text where many are long."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One outcome in full."""

    outcome: Outcome
    anchor: str
    message: str
    particulars: tuple[tuple[str, str], ...]

    @property
    def length(self) -> int:
        """Return about how many characters it takes on the page."""
        return _FRAME + len(self.message) + sum(len(label) + len(text) + 30 for label, text in self.particulars)


@dataclass(frozen=True, slots=True)
class InShort:
    """Outcomes of one kind, named by check."""

    result: Result
    count: int
    checks: str


@dataclass(frozen=True, slots=True)
class AreaOutcomes:
    """What is said of one component in one area."""

    area: str
    anchor: str
    full: tuple[Listed, ...]
    short: tuple[InShort, ...]


@dataclass(frozen=True, slots=True)
class ComponentOutcomes:
    """What is said of one component."""

    component: str
    anchor: str
    areas: tuple[AreaOutcomes, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """All of them."""

    components: tuple[ComponentOutcomes, ...]
    short: int
    """Outcomes that are named by check only."""


def listing(record: RunRecord, *, in_full: Container[Result] = frozenset(Result)) -> Listing:
    """Return every outcome of the record once, in the page's order.

    Those that end in one of ``in_full``, and those with a note, are told in full as far as there is room; what is not
    kept has the first claim on it.
    """
    full = {id(one.outcome): one for one in _within(record.outcomes, in_full)}
    by_component: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for one in record.outcomes:
        by_component[one.component][one.area].append(one)
    components = [
        ComponentOutcomes(component, anchors.of_component(component), tuple(_areas(by_component[component], full)))
        for component in in_order(record.components, record.outcomes)
        if component in by_component
    ]
    return Listing(tuple(components), len(record.outcomes) - len(full))


def _areas(areas: dict[str, list[Outcome]], full: dict[int, Listed]) -> Iterator[AreaOutcomes]:
    for area in AREAS:
        if outcomes := areas.get(area):
            yield AreaOutcomes(
                area,
                anchors.of_component(outcomes[0].component, area),
                tuple(full[id(one)] for one in outcomes if id(one) in full),
                tuple(_short([one for one in outcomes if id(one) not in full])),
            )


def _short(outcomes: list[Outcome]) -> Iterator[InShort]:
    for result in WORST_FIRST:
        checks = Counter(f"{one.check} {one.title}" for one in outcomes if one.result is result)
        if checks:
            named = ", ".join(check + (f" ×{number}" if number > 1 else "") for check, number in checks.items())  # noqa: RUF001 - times
            yield InShort(result, checks.total(), named)


def _within(outcomes: Iterable[Outcome], in_full: Container[Result]) -> Iterator[Listed]:
    """Yield those that there is room for."""
    places = {result: place for place, result in enumerate(WORST_FIRST)}

    def place(one: Outcome) -> int:
        noted = one.result is Result.PASS and bool(notes(one))
        return places[Result.WAIVED] if noted else places[one.result]

    order = sorted((one for one in outcomes if one.result in in_full or notes(one)), key=place)
    total = sum(len(one.message) for one in order)
    limit = _LONGEST if total < ROOM // 4 else _SHORT
    every = [_listed(one, limit) for one in order]
    left = ROOM if sum(one.length for one in every) <= ROOM else CROWDED
    for shown in every:
        left -= shown.length
        if left < 0:
            return
        yield shown


def _listed(one: Outcome, limit: int) -> Listed:
    told = [(label, _cut(text, limit)) for label, text in particulars(one) if label not in {"vantage", "tries"}]
    return Listed(one, anchors.of_outcome(one), _cut(one.message, limit), tuple(told))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else cut(text, limit, was=len(text))
