"""What a run leaves behind: the pack, the JUnit file, the night in the history, and who is told of it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from cx_conformance.outcome.roots import root_causes
from cx_conformance.reports.writing import ReportNotWritten
from cx_conformance.run.publishing import bucket_access

if TYPE_CHECKING:
    from cx_conformance.cluster.dossier import Dossier
    from cx_conformance.outcome.record import RunRecord
    from cx_conformance.reports.scrubber import Scrubber
    from cx_conformance.run.run import Run

_MOST_DOSSIERS: Final = 30
"""Components whose evidence is kept; a platform of which more is broken is looked at as a whole."""


def leave(
    run: "Run", record: "RunRecord", show: "Callable[[RunRecord, Scrubber], None]", tell: Callable[[str], None]
) -> bool:
    """Write what was asked for, and ``show`` the run; False where a report could not be written.

    What could not be written, and what else is to be said beside the report, is told by ``tell``.
    """
    from cx_conformance.run.nightly import Nightly

    nightly = Nightly(run.options, partial(bucket_access, run))
    record = nightly.remember(record)
    scrubber = run.scrubber
    missing = []
    for write in (_write_pack, _write_junit):
        try:
            write(run, record, scrubber)
        except ReportNotWritten as error:
            missing.append(str(error))
        except Exception as bug:  # noqa: BLE001 - a bug of one report must cost neither the others nor the verdict
            words = scrubber.scrub(f"{type(bug).__name__}: {bug}")
            missing.append(f"could not write a report: {words}; please report it")
    show(record, scrubber)
    nightly.keep(record)
    nightly.tell(record)
    for words in (*missing, *nightly.notes):
        tell(words)
    return not missing


def _write_pack(run: "Run", record: "RunRecord", scrubber: "Scrubber") -> None:
    options = run.options
    if options.report:
        from cx_conformance.reports.pack.directory import write_report

        # Paper takes its time: there is none to be taken when the run was cut off, or has a limit.
        paper = not (options.no_pdf or options.time_limit or run.interrupted)
        write_report(
            record,
            options.report,
            scrubber,
            paper=paper,
            dossiers=_dossiers(run, record),
            case_properties=not options.junit_strict,
        )


def _write_junit(run: "Run", record: "RunRecord", scrubber: "Scrubber") -> None:
    if run.options.junitxml:
        from cx_conformance.reports.formats.junit import write_junit

        write_junit(record, run.options.junitxml, scrubber, case_properties=not run.options.junit_strict)


def _dossiers(run: "Run", record: "RunRecord") -> "Iterator[Dossier]":
    """Yield the evidence of the components with a root cause, the worst first."""
    options = run.options
    if options.no_evidence or options.snapshot or run.interrupted:
        return iter(())
    causes = (one.outcome.component for one in root_causes(record.outcomes))
    worst = dict.fromkeys(one for one in causes if one in run.plan.components)
    return run.dossiers(list(worst)[:_MOST_DOSSIERS])
