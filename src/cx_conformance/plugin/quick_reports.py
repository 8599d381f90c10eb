"""The reports of an entry whose fixtures have all looked already: made straight, without a set-up of their own.

pytest's own way to run an item costs about half a millisecond of hooks, which is most of a static run. It is taken
all the same for each fixture's first use, and for everything when another plug-in listens to the phases of a test.
"""

import time
from collections.abc import Iterable
from typing import Final, Literal

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.plugin.items import CheckItem
from cx_conformance.plugin.reporting import REPORTING, Reporting

_PHASES: Final = ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown", "pytest_runtest_makereport")
_WORDS: Final = ("pytest_runtest_logstart", "pytest_runtest_logfinish")
_UNCONCERNED: Final = ("_pytest.", "cx_conformance.", "pytest_timeout", "xdist.")


class QuickReports:
    """Runs the items that need nothing but judging; registered where nobody would miss the phases."""

    def __init__(self, config: pytest.Config) -> None:
        """Tell when an item begins and ends only where somebody shows it."""
        self._told = config.option.verbose >= -1 or not only_these_have(config, _WORDS, _UNCONCERNED)
        plugins = config.pluginmanager
        reporting: Reporting | None = plugins.get_plugin(REPORTING)
        terminal = plugins.get_plugin("terminalreporter")
        # pytest's terminal keeps every report, for words of its own that it does not say beside this suite's.
        unconcerned = [terminal] if terminal and reporting and reporting.own_words else []
        self._log_well = plugins.subset_hook_caller("pytest_runtest_logreport", unconcerned)

    @staticmethod
    def suits(config: pytest.Config) -> bool:
        """Return whether nobody listens to the phases of a test who would miss one that takes no time."""
        return only_these_have(config, _PHASES, _UNCONCERNED)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Report an item that can be judged at once; leave every other to pytest."""
        if not (isinstance(item, CheckItem) and item.can_be_judged):
            # pytest expects the item before to have torn down what this one does not need; a quick one does not.
            item.session._setupstate.teardown_exact(item)  # noqa: SLF001 - there is no public way
            return None
        hook = item.config.hook
        if self._told:
            hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        report = report_of(item)
        (hook.pytest_runtest_logreport if report.failed else self._log_well)(report=report)
        if self._told:
            hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True


def only_these_have(
    config: pytest.Config, hooks: Iterable[str], modules: tuple[str, ...], aside: object = None
) -> bool:
    """Return whether nobody implements any of ``hooks`` but modules whose names begin like one of ``modules``.

    The plug-in that is left ``aside`` does not count.
    """
    return all(
        implementation.plugin is aside or (implementation.function.__module__ or "").startswith(modules)
        for hook in hooks
        for implementation in getattr(config.hook, hook).get_hookimpls()
    )


def report_of(item: CheckItem) -> pytest.TestReport:
    """Judge ``item``, and return the one report that pytest is told of it."""
    started = time.time()
    ended = item.judge()
    phase, word = _in_pytests_words(ended)
    shown: str | tuple[str, int, str] | None = None
    if word == "skipped":
        shown = (str(item.path), 0, f"Skipped: {ended.message}")
    elif word == "failed":
        shown = item.shown(ended.message)
    stopped = time.time()
    report = pytest.TestReport(
        nodeid=getattr(item, "id", item.nodeid),  # from pytest 9.2 on; a text would be taken to pieces again
        location=item.location,
        keywords={},
        outcome=word,
        longrepr=shown,
        when=phase,
        duration=stopped - started,
        start=started,
        stop=stopped,
        user_properties=[*item.user_properties, *item.properties(ended)],
    )
    item.attach(report)
    return report


def _in_pytests_words(
    ended: Outcome,
) -> tuple[Literal["setup", "call"], Literal["passed", "failed", "skipped"]]:
    """Return the phase and the word by which pytest tells an outcome; a failed set-up is an error."""
    match ended.result:
        case Result.PASS:
            return "call", "passed"
        case Result.FAIL:
            return "call", "failed"
        case Result.ERROR:
            return "setup", "failed"
        case _:
            return "setup", "skipped"
