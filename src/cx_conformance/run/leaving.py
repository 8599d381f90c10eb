"""What a run leaves behind: the pack, the JUnit file, the night in the history, and who is told of it."""

import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from cx_conformance.cluster.dossier import Dossier
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.roots import root_causes
from cx_conformance.reports.writing import PaperCutOff, ReportNotWritten
from cx_conformance.run.publishing import bucket_access

if TYPE_CHECKING:
    from cx_conformance.outcome.record import RunRecord
    from cx_conformance.reports.scrubber import Scrubber
    from cx_conformance.run.nightly import Nightly
    from cx_conformance.run.run import Run

T = TypeVar("T")

_AFTER_INTERRUPTION: Final = 1.5
"""Seconds for all that follows the report where somebody wants the run to end."""
_MOST_DOSSIERS: Final = 30
"""Components whose evidence is kept; a platform of which more is broken is looked at as a whole."""


def leave(
    run: "Run", record: "RunRecord", show: "Callable[[RunRecord, Scrubber], None]", tell: Callable[[str], None]
) -> bool:
    """Write what was asked for, and ``show`` the run; False where a report could not be written.

    The pack comes first: whatever befalls history, bucket, gateway or notification costs that alone. Where the nights
    before have something to add, the pack is written once more. What could not be written, and what else is to be said
    beside the report, is told by ``tell``.
    """
    from cx_conformance.run.nightly import Nightly

    nightly = Nightly(run.options, partial(bucket_access, run), _AFTER_INTERRUPTION if run.interrupted else math.inf)
    papers = _Papers(run)
    missing = papers.write(record, last=not nightly.adds)
    remembered = record
    if nightly.adds:
        remembered = _alone(run, nightly, lambda: nightly.remember(record)) or record
        missing = papers.write(remembered, nightly.last_conformant)
    try:
        show(remembered, run.scrubber)
    except KeyboardInterrupt:
        run.interrupt()
    for step in (nightly.keep, nightly.publish, nightly.push, nightly.notify):
        _alone(run, nightly, partial(step, remembered))
    for words in (*missing, *nightly.notes):
        tell(words)
    return not missing


def _alone(run: "Run", nightly: "Nightly", step: Callable[[], T]) -> T | None:
    """Do one thing beside the report; whatever becomes of it is told, and the next is done."""
    if nightly.over:
        return None
    try:
        return step()
    except KeyboardInterrupt:
        run.interrupt()
        nightly.give_up()
    except Exception as bug:  # noqa: BLE001 - none of it may cost the report, or the verdict
        words = run.scrubber.scrub(f"{type(bug).__name__}: {bug}")
        nightly.notes.append(f"something beside the report could not be done: {words}; please report it")
    return None


class _Papers:
    """Writes the run's own reports, as often as there is something new to say in them."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._gathered: list[Dossier] | None = None

    def write(self, record: "RunRecord", last_conformant: float | None = None, *, last: bool = True) -> list[str]:
        """Write what was asked for; return what could not be, in sentences. Paper is made the ``last`` time only."""
        missing = []
        for write in (partial(self._pack, record, last_conformant, last=last), partial(self._junit, record)):
            try:
                self._insist(write)
            except ReportNotWritten as error:
                missing.append(str(error))
            except KeyboardInterrupt:
                missing.append("a report was not written: the run was interrupted again")
            except Exception as bug:  # noqa: BLE001 - a bug of one report must cost neither the others nor the verdict
                words = self._run.scrubber.scrub(f"{type(bug).__name__}: {bug}")
                missing.append(f"could not write a report: {words}; please report it")
        return missing

    def _insist(self, write: Callable[[], None]) -> None:
        """Write; who wants the run to end meanwhile gets it all the same, without paper. Said twice, it is heard."""
        try:
            write()
        except PaperCutOff:
            self._run.interrupt()
        except KeyboardInterrupt:
            self._run.interrupt()
            write()

    def _pack(self, record: "RunRecord", last_conformant: float | None, *, last: bool) -> None:
        options = self._run.options
        if options.report:
            from cx_conformance.reports.pack.directory import write_report

            if self._gathered is None:
                self._gathered = self._gather(record)
            # Paper takes its time: there is none to be taken when the run was cut off, or has a limit.
            paper = last and not (options.no_pdf or options.time_limit or self._run.interrupted)
            write_report(
                record,
                options.report,
                self._run.scrubber,
                paper=paper,
                dossiers=self._gathered,
                case_properties=not options.junit_strict,
                last_conformant=last_conformant,
            )

    def _gather(self, record: "RunRecord") -> "list[Dossier]":
        """Return the evidence, as far as it could be read before somebody wanted the run to end."""
        found: list[Dossier] = []
        try:
            found.extend(_dossiers(self._run, record))
        except KeyboardInterrupt:
            self._run.interrupt()
        except Exception as bug:  # noqa: BLE001 - what it lacks is told in the pack
            found.append(Dossier("evidence", missing=[f"reading it broke off: {type(bug).__name__}: {bug}"]))
        return found

    def _junit(self, record: "RunRecord") -> None:
        if self._run.options.junitxml:
            from cx_conformance.reports.formats.junit import write_junit

            strict = self._run.options.junit_strict
            write_junit(record, self._run.options.junitxml, self._run.scrubber, case_properties=not strict)


def _dossiers(run: "Run", record: "RunRecord") -> "Iterator[Dossier]":
    """Yield the evidence of the components with a root cause, the worst first."""
    options = run.options
    if options.no_evidence or options.snapshot or run.interrupted:
        return iter(())
    causes = (one.outcome.component for one in root_causes(record.outcomes))
    worst = dict.fromkeys(one for one in causes if one in run.plan.components)
    said: dict[str, set[str]] = {one: set() for one in list(worst)[:_MOST_DOSSIERS]}
    for outcome in record.outcomes:
        if outcome.result is Result.FAIL and outcome.component in said:
            said[outcome.component].update(re.findall(r"[A-Za-z0-9_.-]+", f"{outcome.entry} {outcome.message}"))
    return run.dossiers(said)
