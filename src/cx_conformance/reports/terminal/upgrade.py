"""What an upgrade has done, as the terminal shows it and as JSON holds it."""

from collections.abc import Iterable
from typing import Any, Final

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.upgrade import Change, Upgrade
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.terminal.by_cause import show_outcomes
from cx_conformance.reports.terminal.layout import STYLES, Page

OUTCOMES: Final = (
    ("was_well", "WELL BEFORE, BROKEN NOW", Result.FAIL),
    ("new_broken", "PROMISED BY THE NEW RELEASE, AND BROKEN", Result.FAIL),
    ("unseen", "COULD NOT LOOK", Result.ERROR),
    ("still", "BROKEN BEFORE AND NOW", Result.FAIL),
    ("healed", "BROKEN BEFORE, KEPT NOW", Result.PASS),
)
"""Fields of an upgrade that hold outcomes, in the order in which they are told."""
CHANGES: Final = (
    ("helm", "HELM"),
    ("claims", "CLAIMS"),
    ("secrets", "SECRETS"),
    ("waivers", "WAIVERS"),
    ("images", "IMAGES"),
)
"""Fields that hold what is another now."""


def show_upgrade(page: Page, found: Upgrade) -> None:
    """Write what an upgrade has done; the verdict last."""
    cleaner = Cleaner(Scrubber())
    page.line(f"Upgrade from {cleaner.text(found.before, 60)} to {cleaner.text(found.now, 60)}")
    for doubt in found.doubts:
        page.paragraph(cleaner.text(doubt), label="note", column=6)
    for heading, names in (("GONE WITH THE OLD RELEASE", found.gone), ("NEW COMPONENTS", found.added)):
        if names:
            page.heading(f"{heading}: {len(names)}")
            page.paragraph(", ".join(cleaner.text(name, 80) for name in names), indent=2)
    for field, title in CHANGES:
        _changes(page, cleaner, title, getattr(found, field))
    for field, title, result in OUTCOMES:
        show_outcomes(page, cleaner, (title, result), getattr(found, field))
    if found.lost_data:
        page.heading(f"DATA LEFT BEHIND: {len(found.lost_data)}", STYLES[Result.FAIL])
    for sentence in found.lost_data:
        page.paragraph(cleaner.text(sentence), indent=2)
    page.blank()
    page.line(f"The new release adds {len(found.new_broken) + found.new_kept} promises; {found.new_kept} are kept.")
    page.line(f"Verdict: {found.verdict}")


def as_json(found: Upgrade) -> dict[str, Any]:
    """Return the same for machines."""
    cleaner = Cleaner(Scrubber())
    outcomes = {
        field: [
            {"check": one.check, "component": one.component, "entry": one.entry, "message": cleaner.text(one.message)}
            for one in getattr(found, field)
        ]
        for field, _, _ in OUTCOMES
    }
    changes = {
        field: [{"what": one.what, "before": one.before, "now": one.now} for one in getattr(found, field)]
        for field, _ in CHANGES
    }
    return {
        "before": found.before,
        "now": found.now,
        "verdict": str(found.verdict),
        **outcomes,
        **changes,
        "new_kept": found.new_kept,
        "gone": list(found.gone),
        "added": list(found.added),
        "lost_data": list(found.lost_data),
        "notes": list(found.doubts),
    }


def _changes(page: Page, cleaner: Cleaner, title: str, changes: Iterable[Change]) -> None:
    told = list(changes)
    if told:
        page.heading(f"{title}: {len(told)}")
    for one in told:
        before, now = (cleaner.text(text, 300) or "none" for text in (one.before, one.now))
        page.paragraph(f"{cleaner.text(one.what, 200)}: {before} -> {now}", indent=2)
