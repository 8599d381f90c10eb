"""What a reader of the terminal must know: root causes first, what could not be looked at, what was let pass."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import (
    RootCause,
    SharedCause,
    common_words,
    root_causes,
    shared_causes,
    shared_words,
)
from cx_conformance.outcome.waivers import State
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.particulars import shared_particulars
from cx_conformance.reports.terminal.layout import STYLES, Page
from cx_conformance.reports.unchecked import Note, kept_with_a_note, unchecked

IN_FULL: Final = 60
"""Broken promises that are shown in full; beyond, one line a component, and the rest in ``report.json``."""
IN_SHORT: Final = 10
"""Lines of a list that is less urgent."""
_LONGEST: Final = 600
"""Characters of one text on the terminal."""
_COLUMN: Final = 10


def broken(page: Page, record: RunRecord) -> None:
    """Write the broken promises by component, worst first; one that blocks others says how many.

    What several components have in common, an expired certificate of all Ingresses, is written once.
    """
    found = [one for one in root_causes(record.outcomes) if one.outcome.result is Result.FAIL]
    groups: dict[tuple[str, ...], list[SharedCause]] = defaultdict(list)
    for cause in shared_causes(found):  # in the order of their weight, so the first of each group leads it
        groups[cause.components].append(cause)
    if not groups:
        return
    components = len({one.outcome.component for one in found})
    page.heading(f"BROKEN: {counted(len(found), 'promise')} of {counted(components, 'component')}", STYLES[Result.FAIL])
    left = IN_FULL
    for of, causes in groups.items():
        page.blank()
        page.paragraph((_some(of), "bold"))
        for cause in causes[:left]:
            _finding(page, cause)
        hidden = Counter(one.check for cause in causes[left:] for one in cause.outcomes)
        left = max(0, left - len(causes))
        if hidden:
            page.paragraph(f"{hidden.total()} more, in report.json: {', '.join(sorted(hidden))}", indent=2)


def _finding(page: Page, cause: SharedCause) -> None:
    outcome, number = cause.outcome, len(cause.causes)
    name = f"{outcome.check} {outcome.title} {f'[{outcome.entry}]' if number == 1 else f'({number} times)'}"
    sign = page.sign(outcome.result)
    page.line("  ", (sign, STYLES[outcome.result]), " ", (one_line(name, 200), "bold"), right=str(outcome.severity))
    page.paragraph(one_line(cause.words, _LONGEST), indent=4)
    for label, text in shared_particulars(cause.outcomes):
        # Checks write "found of promised"; what the sentence has already said is not said again.
        told = label in {"found", "promised", "object"} and text.casefold() in cause.words.casefold()
        if label != "remedy" and not told:
            page.paragraph(one_line(text, _LONGEST), indent=4, label=label, column=max(_COLUMN, len(label) + 2))
    _blocks(page, cause.blocked)
    if outcome.remedy:
        page.paragraph(one_line(outcome.remedy, _LONGEST), indent=4, label="remedy", column=_COLUMN)


def _blocks(page: Page, blocked: Sequence[Outcome]) -> None:
    if blocked:
        components = {one.component for one in blocked}
        of = f" of {counted(len(components), 'component')}" if len(components) > 1 else ""
        page.paragraph(f"{counted(len(blocked), 'outcome')}{of}", indent=4, label="blocks", column=_COLUMN)


def not_looked_at(page: Page, record: RunRecord) -> None:
    """Write what could not be looked at, once for each reason."""
    reasons: dict[str, list[RootCause]] = defaultdict(list)
    for cause in root_causes(record.outcomes):
        if cause.outcome.result is Result.ERROR:
            reasons[shared_words(cause.outcome)].append(cause)
    if not reasons:
        return
    number = sum(map(len, reasons.values()))
    page.heading(f"COULD NOT LOOK: {counted(number, 'outcome')}", STYLES[Result.ERROR])
    for causes in reasons.values():
        reason = common_words([cause.outcome for cause in causes])
        page.paragraph(one_line(reason, _LONGEST), indent=2, label=page.sign(Result.ERROR), column=2)
        checks: dict[str, list[str]] = defaultdict(list)
        for cause in causes:
            outcome = cause.outcome
            checks[f"{outcome.check} {outcome.title}"].append(outcome.component)
        for check, components in checks.items():
            page.paragraph(f"{check}: {_some(components)}", indent=4)
        _blocks(page, [one for cause in causes for one in cause.blocked])
        for remedy in sorted({cause.outcome.remedy for cause in causes if cause.outcome.remedy}):
            page.paragraph(one_line(remedy, _LONGEST), indent=4, label="remedy", column=_COLUMN)


def let_pass(page: Page, record: RunRecord) -> None:
    """Write what is waived, the waivers that somebody should look at, and notes on kept promises."""
    waived = [one for one in record.outcomes if one.result is Result.WAIVED]
    if waived:
        page.heading(f"WAIVED: {counted(len(waived), 'promise')}", STYLES[Result.WAIVED])
        lines = [f"{_where(one)}: {one.message.removeprefix('waived: ')}" for one in waived]
        _list(page, lines, page.sign(Result.WAIVED), len(lines))
    stale = [one for one in record.waivers if one.state not in (State.IN_USE, State.NOT_LOOKED_AT)]
    unknown = [one for one in record.waivers if one.state == State.NOT_LOOKED_AT]
    for heading, waivers in (("WAIVERS TO LOOK AT", stale), ("WAIVERS OF WHAT WAS NOT LOOKED AT", unknown)):
        if waivers:
            page.heading(f"{heading}: {len(waivers)}", STYLES[Result.WAIVED])
        for one in waivers:
            where = " ".join(part for part in (one.check, one.component, one.entry and f"[{one.entry}]") if part)
            page.paragraph(f"{where}: {one.state}; until {one.expires}, {one.owner}: {one.reason}", indent=2)
    noted = kept_with_a_note(record.outcomes)
    if noted:
        page.heading(f"KEPT, WITH A NOTE: {sum(len(one.outcomes) for one in noted)}")
        _list(page, list(map(_noted, noted)), page.sign(Result.PASS), IN_SHORT)


def not_checked(page: Page, record: RunRecord) -> None:
    """Write what no verdict is about: not applicable, blocked, left out, cut off."""
    lines = [(one.count, one.reason) for one in unchecked(record, IN_SHORT)]
    if lines or record.interrupted or record.crash:
        page.heading("NOT CHECKED")
    column = max((len(f"{number:,}") for number, _ in lines), default=0)
    for number, why in lines:
        page.paragraph(why, indent=2, label=f"{number:,}".rjust(column), column=column + 2)
    if record.interrupted:
        page.paragraph("The run was interrupted: what comes after it was not looked at.", indent=2)
    if record.crash:
        page.paragraph(f"The suite itself broke: {one_line(record.crash, _LONGEST)}", indent=2)


def _list(page: Page, lines: Sequence[str], sign: str, most: int) -> None:
    for line in lines[:most]:
        page.paragraph(one_line(line, _LONGEST), indent=2, label=sign, column=2)
    if len(lines) > most:
        page.line(f"    {len(lines) - most:,} more, in report.json")


def _noted(note: Note) -> str:
    first = note.outcomes[0]
    if len(note.outcomes) == 1:
        return f"{_where(first)}: {note.text}"
    about = _some(one.component for one in note.outcomes)
    return f"{first.check} {first.title}, {len(note.outcomes):,} times ({about}): {note.text}"


def _where(outcome: Outcome) -> str:
    return f"{outcome.check} {outcome.component} [{outcome.entry}]"


def _some(components: Iterable[str]) -> str:
    names = list(dict.fromkeys(components))
    more = f" and {len(names) - IN_SHORT:,} more" if len(names) > IN_SHORT else ""
    return ", ".join(names[:IN_SHORT]) + more


def counted(number: int, what: str) -> str:
    """Return ``3 outcomes``, ``1 outcome``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
