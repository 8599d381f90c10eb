"""What is different between two runs, as the terminal shows it and as JSON holds it."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from cx_conformance.outcome.comparison import Comparison, Key, Slower
from cx_conformance.outcome.nights import Night, failing_since, flapping
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.terminal.by_cause import show_outcomes
from cx_conformance.reports.terminal.layout import Page

_MOST_SLOWER: Final = 10
"""Probes that got slower and are told by name."""

GROUPS: Final = (
    ("broke", "BROKE", Result.FAIL),
    ("lost_sight", "COULD NO LONGER BE LOOKED AT", Result.ERROR),
    ("still", "STILL BROKEN", Result.FAIL),
    ("fixed", "FIXED", Result.PASS),
    ("seen_again", "SEEN AGAIN, AND KEPT", Result.PASS),
    ("let_pass", "WAIVED NOW", Result.WAIVED),
)
"""Fields of a comparison in the order in which they are told."""


def show_difference(page: Page, found: Comparison, new: RunRecord, nights: Sequence[Night] = ()) -> None:
    """Write what is different; with ``nights``, since when the rest is broken and what comes and goes."""
    cleaner = Cleaner(Scrubber())
    for note in found.notes:
        page.paragraph(cleaner.text(note), label="note", column=6)
    for field, heading, result in GROUPS:
        outcomes: tuple[Outcome, ...] = getattr(found, field)
        aside = partial(_since, nights) if field == "still" else None
        show_outcomes(page, cleaner, (heading, result), outcomes, aside)
    _slower(page, cleaner, found.slower)
    _promises(page, cleaner, "PROMISED ANEW", found.added)
    _promises(page, cleaner, "NO LONGER PROMISED", found.dropped)
    turning = flapping([*nights, night_of(new)]) if nights else {}
    if turning:
        page.heading(f"COMES AND GOES: {len(turning)}")
    for (check, component, entry), times in turning.items():
        page.line(f"  {check} {component} [{cleaner.text(entry, 200)}]: turned {times} times in the last nights")
    if not (found.changed or found.still or found.slower or found.added or found.dropped or turning):
        page.line("Nothing is different, and nothing is broken.")


def as_json(found: Comparison, new: RunRecord, nights: Sequence[Night] = ()) -> dict[str, Any]:
    """Return the same for machines: lists of check, component, entry."""
    cleaner = Cleaner(Scrubber())
    groups = (*(field for field, _, _ in GROUPS), "added", "dropped")
    shown: dict[str, Any] = {
        field: [_named(one.key) | {"message": cleaner.text(one.message)} for one in getattr(found, field)]
        for field in groups
    }
    for one in shown["still"]:
        since = failing_since(nights, (one["check"], one["component"], one["entry"]))
        one["since"] = since.isoformat() if since else None
    return shown | {
        "slower": [
            _named(one.outcome.key) | {"before_ms": one.before_ms, "now_ms": one.now_ms} for one in found.slower
        ],
        "flapping": [
            _named(key) | {"turns": times}
            for key, times in flapping([*nights, night_of(new)] if nights else []).items()
        ],
        "notes": list(found.notes),
    }


def night_of(record: RunRecord) -> Night:
    """Return a run as a history remembers it."""
    return Night(
        started=record.started,
        verdict=str(record.verdict),
        partial=record.partial,
        results={one.key: one.result for one in record.outcomes},
    )


def _named(key: Key) -> dict[str, Any]:
    return dict(zip(("check", "component", "entry"), key, strict=True))


def _since(nights: Sequence[Night], outcome: Outcome) -> str:
    since = failing_since(nights, outcome.key)
    return f"since {since:%Y-%m-%d}" if since else ""


def _slower(page: Page, cleaner: Cleaner, slower: Sequence[Slower]) -> None:
    """Write what got slower, by how much most of all first."""
    if slower:
        page.heading(f"SLOWER: {len(slower)}")
    for slow in sorted(slower, key=lambda one: one.before_ms - one.now_ms)[:_MOST_SLOWER]:
        one = cleaner.outcome(slow.outcome)
        page.line(
            f"  {page.sign(one.result)} {one.check} {one.title}: {one.component} [{one.entry}]",
            right=(f"{slow.before_ms:.0f} ms before, {slow.now_ms:.0f} ms now", "dim"),
        )
    more = len(slower) - _MOST_SLOWER
    if more > 0:
        page.paragraph(f"{more:,} more, with --json", indent=2)


def _promises(page: Page, cleaner: Cleaner, heading: str, outcomes: Iterable[Outcome]) -> None:
    every = [cleaner.outcome(one) for one in outcomes]
    if every:
        page.heading(f"{heading}: {len(every)}")
    for one in every:
        page.line(f"  {one.check} {one.title}: {one.component} [{one.entry}]")
