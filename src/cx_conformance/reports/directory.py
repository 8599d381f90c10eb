"""Writes all reports of a run into one directory."""

import errno
from pathlib import Path
from typing import Final

from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.html import GENERATOR, write_html
from cx_conformance.reports.json_report import write_json
from cx_conformance.reports.junit import SUITE, write_junit
from cx_conformance.reports.metrics import FIRST_LINE, write_metrics
from cx_conformance.reports.report_schema import SCHEMA_ID
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import ReportNotWritten, not_written

JUNIT: Final = "junit.xml"
PAGE: Final = "report.html"
REPORT: Final = "report.json"
METRICS: Final = "metrics.prom"
_OURS: Final = {
    JUNIT: f'<testsuites name="{SUITE}"'.encode(),
    PAGE: GENERATOR.encode(),
    REPORT: SCHEMA_ID.encode(),
    METRICS: FIRST_LINE.encode(),
}
"""What the first kilobyte of an earlier report of ours holds."""


def prepare_directory(directory: Path) -> None:
    """Create ``directory`` where it is missing, and see that reports can be written there; ReportNotWritten if not.

    Called before a run, it saves an hour's work from ending in a place that cannot hold it. An earlier report of this
    suite is replaced, as a nightly run wants it; a file of the same name that something else wrote is not.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ReportNotWritten(f"could not write into {directory}: it is a file; name a directory") from None
    except OSError as reason:
        raise not_written(directory, reason) from reason
    for name, sign in _OURS.items():
        _replaceable(directory / name, sign)


def write_report(record: RunRecord, directory: Path, scrubber: Scrubber | None = None) -> tuple[Path, ...]:
    """Write ``report.json``, ``junit.xml``, ``metrics.prom`` and ``report.html``; return their paths in ``directory``.

    When one of them cannot be written the others still are: half of what was found out is better than nothing.
    ReportNotWritten is raised then, for the first of them.
    """
    prepare_directory(directory)
    written: list[Path] = []
    failed: list[ReportNotWritten] = []
    for name, write in ((REPORT, write_json), (JUNIT, write_junit), (METRICS, write_metrics), (PAGE, write_html)):
        try:
            write(record, directory / name, scrubber)
            written.append(directory / name)
        except ReportNotWritten as reason:
            failed.append(reason)
    if failed:
        raise failed[0]
    return tuple(written)


def _replaceable(path: Path, sign: bytes) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except FileNotFoundError:
        return
    except OSError as reason:
        if reason.errno == errno.EACCES:
            return  # not readable, and yet replaceable when the directory is writable: the writing will tell
        raise not_written(path, reason) from reason
    if head and sign not in head:
        raise ReportNotWritten(
            f"could not write {path}: it is not a report of this suite; move it away, or name another directory"
        )
