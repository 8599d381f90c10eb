"""What no verdict is about, and why: in every report the same reasons and the same counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.roots import root_causes
from cx_conformance.outcome.waivers import STATIC
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.particulars import notes


class Unchecked(Struct, frozen=True):
    """So many promises that were not looked at for one reason."""

    count: int
    reason: str
    is_unseen: bool = True
    """Whether there was something to look at."""
    option: str = ""
    """What to do with the command so that they are looked at; empty: no option helps."""


_OPTIONS: Final = {f"n/a: {STATIC}": "leave out --static", "; give --fqdn ": "give --fqdn"}
"""Parts of reasons why something is not applicable in this run only, each with what would change that."""
_OF_SNAPSHOTS: Final = {f"n/a: {STATIC}": "look at the cluster itself"}
"""The same of a saved snapshot, which is looked at statically whatever is said."""


def unchecked(record: RunRecord, most: int) -> list[Unchecked]:
    """Return what is not applicable, blocked or left out: at most ``most`` reasons for not applicable, then a sum."""
    counts = Counter(one.message for one in record.outcomes if one.result is Result.NOT_APPLICABLE)
    options = _OPTIONS | (_OF_SNAPSHOTS if record.cluster and record.cluster.vantage == "snapshot" else {})
    lines = [
        _not_applicable(number, reason, options) for reason, number in sorted(counts.items(), key=lambda x: (-x[1], x))
    ]
    lines = [*(one for one in lines if one.is_unseen), *(one for one in lines if not one.is_unseen)]
    if len(lines) > most:
        rest = sum(one.count for one in lines[most:])
        lines = [*lines[:most], Unchecked(rest, "n/a for other reasons, in report.json", is_unseen=False)]
    ended = Counter(one.result for one in record.outcomes)
    if errors := ended[Result.ERROR]:
        lines.append(Unchecked(errors, "could not be looked at, for the reasons told"))
    blocked = ended[Result.BLOCKED]
    told = sum(len(cause.blocked) for cause in root_causes(record.outcomes))
    if told:
        lines.append(Unchecked(told, "blocked by what is broken, or could not be looked at"))
    if blocked > told:
        lines.append(Unchecked(blocked - told, "blocked by what is waived, or was not part of this run"))
    if record.deselected:
        selection = one_line(record.selection, 200) or "the selection"
        option = f"leave out {selection}" if record.selection else ""
        lines.append(Unchecked(record.deselected, f"left out by {selection}", option=option))
    nowhere = record.extra.get("calls_leading_nowhere", ())
    if nowhere:
        told_of = one_line("; ".join(nowhere), 200)
        lines.append(Unchecked(len(nowhere), f"in the blueprint, but no call to look at: {told_of}"))
    return lines


def _not_applicable(number: int, reason: str, options: Mapping[str, str]) -> Unchecked:
    option = next((what for part, what in options.items() if part in reason), "")
    return Unchecked(number, one_line(reason, 200), is_unseen=bool(option), option=option)


class Note(Struct, frozen=True):
    """One remark on kept promises of one check, and the promises that it is about."""

    text: str
    outcomes: tuple[Outcome, ...]


def kept_with_a_note(outcomes: Iterable[Outcome]) -> list[Note]:
    """Return each remark on kept promises once, in the order in which they come."""
    found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.result is Result.PASS:
            for text in notes(one):
                found[one.check, text].append(one)
    return [Note(text, tuple(about)) for (_, text), about in found.items()]
