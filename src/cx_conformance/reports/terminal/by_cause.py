"""Outcomes of one kind under a heading: what is broken by one thing is told once, with how much of it there is."""

from collections.abc import Callable, Sequence

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import RootCause, SharedCause, shared_causes
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.counting import counted, some
from cx_conformance.reports.terminal.layout import STYLES, Page

_UNWELL = (Result.FAIL, Result.ERROR)


def show_outcomes(
    page: Page,
    cleaner: Cleaner,
    heading: tuple[str, Result],
    outcomes: Sequence[Outcome],
    aside: Callable[[Outcome], str] | None = None,
) -> None:
    """Write ``outcomes`` below ``heading`` in the colours of a result, nothing where there are none.

    ``aside`` stands at the right of each.
    """
    if not outcomes:
        return
    groups = _groups(outcomes)
    by = f", by {counted(len(groups), 'cause')}" if len(groups) < len(outcomes) else ""
    page.heading(f"{heading[0]}: {len(outcomes)}{by}", STYLES[heading[1]])
    for group in groups:
        _show(page, cleaner, group, aside(group.outcome) if aside else "")


def _groups(outcomes: Sequence[Outcome]) -> list[SharedCause]:
    """Return what has one cause together, in the order of the first of each; of what is well each is alone."""
    alone = [SharedCause((RootCause(one, ()),)) for one in outcomes if one.result not in _UNWELL]
    together = shared_causes(RootCause(one, ()) for one in outcomes if one.result in _UNWELL)
    places = {id(one): place for place, one in enumerate(outcomes)}
    return sorted([*alone, *together], key=lambda group: places[id(group.outcome)])


def _show(page: Page, cleaner: Cleaner, group: SharedCause, aside: str) -> None:
    first, number = cleaner.outcome(group.outcome), len(group.outcomes)
    where = f"{first.component} [{first.entry}]"
    if number > 1:
        names = (cleaner.outcome(one).component for one in group.outcomes)
        where = f"{number:,} promises of {counted(len(group.components), 'component')} ({some(names, 3)})"
    line, sign = f"{first.check} {first.title}: {where}", page.sign(first.result)
    if aside:
        page.line(f"  {sign} {line}", right=(aside, "dim"))
    else:
        page.paragraph(line, indent=2, label=sign, column=2)
    words = cleaner.text(group.words)
    if words and first.result in _UNWELL:
        page.paragraph(words, indent=4)
