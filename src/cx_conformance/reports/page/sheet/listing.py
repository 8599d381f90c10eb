"""Every outcome, by component, area and entry: in full as far as the page stays quick, the others by check."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.legible import cut
from cx_conformance.reports.page.sheet import anchors
from cx_conformance.reports.page.sheet.matrix import in_order
from cx_conformance.reports.particulars import notes, particulars
from cx_conformance.reports.signs import WORST_FIRST

ROOM: Final = 400_000
"""Characters up to which all outcomes are told in full: about 1,700 of them, in a page of half a megabyte."""
CROWDED: Final = 190_000
"""Characters for those in full where not all of them have room, so that the others' names fit in that page too."""
_FRAME: Final = 90
"""Characters of HTML around the texts of one outcome."""
_LABELLED: Final = 8
"""Characters of HTML around a label and its text."""
AS_PROMISED: Final = "found, as promised"
"""The label of a kept promise that found the very words that were promised."""
_OF_THE_OUTCOME: Final = frozenset({"found", AS_PROMISED, "promised", "note", "remedy"})
"""Labels that are said of one outcome, never of all that stand under an entry."""
_QUIET: Final = frozenset({Result.PASS, Result.NOT_APPLICABLE, Result.BLOCKED})
"""What else ends tells its evidence whole: it is read alone, and goes into tickets."""
_NOTES: Final = 4
"""Notes of a kept promise that are told with its evidence."""
_LONGEST: Final = 8_000
_SHORT: Final = 600
"""Characters of one text where many are long."""


class Listed(Struct, frozen=True):
    """One outcome in full."""

    outcome: Outcome
    anchor: str
    message: str
    particulars: tuple[tuple[str, str], ...]

    @property
    def length(self) -> int:
        """Return about how many characters it takes on the page."""
        told = sum(len(label) + len(text) + _LABELLED for label, text in self.particulars)
        return _FRAME + len(self.outcome.title) + len(self.message) + told


class EntryOutcomes(Struct, frozen=True):
    """What is said of one entry: each outcome, and once what they have in common."""

    entry: str
    particulars: tuple[tuple[str, str], ...]
    full: tuple[Listed, ...]


class InShort(Struct, frozen=True):
    """Outcomes of one kind, named by check."""

    result: Result
    count: int
    checks: tuple[tuple[str, tuple[str, ...]], ...]
    """Each check with how often, and the anchors of its outcomes: a link to any of them leads here."""


class AreaOutcomes(Struct, frozen=True):
    """What is said of one component in one area."""

    area: str
    anchor: str
    entries: tuple[EntryOutcomes, ...]
    short: tuple[InShort, ...]


class ComponentOutcomes(Struct, frozen=True):
    """What is said of one component."""

    component: str
    anchor: str
    areas: tuple[AreaOutcomes, ...]


class Listing(Struct, frozen=True):
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
                tuple(_entries([full[id(one)] for one in outcomes if id(one) in full])),
                tuple(_short([one for one in outcomes if id(one) not in full])),
            )


def _entries(listed: list[Listed]) -> Iterator[EntryOutcomes]:
    by_entry: dict[str, list[Listed]] = defaultdict(list)
    for one in listed:
        by_entry[one.outcome.entry].append(one)
    for entry, ones in by_entry.items():
        common = _in_common([one for one in ones if one.outcome.result in _QUIET])
        yield EntryOutcomes(
            entry,
            common,
            tuple(
                replace(one, particulars=tuple(line for line in one.particulars if line not in common))
                if one.outcome.result in _QUIET
                else one
                for one in ones
            ),
        )


def _in_common(listed: list[Listed]) -> tuple[tuple[str, str], ...]:
    """Return what several outcomes of an entry say: the object, the pod that looked; one that differs says its own."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for one in listed:
        for label, text in one.particulars:
            said[label][text] += 1
    most = ((label, *texts.most_common(1)[0]) for label, texts in said.items() if label not in _OF_THE_OUTCOME)
    return tuple((label, text) for label, text, times in most if times > 1)


def _short(outcomes: list[Outcome]) -> Iterator[InShort]:
    for result in WORST_FIRST:
        checks: dict[str, list[str]] = defaultdict(list)
        for one in outcomes:
            if one.result is result:
                checks[f"{one.check} {one.title}"].append(anchors.of_outcome(one))
        if checks:
            named = [
                (check + (f" ×{len(ones)}" if len(ones) > 1 else ""), tuple(ones))  # noqa: RUF001 - times
                for check, ones in checks.items()
            ]
            yield InShort(result, sum(map(len, checks.values())), tuple(named))


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
    if one.result is Result.PASS:
        told = _few_notes(list(_once(told)))
    return Listed(one, anchors.of_outcome(one), _cut(one.message, limit), tuple(told))


def _once(told: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield what is said of a kept promise; what was found is not repeated as what was promised, or as the object."""
    found = next((text for label, text in told if label == "found"), None)
    as_promised = ("promised", found) in told
    for label, text in told:
        if label == "found" and as_promised:
            yield AS_PROMISED, text
        elif label not in {"promised", "object"} or text != found:
            yield label, text


def _few_notes(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what is said with the first notes only: all of them stand under Deviations, and a row fits on a sheet."""
    noted = [line for line in told if line[0] == "note"]
    more = len(noted) - _NOTES
    if more <= 0:
        return told
    return [*(line for line in told if line not in noted[_NOTES:]), ("note", f"{more} more, under Deviations")]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else cut(text, limit, was=len(text))
