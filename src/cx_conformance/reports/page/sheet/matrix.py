"""The matrix of components by areas."""

from collections import Counter, defaultdict

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.language import Texts
from cx_conformance.reports.page.picture.drawing import css_class
from cx_conformance.reports.page.sheet import anchors
from cx_conformance.reports.signs import SIGNS, WORST_FIRST


class Cell(Struct, frozen=True):
    """One component in one area."""

    css: str
    sign: str
    said: str
    """The counts in words."""
    href: str


class Row(Struct, frozen=True):
    """One component; None where an area has nothing to say about it."""

    component: str
    whole: Cell
    cells: tuple[Cell | None, ...]


class Matrix(Struct, frozen=True):
    """All of them."""

    areas: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix(record: RunRecord, texts: Texts) -> Matrix:
    """Return the worst outcome of every component in every area, in the page's order."""
    counts: dict[str, dict[str, Counter[Result]]] = defaultdict(lambda: defaultdict(Counter))
    for one in record.outcomes:
        counts[one.component][one.area][one.result] += 1
    areas = [area for area in AREAS if any(area in row for row in counts.values())]
    rows = [
        Row(
            component,
            _cell(sum(counts[component].values(), Counter()), anchors.of_component(component), texts),
            tuple(
                _cell(counts[component][area], anchors.of_component(component, area), texts)
                if area in counts[component]
                else None
                for area in areas
            ),
        )
        for component in in_order(record.components, record.outcomes)
        if component in counts
    ]
    return Matrix(tuple(areas), tuple(rows))


def most_urgent(record: RunRecord, most: int) -> RunRecord:
    """Return the record with at most so many components, those that are kept or not applicable left out first."""
    urgency = {result: place for place, result in enumerate(WORST_FIRST)}
    worst: dict[str, int] = {}
    for one in record.outcomes:
        worst[one.component] = min(urgency[one.result], worst.get(one.component, len(urgency)))
    if len(worst) <= most:
        return record
    left = set(sorted(worst, key=worst.__getitem__)[:most])
    return replace(record, outcomes=tuple(one for one in record.outcomes if one.component in left))


def in_order(components: tuple[str, ...], outcomes: tuple[Outcome, ...]) -> list[str]:
    """Return the platform, the components in the page's order, then any that the plan does not know."""
    known = dict.fromkeys((PLATFORM, *components))
    return [*known, *sorted({one.component for one in outcomes} - set(known))]


def _cell(counts: Counter[Result], href: str, texts: Texts) -> Cell:
    worst = next(result for result in WORST_FIRST if counts[result])
    number = counts[worst] if worst in {Result.FAIL, Result.ERROR} and counts[worst] > 1 else ""
    said = ", ".join(f"{texts(f'result.{result}')} {counts[result]}" for result in WORST_FIRST if counts[result])
    return Cell(css_class(worst), f"{SIGNS[worst][0]}{number}", said, href)
