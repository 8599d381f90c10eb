"""The pytest plug-in: options, one item per check and entry, outcomes through pytest's own reporting.

It is active for every pytest run of this project (``-p cx_conformance.plugin``); a run is one of *conformance* when
the checks are among its arguments. All other runs it leaves alone.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from cx_conformance.blueprint.problems import InputProblems
from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.check import AREAS
from cx_conformance.plugin.beside import BESIDE, Beside
from cx_conformance.plugin.items import CheckItem, pattern_of
from cx_conformance.plugin.own_way import OWN_WAY, OwnWay
from cx_conformance.plugin.quick_reports import QuickReports
from cx_conformance.plugin.reporting import REPORTING, Reporting
from cx_conformance.plugin.workers import LIVE_GROUP, WORKERS, Controller, Worker, adapted, of_worker, shared_snapshot
from cx_conformance.reports.writing import ReportNotWritten, prepare_place
from cx_conformance.run.declared import DECLARED
from cx_conformance.run.interrupts import begin, hold, hold_until_begun, relent
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.run.suite_files import suite_root

RUN: Final = pytest.StashKey[Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of a run."""
    group = parser.getgroup("cx-conformance", "the acceptance run")
    for flag, keywords in DECLARED:
        group.addoption(flag, **keywords)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read blueprint and site when this is a run of conformance; wrong input ends it as wrong usage."""
    config.addinivalue_line("markers", f"xdist_group(name): pytest-xdist's; the live checks are of group {LIVE_GROUP}")
    for name in (*AREAS, *Severity):
        config.addinivalue_line("markers", f"{name}: checks of this area, or promises of this severity")
    _give_back_swallowed_path(config)
    if not _of_conformance(config):
        return
    told = of_worker(config)
    if told is None:
        hold_until_begun()
    try:
        options = Options.read(config.option)
        run = Run(adapted(options, told) if told else options, command=_command())
        config.add_cleanup(run.close)
        run.looks.shared = shared_snapshot(told)
        _start(run, in_charge=told is None)
        if told is None:
            _prepare_reports(options)
    except (InputProblems, ReportNotWritten, ValueError) as wrong:
        raise pytest.UsageError(str(wrong)) from None
    config.stash[RUN] = run
    # The report is written from the outcomes, with the contract's names; pytest's own writer would use node IDs.
    config.option.xmlpath = None
    if told is None:
        config.pluginmanager.register(Beside(run), BESIDE)
        config.pluginmanager.register(Reporting(config, run), REPORTING)
        config.add_cleanup(relent)  # signals are for whoever goes on in this process
        if getattr(config.option, "dist", "no") != "no":
            config.option.dist = "loadgroup"
            config.pluginmanager.register(Controller(run), WORKERS)
    else:
        config.pluginmanager.register(Worker(run), "cx-conformance-worker")


def _prepare_reports(options: Options) -> None:
    """See that reports can be written before an hour is spent on them; raises ReportNotWritten."""
    if options.report:
        from cx_conformance.reports.pack.directory import prepare_directory

        prepare_directory(options.report)
    if options.junitxml:
        prepare_place(options.junitxml)


def _start(run: Run, *, in_charge: bool) -> None:
    """Start what the run looks at, and be clear about what is promised, by which checks are collected.

    Where that is interrupted, the session begins all the same, for its report's sake.

    From here to the collection pytest would end without one, so that an interrupt is only noted.
    """
    try:
        if in_charge:
            begin()
        run.looks.start()
        run.promise()
    except KeyboardInterrupt:
        run.interrupted = True
        run.looks.give_up_recognising()
    if in_charge:
        hold(run.interrupt)


def _of_conformance(config: pytest.Config) -> bool:
    checks = suite_root() / "checks"
    for argument in config.args:
        path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
        if path == checks or checks in path.parents:
            return True
    return False


def _give_back_swallowed_path(config: pytest.Config) -> None:
    """Treat ``--sandbox checks`` as ``--sandbox`` and the path ``checks``, as everybody means it."""
    value = config.option.sandbox
    # Not Path.exists, which raises for a list of faults that is longer than a file's name may be.
    if value and os.path.exists(config.invocation_params.dir / value.partition("::")[0]):  # noqa: PTH110
        given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*given, value]
        config.args_source = pytest.Config.ArgsSource.ARGS
        config.option.sandbox = ""


def _command() -> str:
    """Return the command line for the report; no option takes a secret."""
    name = Path(sys.argv[0]).name
    return " ".join(("cx-conformance" if name == "__main__.py" else name, *sys.argv[1:])) if sys.argv else name


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Any:
    """Make one item per entry of a check."""
    found = getattr(obj, "__check__", None)
    if found is None or not name.startswith("check_"):
        return None
    run = collector.config.stash.get(RUN, None)
    if run is None or not found.says_something(before=run.options.ready):
        return []
    try:
        run.judge.register([found])
    except ValueError as wrong:
        raise collector.CollectError(str(wrong)) from None
    pattern = pattern_of(collector, name, found, run)
    if pattern is None:
        return []
    return [pattern] if collector.config.pluginmanager.has_plugin(OWN_WAY) else pattern.each()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Judge what waits for probes last, so that everything else is judged while they run."""
    items.sort(key=lambda item: isinstance(item, CheckItem) and item.check.live)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the outcome of an item that pytest ran phase by phase."""
    report = yield
    if isinstance(item, CheckItem) and report.when != "teardown":
        item.attach(report)
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """Report straight what needs only judging, where no other plug-in would miss the phases of a test."""
    config = session.config
    if config.stash.get(RUN, None) is not None and QuickReports.suits(config):
        reporting: Reporting | None = config.pluginmanager.get_plugin(REPORTING)
        if reporting is not None and OwnWay.suits(config, reporting):
            config.pluginmanager.register(OwnWay(reporting), OWN_WAY)
        config.pluginmanager.register(QuickReports(config), "cx-conformance-quick-reports")
