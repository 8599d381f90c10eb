"""Writes the sign-off pack of a run into one directory."""

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cx_conformance.cluster.dossier import Dossier
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.file_names import (
    ATTESTATION,
    BLUEPRINT,
    EVIDENCE,
    JUNIT,
    METRICS,
    PAGE,
    PAPER,
    README,
    REPORT,
    SIGNATURE,
    SITE,
    SUMS,
)
from cx_conformance.reports.formats.json_report import read_json, write_json
from cx_conformance.reports.formats.junit import SUITE, write_junit
from cx_conformance.reports.formats.report_schema import SCHEMA_ID
from cx_conformance.reports.language import Texts
from cx_conformance.reports.nights.metrics import FIRST_LINE, write_metrics
from cx_conformance.reports.pack.attestation import STATEMENT, write_attestation
from cx_conformance.reports.pack.evidence import write_evidence
from cx_conformance.reports.pack.inputs import keep_input
from cx_conformance.reports.page.html import GENERATOR, write_html
from cx_conformance.reports.page.pdf import printer_lacks, write_pdf
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.sums import listed, sha256, write_sums
from cx_conformance.reports.writing import ReportNotWritten, not_written, prepare_place, replacing

_README_LINE: Final = "cx-conformance: the sign-off pack of one run"
_OURS: Final = {
    ATTESTATION: STATEMENT.encode(),
    JUNIT: f'<testsuites name="{SUITE}"'.encode(),
    PAGE: GENERATOR.encode(),
    README: _README_LINE.encode(),
    REPORT: SCHEMA_ID.encode(),
    METRICS: FIRST_LINE.encode(),
    SUMS: f"  {README}\n".encode(),
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
    prepare_place(directory / REPORT)
    for name, sign in _OURS.items():
        _replaceable(directory / name, sign)
    if (directory / PAPER).exists() and PAPER not in listed(directory):
        raise _not_ours(directory / PAPER)


def write_report(  # noqa: PLR0913 - what a run has, and how it is to be written
    record: RunRecord,
    directory: Path,
    scrubber: Scrubber | None = None,
    *,
    paper: bool = True,
    dossiers: Iterable[Dossier] = (),
    case_properties: bool = True,
) -> tuple[Path, ...]:
    """Write the pack into ``directory``; return the paths of its files.

    When one of them cannot be written the others still are: half of what was found out is better than nothing.
    ReportNotWritten is raised then, for the first of them. ``paper``: with ``report.pdf`` where WeasyPrint is
    installed; it takes ten seconds, comes last, and can be made later by ``render``. ``dossiers`` become the folder of
    evidence. ``case_properties``: as in ``write_junit``.
    """
    prepare_directory(directory)
    scrub = scrubber or Scrubber()
    earlier = listed(directory)
    written: dict[str, Path] = {}
    failed: list[ReportNotWritten] = []

    def write(name: str, how: Callable[[Path], object]) -> None:
        try:
            if how(directory / name) is not False and name != EVIDENCE:
                written[name] = directory / name
        except ReportNotWritten as reason:
            failed.append(reason)

    for name in (SIGNATURE, PAPER):
        write(name, _take_away)
    write(REPORT, lambda path: write_json(record, path, scrub))
    write(JUNIT, lambda path: write_junit(record, path, scrub, case_properties=case_properties))
    write(METRICS, lambda path: write_metrics(record, path, scrub))
    # The page is made from the report as it was written, so that it can be made again from that alone.
    kept = read_json(written[REPORT]) if REPORT in written else record
    write(PAGE, lambda path: write_html(kept, path, scrub))
    write(BLUEPRINT, lambda path: keep_input(record.blueprint, path, scrub, earlier.get(BLUEPRINT)))
    write(SITE, lambda path: keep_input(record.site, path, scrub, earlier.get(SITE)))
    write(EVIDENCE, lambda path: write_evidence(dossiers, path.parent, scrub, earlier))
    digests = {name: sha256(path) for name, path in written.items()}
    write(ATTESTATION, lambda path: write_attestation(kept, path, digests))
    write(README, _write_readme)
    write(SUMS, _write_sums)
    if paper and printer_lacks() is None:
        write(PAPER, lambda path: write_pdf(kept, path, scrub))
        write(SUMS, _write_sums)
    if failed:
        raise failed[0]
    return tuple(written.values())


def _take_away(path: Path) -> bool:
    """Remove what an earlier run left and this one may not write."""
    try:
        path.unlink(missing_ok=True)
    except OSError as reason:
        raise not_written(path, reason) from reason
    return False


def _write_sums(path: Path) -> None:
    write_sums(path.parent)


def _write_readme(path: Path) -> None:
    with replacing(path) as file:
        file.write(f"{_README_LINE}\n\n{Texts()('readme')}\n".encode())


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
        raise _not_ours(path)


def _not_ours(path: Path) -> ReportNotWritten:
    return ReportNotWritten(
        f"could not write {path}: it is not a report of this suite; move it away, or name another directory"
    )
