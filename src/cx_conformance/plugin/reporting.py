"""Collects outcomes from pytest's reports, shows progress, and writes the run's own reports when it ends."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED, Verdict
from cx_conformance.plugin.beside import is_of_check, last_words
from cx_conformance.plugin.items import OUTCOME, CheckItem
from cx_conformance.plugin.workers import WORKERS
from cx_conformance.run.interrupts import end_like_ctrl_c, insist, undisturbed
from cx_conformance.run.leaving import leave
from cx_conformance.run.lost import lost_outcomes
from cx_conformance.run.recording import record_of
from cx_conformance.vantage.pool import abandon_all
from cx_conformance.wire.fuse import burn_all

REPORTING: Final = "cx-conformance-reporting"
"""The name under which it is registered."""

if TYPE_CHECKING:
    from cx_conformance.outcome.record import RunRecord
    from cx_conformance.reports.scrubber import Scrubber
    from cx_conformance.run.run import Run
    from cx_conformance.run.settle import Settled


class Reporting:
    """Registered for the length of one run of conformance."""

    def __init__(self, config: pytest.Config, run: "Run") -> None:
        """Report ``run`` in the session of ``config``."""
        from cx_conformance.reports.formats import sonobuoy
        from cx_conformance.reports.terminal.progress import Progress
        from cx_conformance.reports.terminal.summary import console_for

        self.config = config
        self.run = run
        self._items: dict[str, CheckItem] = {}
        self.by_workers = 0
        self.settled: Settled | None = None
        self._looked = self._found = self._collected = False
        self._uncollected: list[str] = []
        self._ended_otherwise: dict[tuple[str, str, str], str] = {}
        self._stop = ""
        # Without pytest's terminal (-p no:terminal) nobody has declared that option.
        verbose = getattr(config.option, "verbose", 0)
        self.own_words, self.details = verbose in (0, 1), verbose >= 1
        self.console = console_for(sys.stdout)
        self.progress = Progress(self.console, enabled=self.own_words)
        self.worker = sonobuoy.Progress.of_environment()
        if self.own_words and not config.option.collectonly:
            self._quieten_pytest()

    def _quieten_pytest(self) -> None:
        """Let this report stand alone; ``-v`` adds details to it, ``-vv`` brings pytest's own words back."""
        option = self.config.option
        option.verbose = -2
        option.no_header = True
        option.reportchars = ""

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no dots."""
        if self.own_words and report.when != "teardown" and self._outcome(report) is not None:
            if report.when == "setup" and report.passed:
                return "", "", ""
            return ("error" if report.when == "setup" and report.failed else report.outcome), "", ""
        return None

    def _asked(self) -> set[tuple[str, str, str]]:
        """Return which promises are to be judged here; none where workers judge."""
        return {(item.check.id, item.entry.component, item.entry.id) for item in self._items.values()}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Begin to be interrupted at once; where that was wanted before, end here, with the report."""
        end_like_ctrl_c()
        insist(lambda: self.run.interrupted)
        if self.run.interrupted:
            raise KeyboardInterrupt

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self) -> None:
        """Remember that everything was found that is to be collected."""
        self._found = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what is to be judged; tracebacks are shown for the collection only."""
        judged = [item for item in session.items if isinstance(item, CheckItem)]
        self._items = {item.nodeid: item for item in judged}
        self._collected = self._found
        if self.own_words and not session.testsfailed:
            self.config.option.tbstyle = "no"

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Remember what the workers collected; which is the same in each of them."""
        self.by_workers, self._found = sum(map(is_of_check, ids)), True
        if self.own_words and not self._uncollected:
            self.config.option.tbstyle = "no"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected: of the checks in it nobody knows."""
        if report.failed:
            self._uncollected.append(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        """Look before the first check, or settle."""
        processes = self.config.pluginmanager.hasplugin(WORKERS)
        if processes and self.run.options.settle:
            self._settle()
        elif self._items and not session.testsfailed and not self.config.option.collectonly:
            self.look(live=any(item.check.live for item in self._items.values()))
        return (yield)

    def look(self, *, live: bool) -> None:
        """Look at the cluster, once, so that waiting is shown as what it is, and let probes begin for ``live`` checks.

        They wait nearly all of their time, so that the checks of the API's objects are judged meanwhile.
        """
        if self._looked:
            return
        self._looked = True
        self.progress.looking("the cluster")
        # Each check says for itself that it could not look, and the first of them says why.
        with suppress(CouldNotLook):
            _ = self.run.snapshot
        if self.run.options.settle:
            self._settle()
        self.progress.done()
        if self.own_words:
            self._show_header()
        if live:
            with suppress(CouldNotLook):
                self.run.looks.begin_probing()

    def _settle(self) -> None:
        """Judge and look again until nothing is left to wait for; items then report the last judgement."""
        from cx_conformance.run.relook import settled

        self.settled = settled(self.run, self._asked(), tell=self.progress.looking)

    def _show_header(self) -> None:
        from cx_conformance.reports.terminal.summary import header

        header(record_of(self.run), self.console)
        if self.settled:
            self.console.print(f"  settle     {self.settled.words}")
        if not self.run.options.static:
            with suppress(CouldNotLook):
                for note in self.run.looks.stand_ins:
                    self.console.print(f"  stand-in   {note}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the outcome from the phase that decided it."""
        if report.when != "call" and report.passed:
            return
        outcome = self._outcome(report)
        if outcome is None and report.failed and (item := self._items.get(report.nodeid)):
            self._ended_otherwise[item.check.id, item.entry.component, item.entry.id] = (
                f"not looked at: {last_words(report)}"
            )
        if outcome is not None:
            self.take(report.nodeid, outcome)

    def take(self, nodeid: str, outcome: Outcome) -> None:
        """Keep how the item of that ID ended, and say how far the run has come."""
        self.run.outcomes[nodeid] = self.settled.annotated(outcome) if self.settled else outcome
        number, total = len(self.run.outcomes), len(self._items) or self.by_workers
        self.progress.checked(number, total)
        if self.worker:
            self.worker.checked(number, total, " ".join(outcome.key) if outcome.result is Result.FAIL else "")

    def _outcome(self, report: pytest.TestReport) -> Outcome | None:
        """Return the outcome that a report tells: of an item of this process, or of a worker's."""
        item = self._items.get(report.nodeid)
        if item is not None and item.ended is not None:
            return item.ended
        told = getattr(report, OUTCOME, None)
        return Outcome.from_mapping(orjson.loads(told)) if told else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Tell a bug of the suite in a sentence; where it is stands in the reports, and ``-vv`` shows it here."""
        trace = "".join(traceback.format_exception(excinfo.value))
        at = excinfo.traceback[-1]
        words = f"{excinfo.typename}: {excinfo.value} ({Path(at.path).name}, line {at.lineno + 1})"
        self.run.broke(words, trace)
        if self.own_words:
            shown = f"the suite itself broke: {words}; please report it, with report.json or what -vv shows"
            # pytest's own terminal prints whatever this writes.
            excrepr.toterminal = lambda writer: writer.line(shown)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that the run was cut off.

        A failed collection, --stepwise, and -x of pytest-xdist are interrupts to pytest too, of classes of their own.
        """
        self.run.interrupted = excinfo.type is KeyboardInterrupt
        if self.run.interrupted:
            # What probes wait for is cut, and no other begins: the report is not written beside them.
            burn_all()
            abandon_all()
        self._stop = "" if self.run.interrupted else str(excinfo.value)
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if self.run.interrupted and self.own_words and terminal is not None:
            # The verdict is the last that is read: where in the suite's code it was cut off helps nobody, and to find
            # that out takes time, and may fail.
            terminal._report_keyboardinterrupt = lambda: None  # noqa: SLF001 - pytest offers no other way
            excinfo.value.__suppress_context__ = True
            excinfo.traceback = excinfo.traceback[:0]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write every report and set the exit status by the verdict."""
        if self.config.option.collectonly or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        unread = self._unread()
        if unread:
            self.run.broke(unread)
        elif not (self._items or self.by_workers or self.run.interrupted):
            self._tell(f"nothing is left to check by {self.run.selection.words or 'this selection'}")
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        self.progress.done()
        lost = undisturbed(partial(self._never_judged, session, unread, exitstatus), self.run.interrupt)
        self.run.take_away()
        record = undisturbed(partial(record_of, self.run, lost), self.run.interrupt)
        written = leave(self.run, record, self._show, self._tell)
        if self.worker:
            self.worker.close()
        session.exitstatus = INTERRUPTED if self.run.interrupted else EXIT_STATUS[record.verdict]
        if not written:
            session.exitstatus = session.exitstatus or EXIT_STATUS[Verdict.INCONCLUSIVE]

    def _never_judged(self, session: pytest.Session, unread: str, exitstatus: int) -> list[Outcome]:
        """Return an error for each promise that was to be judged and was not, but where it was wished to stop."""
        stop = "" if self.run.interrupted or unread else str(session.shouldfail or session.shouldstop or self._stop)
        if stop:
            self.run.stopped = "-x or --maxfail" if stop.startswith("stopping after") else f"pytest: {stop}"
        # To stop at what is wrong is a wish; whatever else stops a run keeps it from being conformant.
        wished = stop and any(not one.well for one in self.run.outcomes.values())
        broke = "the suite itself broke before; please report it" * (exitstatus == pytest.ExitCode.INTERNAL_ERROR)
        lost = [] if wished else self._lost(broke or unread or stop)
        self.run.deselected = len(self.run.implied) - len(self.run.outcomes) - len(lost)
        return lost

    def _unread(self) -> str:
        """Return which files of the suite lack or could not be collected; empty where all is well."""
        missing = list(self.run.catalogue.missing)
        if self.config.pluginmanager.hasplugin(WORKERS) and not (self._found or self.run.interrupted):
            missing.append("the worker processes ended before one had collected anything")
        named = {one.partition(" ")[0] for one in missing}
        return "; ".join(missing + [f"{one} could not be collected" for one in self._uncollected if one not in named])

    def _lost(self, reason: str) -> list[Outcome]:
        """Return an error for every promise that was to be looked at and has no outcome: nothing is lost silently.

        ``reason`` says why the run ended before its time; empty where it did not.
        """
        own_alone = not (self.by_workers or self.run.interrupted)
        if own_alone and self.run.outcomes.keys() >= self._items.keys():
            return []
        because = "no outcome: the suite lost this promise; please report it"
        if self.run.interrupted:
            because = "not looked at: the run was interrupted"
        elif reason:
            because = f"not looked at: {reason}"
        decided = {one.key for one in self.run.outcomes.values()}
        asked = self._asked()
        cut_off = self.run.interrupted and not self._collected
        if cut_off or (self.by_workers and self.by_workers > len(decided)):
            asked = {(c.id, e.component, e.id) for c, e in self.run.implied if self.run.selection.takes(c, e)}
        return lost_outcomes(self.run, asked - decided, because, self._ended_otherwise)

    def _show(self, record: "RunRecord", scrubber: "Scrubber") -> None:
        """Show the run on the terminal."""
        from cx_conformance.reports.terminal.summary import render

        if self.by_workers and self.own_words:
            self._show_header()  # only now is known what the workers have seen
        render(record, self.console, scrubber, details=self.details)

    @staticmethod
    def _tell(words: str) -> None:
        """Say something that is no part of the report."""
        sys.stderr.write(f"cx-conformance: {words}\n")
