"""The table of components by areas: one sign for the worst outcome of each."""

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Final

from cx_conformance.blueprint.plan import PLATFORM
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.signs import WORDS, WORST_FIRST
from cx_conformance.reports.terminal.layout import STYLES, Page, Part

_SHORT: Final = {
    "platform": "plat",
    "workloads": "work",
    "services": "serv",
    "storage": "stor",
    "ingress": "ingr",
    "gateway": "gate",
}
"""Names of areas where the full ones are too wide."""
MANY: Final = 40
"""Components beyond which those that keep every promise share a row."""
_NARROWEST: Final = 12
_MANY_ALIKE: Final = 4
_WELL: Final = (Result.PASS, Result.NOT_APPLICABLE)

Row = dict[str, Counter[Result]]


def component_table(page: Page, record: RunRecord, marked: Collection[str] = (), *, whole: bool = True) -> None:
    """Write the table and its legend; components of which nothing was looked at share a row.

    Behind the names of ``marked`` components stands a star. Those that keep every promise share a row where they are
    many, or where the table need not be ``whole``.
    """
    rows: dict[str, Row] = defaultdict(lambda: defaultdict(Counter))
    for one in record.outcomes:
        rows[one.component][one.area][one.result] += 1
    if not rows:
        return
    areas = [area for area in AREAS if any(area in row for row in rows.values())]
    order = (PLATFORM, *record.components, *sorted(set(rows) - {PLATFORM, *record.components}))
    alone = whole and len(rows) <= MANY
    gathered = _gathered(
        {component: rows[component] for component in order if component in rows}, kept_alone=alone, whole=whole
    )
    shown = {f"{component} *" if component in marked else component: row for component, row in gathered.items()}
    widest = max(*map(len, shown), len("COMPONENT"))
    heads, gap = _heads(areas, page.width - widest)
    column = max(_NARROWEST, min(widest, page.width - sum(len(head) + gap for head in heads)))
    page.blank()
    page.line(("COMPONENT".ljust(column), "bold"), *((" " * gap + head, "bold") for head in heads))
    for component, row in shown.items():
        name = component if len(component) <= column else component[: column - 3] + "..."
        cells: list[Part] = [name.ljust(column)]
        for area, head in zip(areas, heads, strict=True):
            sign, style = _cell(page, row[area]) if area in row else ("", "")
            cells.append((" " * gap + sign.ljust(len(head)), style))
        page.line(*_without_trailing_space(cells))
    words = WORDS | {Result.ERROR: "error (could not look)"}
    page.line(("  ".join(f"{page.sign(result)} {word}" for result, word in words.items()), "dim"))


def _gathered(rows: dict[str, Row], *, kept_alone: bool, whole: bool) -> dict[str, Row]:
    """Put components that need no row of their own together, at the end; with ``kept_alone`` those kept need one.

    Of a table that is not ``whole`` the largest group in which the same went wrong needs none either.
    """
    kept: dict[str, Row] = {}
    gathered: dict[str, list[Row]] = defaultdict(list)
    for component, row in rows.items():
        results = {result for area in row.values() for result in area}
        if results <= {Result.BLOCKED, Result.NOT_APPLICABLE} and Result.BLOCKED in results:
            gathered["all blocked"].append(row)
        elif results <= {Result.PASS, Result.NOT_APPLICABLE} and not kept_alone:
            gathered["all kept"].append(row)
        else:
            kept[component] = row
            continue
    if not whole:
        for component in _alike(kept):
            gathered["alike, see -v"].append(kept.pop(component))
    for what, alike in gathered.items():
        together: Row = defaultdict(Counter)
        for row in alike:
            for area, counts in row.items():
                together[area] += counts
        kept[f"{len(alike)} {what}"] = together
    return kept


def _alike(rows: dict[str, Row]) -> list[str]:
    """Return the components of the largest group in whose areas the same went wrong; none where it is small."""
    groups: dict[tuple[tuple[str, Result], ...], list[str]] = defaultdict(list)
    for component, row in rows.items():
        worst = ((area, next(result for result in WORST_FIRST if counts[result])) for area, counts in row.items())
        groups[tuple((area, one) for area, one in worst if one not in _WELL)].append(component)
    largest = max(groups.values(), key=len, default=[])
    return largest if len(largest) >= _MANY_ALIKE else []


def _heads(areas: list[str], room: int) -> tuple[list[str], int]:
    """Return the columns' heads and the gap before each, as wide as there is room for."""
    full, short = areas, [_SHORT.get(area, area) for area in areas]
    for heads, gap in ((full, 2), (short, 2), (full, 1)):
        if sum(len(head) + gap for head in heads) <= room:
            return heads, gap
    return short, 1


def _cell(page: Page, counts: Counter[Result]) -> tuple[str, str]:
    worst = next(result for result in WORST_FIRST if counts[result])
    number = counts[worst] if worst in {Result.FAIL, Result.ERROR} and counts[worst] > 1 else ""
    return f"{page.sign(worst)}{number}", STYLES[worst]


def _without_trailing_space(cells: list[Part]) -> list[Part]:
    while len(cells) > 1 and not cells[-1][0].strip():
        cells.pop()
    text, style = cells[-1] if isinstance(cells[-1], tuple) else (cells[-1], "")
    return [*cells[:-1], (text.rstrip(), style)]
