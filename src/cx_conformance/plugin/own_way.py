"""How items are collected and run where nobody listens to any but this suite's own report: they are judged, no more.

Of what an outcome costs, pytest's hooks around an item and the report it is told are two thirds, and whoever runs the
suite without plug-ins that want them has nothing of either. What is not well is reported to pytest all the same, for
-x and --maxfail; an item whose fixtures have not looked yet is pytest's to run, as it is everywhere else.
"""

from typing import Final

import pytest

from cx_conformance.plugin.items import CheckItem
from cx_conformance.plugin.quick_reports import only_these_have, report_of
from cx_conformance.plugin.reporting import Reporting
from cx_conformance.run.suite_files import suite_root

OWN_WAY: Final = "cx-conformance-own-way"
"""The name under which it is registered."""

_MISSED_BY_NOBODY: Final = {
    "pytest_itemcollected": (),
    "pytest_collection_modifyitems": ("_pytest.fixtures", "_pytest.main", "_pytest.mark", "cx_conformance."),
    "pytest_runtestloop": ("_pytest.main", "_pytest.terminal", "cx_conformance."),
    # Assertions and unittest's classes are treated by two of them, neither of which a check has.
    "pytest_runtest_protocol": ("_pytest.runner", "_pytest.assertion", "_pytest.unittest", "cx_conformance."),
    "pytest_runtest_logstart": (),
    "pytest_runtest_logfinish": (),
    "pytest_runtest_logreport": ("_pytest.main", "cx_conformance."),
}
"""The hooks that are not called for each item, or not with it, each with the modules whose own do nothing then."""


class OwnWay:
    """Collects a check as one item, makes one of each of its entries in the end, and goes over them by itself."""

    def __init__(self, reporting: Reporting) -> None:
        """Let ``reporting`` alone hear of what is well."""
        self._reporting = reporting

    @staticmethod
    def suits(config: pytest.Config, reporting: Reporting) -> bool:
        """Return whether whole checks were asked for, and no plug-in wants more of an item than that it ends."""
        # pytest's terminal keeps every report, for words of its own that it does not say beside this suite's.
        aside = config.pluginmanager.get_plugin("terminalreporter")
        return (
            reporting.own_words
            and not config.option.collectonly  # pytest counts what it collects as it is collected
            and not any("[" in one for one in config.args)
            and all(only_these_have(config, (hook,), modules, aside) for hook, modules in _MISSED_BY_NOBODY.items())
        )

    def pytest_collection(self, session: pytest.Session) -> None:
        """Look, and let probes begin, before items are made: where the whole suite is to be run, it is known for what.

        Whether anything is left over by -k, -m or a path is known when all is collected, and not looked at before.
        """
        option, run = session.config.option, self._reporting.run
        chosen = (option.keyword, option.markexpr, option.deselect, option.collectonly, run.options.settle)
        if any(chosen) or run.interrupted or not _is_whole(session.config):
            return
        wanted = dict.fromkeys(check for check, entry in run.implied if run.selection.takes(check, entry))
        if not wanted or run.catalogue.missing:
            return
        try:
            run.judge.register(wanted)
        except ValueError:
            return  # two checks have one ID, which the collection tells
        self._reporting.look(live=any(check.live for check in wanted))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Make the items of all entries, now that pytest has put their patterns in order by fixtures, which they share.

        What is deselected, by -k, -m and --deselect, comes after: these plug-ins are registered before this one.
        """
        items[:] = [each for item in items for each in (item.each() if isinstance(item, CheckItem) else (item,))]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Judge item by item; None, for pytest to say it, where something could not be collected."""
        if session.testsfailed or session.config.option.collectonly:
            return None
        for at, item in enumerate(session.items, start=1):
            if not (isinstance(item, CheckItem) and item.can_be_judged):
                following = session.items[at] if at < len(session.items) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            elif (ended := item.judge()).well:
                self._reporting.take(item.nodeid, ended)
            else:
                item.config.hook.pytest_runtest_logreport(report=report_of(item))
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True


def _is_whole(config: pytest.Config) -> bool:
    """Whether the checks are all that pytest is to collect, and all of them."""
    return {(config.invocation_params.dir / one).resolve() for one in config.args} == {suite_root() / "checks"}
