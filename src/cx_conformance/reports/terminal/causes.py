"""What is at fault, each cause once: in four lines, or with everything that is known of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import SharedCause, causes_of
from cx_conformance.reports.counting import counted, of_causes, some
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.particulars import shared_particulars
from cx_conformance.reports.terminal.layout import STYLES, Page

IN_FULL: Final = 60
"""Causes that are told with all details; beyond, their number, and the rest in ``report.json``."""
IN_BRIEF: Final = 10
"""Causes that are told in a few lines, so that all of them are on one screen."""
_LINES: Final = 4
"""Lines of a cause told in brief."""
_NARROW: Final = 60
_NARROW_LINES: Final = 8
"""The same where lines are short."""
_LONGEST: Final = 600
"""Characters of one text on the terminal."""
_COLUMN: Final = 10
_BRIEF_COLUMN: Final = 8


def broken(page: Page, record: RunRecord, *, details: bool) -> None:
    """Write what breaks promises, first what blocks most; ``details`` adds all that is known of it."""
    found = causes_of(record.outcomes)
    if found:
        page.heading(of_causes(record.outcomes, Result.FAIL), STYLES[Result.FAIL])
        _all(page, found, details=details)


def not_looked_at(page: Page, record: RunRecord, *, details: bool) -> None:
    """Write why promises could not be looked at, each reason once."""
    found = causes_of(record.outcomes, Result.ERROR)
    if found:
        number = counted(sum(one.result is Result.ERROR for one in record.outcomes), "promise")
        page.heading(f"COULD NOT LOOK: {number}, for {counted(len(found), 'reason')}", STYLES[Result.ERROR])
        _all(page, found, details=details)


def _all(page: Page, found: Sequence[SharedCause], *, details: bool) -> None:
    most = IN_FULL if details else IN_BRIEF
    for cause in found[:most]:
        if details:
            _in_full(page, cause)
        else:
            _in_brief(page, cause)
    hidden = Counter(cause.outcome.check for cause in found[most:])
    if hidden:
        where = "in report.json" if details else "with -v, or in report.json"
        page.paragraph(f"{hidden.total():,} more, {where}: {', '.join(sorted(hidden))}", indent=2)


def _in_brief(page: Page, cause: SharedCause) -> None:
    """Write what is wrong, where, what to do and what it blocks."""
    outcome = cause.outcome
    left = _LINES if page.width > _NARROW else _NARROW_LINES
    where, blocks = _where(cause), _blocked(cause.blocked) if cause.blocked else ""
    together = _in_one(cause, blocks, page.width - 2 - _BRIEF_COLUMN) if blocks else where
    rows = [("where", together or where)]
    rows += [("do", one_line(outcome.remedy, _LONGEST))] if outcome.remedy else []
    rows += [("blocks", blocks)] if blocks and not together else []
    left -= len(rows)
    left -= page.finding(
        (page.sign(outcome.result), STYLES[outcome.result]),
        one_line(cause.words, _LONGEST),
        str(cause.severity),
        most=max(1, left),
    )
    for label, text in rows:
        left -= page.paragraph(text, indent=2, label=label, column=_BRIEF_COLUMN, most=1 + max(0, left)) - 1


def _in_one(cause: SharedCause, blocks: str, room: int) -> str:
    """Return in one line where it is and what it blocks; empty: there is no room.

    Where one line more is wanted, for what is wrong or what to do, it is said in fewer words: not of how many
    components it blocks promises, then not which entry or components it breaks those of, then not the check's title.
    """
    said = [f"{_where(cause)}; blocks {blocks}"]
    if len(cause.words) + len(str(cause.severity)) > room or len(cause.outcome.remedy) > room:
        few = counted(len(cause.blocked), "promise")
        whole, bare = _where(cause), _where(cause, whose=False)
        untitled = bare.replace(f" {cause.outcome.title}", "", 1)
        said += [
            f"{where}; blocks {one}" for where, one in ((whole, few), (bare, blocks), (bare, few), (untitled, few))
        ]
    return next((one for one in said if len(one) <= room), "")


def _where(cause: SharedCause, *, whose: bool = True) -> str:
    """Return checks and components: ``CX301 ConfigMap exists: ccm [ef-ccm-cm]``; ``whose``: by entry, some by name."""
    outcome, outcomes = cause.outcome, cause.outcomes
    checks = dict.fromkeys(f"{one.check} {one.title}" for one in outcomes)
    said = next(iter(checks)) + (f" and {len(checks) - 1} more" if len(checks) > 1 else "")
    if len(outcomes) == 1:
        return one_line(f"{said}: {outcome.component}{f' [{outcome.entry}]' if whose else ''}", 200)
    names = f" ({some(cause.components)})" if whose else ""
    of = counted(len(cause.components), "component")
    return one_line(f"{said}: {len(outcomes):,} promises of {of}{names}", _LONGEST)


def _in_full(page: Page, cause: SharedCause) -> None:
    outcome = cause.outcome
    page.blank()
    page.finding(
        (page.sign(outcome.result), STYLES[outcome.result]),
        one_line(cause.words, _LONGEST),
        str(cause.severity),
    )
    checks: dict[str, list[Outcome]] = defaultdict(list)
    for one in cause.outcomes:
        checks[f"{one.check} {one.title}"].append(one)
    for check, ones in checks.items():
        _labelled(page, "where", f"{check}: {some(_named(ones))}")
    for label, text in shared_particulars(cause.outcomes):
        # Checks write "found of promised"; what the sentence has already said is not said again.
        told = label in {"found", "promised", "object"} and text.casefold() in cause.words.casefold()
        if label != "remedy" and not told:
            _labelled(page, label, text)
    if cause.blocked:
        _labelled(page, "blocks", _blocked(cause.blocked))
    for remedy in dict.fromkeys(one.remedy for one in cause.outcomes if one.remedy):
        _labelled(page, "do", remedy)


def _named(outcomes: Iterable[Outcome]) -> list[str]:
    return [one.component if one.component == one.entry else f"{one.component} [{one.entry}]" for one in outcomes]


def _labelled(page: Page, label: str, text: str) -> None:
    page.paragraph(one_line(text, _LONGEST), indent=2, label=label, column=max(_COLUMN, len(label) + 2))


def _blocked(blocked: Sequence[Outcome]) -> str:
    components = {one.component for one in blocked}
    of = f" of {counted(len(components), 'component')}" if len(components) > 1 else ""
    return f"{counted(len(blocked), 'promise')}{of}"
