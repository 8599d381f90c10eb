"""Writes ``fleet.html`` and ``fleet.json``: many installations on one page, which needs nothing beside it."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from markupsafe import Markup
from msgspec import Struct

from cx_conformance import __version__
from cx_conformance.outcome.check import AREAS
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.fleet import drift
from cx_conformance.reports.fleet.standing import STALE, Standing
from cx_conformance.reports.language import Texts
from cx_conformance.reports.page.picture.drawing import css_class
from cx_conformance.reports.page.template import source_hash, template, template_file
from cx_conformance.reports.signs import SIGNS, WORST_FIRST
from cx_conformance.reports.writing import replacing

PAGE: Final = "fleet.html"
DATA: Final = "fleet.json"
GENERATOR: Final = "cx-conformance fleet 1"
_NAMED: Final = 12
"""Clusters that are named in one cell."""
_MOST_BROKEN: Final = 200
_COUNTED: Final = frozenset({Result.FAIL, Result.ERROR})
_RESULTS: Final = {
    Verdict.NON_CONFORMANT: Result.FAIL,
    Verdict.INCONCLUSIVE: Result.ERROR,
    Verdict.DEVIATIONS: Result.WAIVED,
    Verdict.CONFORMANT: Result.PASS,
    None: Result.ERROR,
}


class _Cell(Struct, frozen=True):
    result: Result
    sign: str
    said: str


def write_fleet(fleet: str, standings: Sequence[Standing], directory: Path, made: dt.datetime) -> Path:
    """Write page and data into ``directory`` and return the page's path; ReportNotWritten says why it could not."""
    with replacing(directory / DATA) as file:
        file.write(orjson.dumps(as_json(fleet, standings, made), option=orjson.OPT_INDENT_2) + b"\n")
    with replacing(directory / PAGE) as file:
        file.write(page(fleet, standings, made).encode("utf-8", "backslashreplace"))
    return directory / PAGE


def summary_of(standings: Sequence[Standing]) -> str:
    """Return what a title says: ``2 non-conformant, 1 without a report, 47 conformant``, and how many are old."""
    counts = Counter(one.verdict for one in standings)
    order = (Verdict.NON_CONFORMANT, None, Verdict.INCONCLUSIVE, Verdict.DEVIATIONS, Verdict.CONFORMANT)
    old = sum(one.stale and one.verdict is not None for one in standings)
    told = ", ".join(f"{counts[one]} {one or 'without a report'}" for one in order if counts[one])
    return f"{told}; {old} of them by a report older than {STALE.total_seconds() / 3600:.0f} h" if old else told


def page(fleet: str, standings: Sequence[Standing], made: dt.datetime) -> str:
    """Return the page, with every text escaped."""
    style = template_file("report.css")
    texts = Texts()
    broken = drift.broken(standings)
    return template(
        "fleet.html.j2"
    ).render(
        t=texts,
        fleet=fleet,
        summary=summary_of(standings),
        generator=GENERATOR,
        policy=f"default-src 'none'; style-src '{source_hash(style)}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704 - the package's own file
        made=made,
        version=__version__,
        standings=standings,
        areas=[area for area in AREAS if any(area in one.areas for one in standings)],
        told=[one for one in standings if one.words],
        versions=drift.versions(standings),
        images=drift.images(standings),
        broken=broken[:_MOST_BROKEN],
        more=max(0, len(broken) - _MOST_BROKEN),
        results=WORST_FIRST,
        css=css_class,
        sign=lambda result: SIGNS[result][0],
        worst=lambda one: _RESULTS[one.verdict],
        cell_of=lambda one, area: _cell(one, area, texts),
        some=_some,
    )


def as_json(fleet: str, standings: Sequence[Standing], made: dt.datetime) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "fleet": fleet,
        "made": made.isoformat(),
        "summary": summary_of(standings),
        "clusters": [
            {
                "name": one.cluster,
                "verdict": str(one.verdict) if one.verdict else None,
                "words": one.words,
                "started": one.started.isoformat() if one.started else None,
                "stale": one.stale,
                "seconds": one.seconds,
                "areas": {area: {str(result): n for result, n in counts.items()} for area, counts in one.areas.items()},
                "versions": dict(one.versions),
            }
            for one in standings
        ],
        "versions": _differing(drift.versions(standings)),
        "images": _differing(drift.images(standings)),
        "broken": [
            {"check": check, "title": title, "component": component, "clusters": list(clusters)}
            for (check, title, component), clusters in drift.broken(standings)
        ],
    }


def _differing(found: Sequence[drift.Differing]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "variants": [{"value": v.value, "clusters": list(v.clusters)} for v in one.variants]}
        for one in found
    ]


def _cell(one: Standing, area: str, texts: Texts) -> _Cell | None:
    counts = one.areas.get(area)
    if not counts:
        return None
    worst = next(result for result in WORST_FIRST if counts[result])
    number = f" {counts[worst]}" if worst in _COUNTED else ""
    said = ", ".join(f"{counts[result]} {texts(f'result.{result}')}" for result in WORST_FIRST if counts[result])
    return _Cell(worst, f"{SIGNS[worst][0]}{number}", said)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
