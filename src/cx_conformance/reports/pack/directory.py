"""Writes the sign-off pack of a run into one directory."""

import errno
from collections.abc import Callable, Iterable, Mapping
from functools import partial
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
    SITE,
    SUMS,
)
from cx_conformance.reports.formats.json_report import UnreadableReport, read_json, write_json
from cx_conformance.reports.formats.junit import SUITE, write_junit
from cx_conformance.reports.formats.report_shape import SCHEMA_ID
from cx_conformance.reports.language import Texts
from cx_conformance.reports.nights.metrics import FIRST_LINE, write_metrics
from cx_conformance.reports.pack.attestation import write_attestation
from cx_conformance.reports.pack.evidence import write_evidence
from cx_conformance.reports.pack.inputs import keep_input
from cx_conformance.reports.pack.swapping import beside, swap
from cx_conformance.reports.page.html import GENERATOR, write_html
from cx_conformance.reports.page.pdf import printer_lacks, write_pdf
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.sums import listed, sha256, write_listed, write_sums
from cx_conformance.reports.writing import PaperCutOff, ReportNotWritten, not_written, prepare_place, replacing

_README_LINE: Final = "cx-conformance: the sign-off pack of one run"
_OURS: Final = {
    ATTESTATION: b"in-toto",
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
        # It holds what an attacker would like to know; what is made for it by others stays as they made it.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    last_conformant: float | None = None,
) -> tuple[Path, ...]:
    """Write the pack into ``directory``, in the place of the one before; return the paths of its files.

    It is made beside it and moved as a whole. When one of the files cannot be written the others still are, and the
    README names it: half of what was found out is better than nothing. ReportNotWritten is raised then, for the first
    of them. ``paper``: with ``report.pdf`` where WeasyPrint is installed; it takes ten seconds, comes last, and can be
    made later by ``render``. ``dossiers`` become the folder of evidence. ``case_properties``: as in ``write_junit``;
    ``last_conformant``: as in ``write_metrics``.
    """
    prepare_directory(directory)
    gathered = list(dossiers)
    scrub = scrubber or Scrubber()
    earlier = listed(directory)
    with beside(directory) as stage:
        making = _Making(stage)
        write = making.write
        write(REPORT, lambda path: write_json(record, path, scrub))
        write(JUNIT, lambda path: write_junit(record, path, scrub, case_properties=case_properties))
        write(METRICS, lambda path: write_metrics(record, path, scrub, directory / METRICS, last_conformant))
        # The page is made from the report as it was written, so that it can be made again from that alone.
        kept = making.read_again(record)
        write(PAGE, lambda path: write_html(kept, path, scrub))
        for name, used in ((BLUEPRINT, record.blueprint), (SITE, record.site)):
            there, before = directory / name, earlier.get(name)
            write(name, partial(keep_input, used, scrubber=scrub, there=there, earlier=before))
        write(EVIDENCE, lambda path: write_evidence(gathered, path.parent, scrub))
        digests = {name: sha256(stage / name) for name in making.made}
        write(ATTESTATION, lambda path: write_attestation(kept, path, digests))
        write(README, lambda path: _write_readme(path, making.failed))
        write(SUMS, lambda path: write_sums(path.parent) or None)
        failed = [*making.failed.values(), *swap(stage, directory, earlier)]
    made = [name for name in making.made if (directory / name).is_file()]
    if paper and printer_lacks() is None:
        try:
            failed += _add_paper(kept, directory, scrub)
        except KeyboardInterrupt:
            raise PaperCutOff from None
        made += [PAPER]
    if failed:
        raise failed[0]
    return tuple(directory / name for name in made)


class _Making:
    """The files of a pack while they are made: what was, and why the others were not."""

    def __init__(self, stage: Path) -> None:
        self.stage = stage
        self.made: list[str] = []
        self.failed: dict[str, ReportNotWritten] = {}

    def write(self, name: str, how: Callable[[Path], object]) -> None:
        """Have a file written; False says that there is none to write."""
        try:
            if how(self.stage / name) is not False and name != EVIDENCE:
                self.made.append(name)
        except ReportNotWritten as reason:
            self.failed[name] = reason
        except Exception as bug:  # noqa: BLE001 - one file must not cost the others
            words = f"could not write {name}: {type(bug).__name__}: {str(bug)[:300]}; please report it"
            self.failed[name] = ReportNotWritten(words)

    def read_again(self, record: RunRecord) -> RunRecord:
        """Return the record as its report tells it, or itself where there is none."""
        try:
            return read_json(self.stage / REPORT)
        except (OSError, UnreadableReport):
            return record


def _add_paper(record: RunRecord, directory: Path, scrub: Scrubber) -> list[ReportNotWritten]:
    """Add the paper to a pack that is in its place; returns why it could not be."""
    with beside(directory) as stage:
        making = _Making(stage)
        making.write(PAPER, lambda path: write_pdf(record, path, scrub))
        if not making.made:
            return list(making.failed.values())
        sums = listed(directory) | {PAPER: sha256(stage / PAPER)}
        write_listed(stage / SUMS, sums)
        return swap(stage, directory, {})


def _write_readme(path: Path, failed: Mapping[str, ReportNotWritten]) -> None:
    lacks = "".join(f"Not here: {name} ({reason})\n" for name, reason in failed.items())
    with replacing(path) as file:
        file.write(f"{_README_LINE}\n\n{lacks}{chr(10) * bool(lacks)}{Texts()('readme')}\n".encode())


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
