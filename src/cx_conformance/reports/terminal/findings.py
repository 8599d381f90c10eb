"""What a reader of the terminal should know beside what is at fault: what was let pass, and what was not checked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.waivers import State
from cx_conformance.reports.counting import counted, some
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.terminal.layout import STYLES, Page
from cx_conformance.reports.unchecked import Note, kept_with_a_note, unchecked

IN_SHORT: Final = 10
"""Lines of a list that is less urgent."""
_BRIEFLY: Final = 3
"""Names of components that leave room for what is said of them."""
_LONGEST: Final = 600
"""Characters of one text on the terminal."""


def let_pass(page: Page, record: RunRecord, *, details: bool) -> None:
    """Write notes on kept promises, by check, or each with ``details``; what is waived, and waivers to look at."""
    _notes(page, record, details=details)
    waived = [one for one in record.outcomes if one.result is Result.WAIVED]
    if waived:
        page.heading(f"WAIVED: {counted(len(waived), 'promise')}", STYLES[Result.WAIVED])
        lines = [f"{one.where}: {one.message.removeprefix('waived: ')}" for one in waived]
        _list(page, lines, page.sign(Result.WAIVED), len(lines))
    stale = [one for one in record.waivers if one.state not in (State.IN_USE, State.NOT_LOOKED_AT)]
    unknown = [one for one in record.waivers if one.state == State.NOT_LOOKED_AT]
    for heading, waivers in (("WAIVERS TO LOOK AT", stale), ("WAIVERS OF WHAT WAS NOT LOOKED AT", unknown)):
        if waivers:
            page.heading(f"{heading}: {len(waivers)}", STYLES[Result.WAIVED])
        for one in waivers:
            where = " ".join(part for part in (one.check, one.component, one.entry and f"[{one.entry}]") if part)
            page.paragraph(f"{where}: {one.state}; until {one.expires}, {one.owner}: {one.reason}", indent=2)


def _notes(page: Page, record: RunRecord, *, details: bool) -> None:
    noted = kept_with_a_note(record.outcomes)
    if not noted:
        return
    page.heading(f"KEPT, WITH A NOTE: {sum(len(one.outcomes) for one in noted):,}")
    if details:
        _list(page, list(map(_noted, noted)), page.sign(Result.PASS), len(noted))
        return
    kinds: dict[str, list[Note]] = defaultdict(list)
    for one in noted:
        kinds[one.outcomes[0].check].append(one)
    _list(page, [_kind(notes) for notes in kinds.values()], page.sign(Result.PASS), IN_SHORT, most=2)


def _kind(notes: Sequence[Note]) -> str:
    """Tell the notes of one check by the first of them."""
    if len(notes) == 1:
        return _noted(notes[0])
    about = [outcome for one in notes for outcome in one.outcomes]
    first = about[0]
    return (
        f"{first.check} {first.title}, {len(about):,} times ({some((one.component for one in about), _BRIEFLY)}), "
        f"the first: {notes[0].text}"
    )


def not_checked(page: Page, record: RunRecord, *, details: bool) -> None:
    """Write what no verdict is about: how much of the platform was not seen, why, and what would show most more."""
    told = unchecked(record, len(record.outcomes) if details else IN_SHORT)
    total = len(record.outcomes) + record.deselected
    unseen, nothing = [one for one in told if one.is_unseen], [one for one in told if not one.is_unseen]
    if told or record.interrupted or record.crash:
        share = f": {_percent(sum(one.count for one in unseen), total)} of {counted(total, 'promise')} not seen"
        page.heading(f"NOT CHECKED{share if unseen else ''}")
    column = max((len(f"{one.count:,}") for one in told), default=0)
    for one in unseen:
        label = f"{one.count:,}".rjust(column) + f"  {_percent(one.count, total).rjust(5)}"
        page.paragraph(one.reason, indent=2, label=label, column=column + 9)
    if details:
        for one in nothing:
            page.paragraph(one.reason, indent=2, label=f"{one.count:,}".rjust(column), column=column + 9)
    elif nothing:
        number = f"{sum(one.count for one in nothing):,}".rjust(column)
        page.paragraph("n/a: nothing is there to look at (-v says why)", indent=2, label=number, column=column + 9)
    more: dict[str, int] = defaultdict(int)
    for one in unseen:
        more[one.option] += one.count
    more.pop("", None)
    if more:
        option = max(more, key=lambda name: more[name])
        page.paragraph(f"To see more, {option}: {counted(more[option], 'promise')}.", indent=2)
    if record.interrupted:
        page.paragraph("The run was interrupted: what comes after it was not looked at.", indent=2)
    if record.crash:
        page.paragraph(f"The suite itself broke: {one_line(record.crash, _LONGEST)}", indent=2)


def _percent(number: int, total: int) -> str:
    """Return ``4.9 %``; what is there is never told as nothing, nor nearly all as all."""
    share = 100 * number / total if total else 0
    return f"{max(share, 0.1):.1f} %" if share < 10 else f"{int(share)} %"


def _list(page: Page, lines: Sequence[str], sign: str, number: int, most: int = 0) -> None:
    """Write the first ``number`` of ``lines``, each wrapped to ``most`` at most."""
    for line in lines[:number]:
        page.paragraph(one_line(line, _LONGEST), indent=2, label=sign, column=2, most=most)
    if len(lines) > number:
        page.line(f"    {len(lines) - number:,} more, with -v, or in report.json")


def _noted(note: Note) -> str:
    first = note.outcomes[0]
    if len(note.outcomes) == 1:
        return f"{first.where}: {note.text}"
    about = some(one.component for one in note.outcomes)
    return f"{first.check} {first.title}, {len(note.outcomes):,} times ({about}): {note.text}"
