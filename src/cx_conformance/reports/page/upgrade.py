"""An upgrade on one page of HTML, which needs nothing beside it."""

from pathlib import Path
from typing import Final

from markupsafe import Markup

from cx_conformance import __version__
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.outcome.upgrade import Upgrade
from cx_conformance.outcome.verdict import Verdict
from cx_conformance.reports.page.picture.drawing import css_class
from cx_conformance.reports.page.template import source_hash, template, template_file
from cx_conformance.reports.signs import SIGNS
from cx_conformance.reports.terminal.upgrade import CHANGES, OUTCOMES
from cx_conformance.reports.writing import replacing

GENERATOR: Final = "cx-conformance upgrade 1"
_RESULTS: Final = {
    Verdict.NON_CONFORMANT: Result.FAIL,
    Verdict.INCONCLUSIVE: Result.ERROR,
    Verdict.DEVIATIONS: Result.WAIVED,
    Verdict.CONFORMANT: Result.PASS,
}


def write_upgrade(found: Upgrade, old: RunRecord, new: RunRecord, path: Path) -> None:
    """Write the page; ReportNotWritten says why it could not."""
    with replacing(path) as file:
        file.write(page(found, old, new).encode("utf-8", "backslashreplace"))


def page(found: Upgrade, old: RunRecord, new: RunRecord) -> str:
    """Return the page, with every text escaped."""
    style = template_file("report.css")
    return template("upgrade.html.j2").render(
        found=found,
        old=old,
        new=new,
        generator=GENERATOR,
        policy=f"default-src 'none'; style-src '{source_hash(style)}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704 - the package's own file
        version=__version__,
        outcomes=[(title, result, getattr(found, field)) for field, title, result in OUTCOMES],
        changes=[(title, getattr(found, field)) for field, title in CHANGES],
        css=css_class,
        sign=lambda result: SIGNS[result][0],
        result=_RESULTS[found.verdict],
    )
