"""Writes ``report.html``: the sign-off page, one file that needs nothing beside it and asks nobody."""

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup
from msgspec.structs import replace

from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.language import DEFAULT, Texts
from cx_conformance.reports.page.picture import drawing, graph
from cx_conformance.reports.page.picture.layout import QUICK, WIDE, laid_out
from cx_conformance.reports.page.sheet import anchors, causes
from cx_conformance.reports.page.sheet.calls import neighbours
from cx_conformance.reports.page.sheet.listing import listing
from cx_conformance.reports.page.sheet.matrix import matrix, most_urgent
from cx_conformance.reports.page.sheet.nights import nights
from cx_conformance.reports.page.sheet.scope import scope
from cx_conformance.reports.page.template import source_hash, template, template_file
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.signs import SIGNS, WORST_FIRST
from cx_conformance.reports.unchecked import kept_with_a_note, unchecked
from cx_conformance.reports.writing import replacing

GENERATOR: Final = "cx-conformance report 1"
"""Stands near the top of every page, so that an earlier one is known as ours and may be replaced."""
_MOST_REASONS: Final = 100
_ON_PAPER: Final = 120
"""Components that stand in the matrix on paper; beyond, it takes minutes to print and nobody reads it."""
_URGENT: Final = frozenset({Result.FAIL, Result.ERROR, Result.WAIVED})


class Edition(Enum):
    """What the page is made for."""

    SCREEN = "screen"
    """Every outcome with its evidence."""
    PAPER = "paper"
    """Every outcome, and the evidence of those that are not kept; a customer signs twenty pages, not a hundred."""
    WHOLE = "whole paper"
    """Every outcome with its evidence, as long as that may be."""


_OF_THE_SCRIPT: Final = (
    *("copy", "copy.command", "copied", "copy.failed", "filter.shown", "picture.calls_whom", "picture.called_by"),
)
_ON_SCREEN: Final = (
    *("verdict", "roots", "scope", "matrix", "nights", "picture", "deviations", "unchecked", "outcomes", "sign"),
)
_PRINTED: Final = (
    *("verdict", "scope", "sign", "roots", "matrix", "nights", "picture", "deviations", "unchecked", "outcomes"),
    "images",
)
"""A cover that is signed, what is broken, the picture, and as an annex the whole list."""
_ORDER: Final = {Edition.SCREEN: _ON_SCREEN, Edition.PAPER: _PRINTED, Edition.WHOLE: _PRINTED}


def write_html(record: RunRecord, path: Path, scrubber: Scrubber | None = None, language: str = DEFAULT) -> None:
    """Write the page to ``path``, whole or not at all; ReportNotWritten says why it could not.

    ValueError names the languages when there is no catalogue of ``language``.
    """
    text = page(record, scrubber, language)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def page(
    record: RunRecord, scrubber: Scrubber | None = None, language: str = DEFAULT, *, edition: Edition = Edition.SCREEN
) -> str:
    """Return the page: HTML, style, script and picture in one text, without secrets and with every text escaped."""
    cleaner = Cleaner(scrubber or Scrubber())
    clean = replace(cleaner.run(record), outcomes=tuple(cleaner.outcomes(record)))
    texts = Texts(language)
    style, script = template_file("report.css"), template_file("report.js")
    return template("report.html.j2").render(
        t=texts,
        record=clean,
        verdict=record.verdict,
        generator=GENERATOR,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - the package's own file
        script=Markup(script),  # noqa: S704 - the package's own file
        **_contents(clean, texts, edition),
    )


def _contents(record: RunRecord, texts: Texts, edition: Edition) -> dict[str, Any]:
    roots, more = causes.broken(record)
    paper = edition is Edition.PAPER
    shown = most_urgent(record, _ON_PAPER) if paper else record
    platform = graph.graph_of(record)
    layout = laid_out(platform)
    strips = nights(record, texts)
    svg = drawing.drawn(platform, layout, anchors.of_component, texts("picture.name"))
    return {
        "results": WORST_FIRST,
        "severities": list(Severity),
        "areas": [area for area in AREAS if any(one.area == area for one in record.outcomes)],
        "counts": Counter(one.result for one in record.outcomes),
        "broken_by_severity": Counter(one.severity for one in record.outcomes if one.result is Result.FAIL),
        "scope": scope(record, texts),
        "told": causes.counts(record),
        "roots": roots,
        "more_roots": more,
        "edition": edition,
        "Edition": Edition,
        "paper": paper,
        "sections": [name for name in _ORDER[edition] if name != "nights" or strips],
        "omitted": len({one.component for one in record.outcomes} - {one.component for one in shown.outcomes}),
        "matrix": matrix(shown, texts),
        "nights": strips,
        "platform": platform,
        "neighbours": list(neighbours(platform)),
        "picture": Markup(svg),  # noqa: S704 - drawn with every text escaped
        "plain": layout.plain,
        "large": layout.width > WIDE,
        "quick": QUICK,
        "waived": [one for one in record.outcomes if one.result is Result.WAIVED],
        "noted": kept_with_a_note(record.outcomes),
        "errors": causes.not_looked_at(record),
        "unchecked": unchecked(record, _MOST_REASONS),
        "listing": listing(shown, in_full=_URGENT) if paper else listing(record),
        "Result": Result,
        "sign": lambda result: SIGNS[result][0] if result else SIGNS[Result.NOT_APPLICABLE][0],
        "css": drawing.css_class,
        "anchor": anchors.of_outcome,
        "component_anchor": anchors.of_component,
        "some": lambda names: _some(names, texts),
        "script_texts": {key: texts(key) for key in _OF_THE_SCRIPT}
        | {"severities": [texts(f"severity.{one}") for one in sorted(Severity, key=lambda one: one.rank)]},
    }


def _some(names: Sequence[str], texts: Texts) -> str:
    shown = ", ".join(names[: causes.NAMED])
    more = len(names) - causes.NAMED
    return texts("and_more", names=shown, count=more) if more > 0 else shown


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: this style, this script, and nothing from anywhere."""
    return (
        f"default-src 'none'; style-src '{source_hash(style)}'; script-src '{source_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
