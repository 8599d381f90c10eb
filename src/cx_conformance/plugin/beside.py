"""Tests beside the suite's checks: a customer's own, that ``cx-conformance run my_tests`` runs in the same session.

No promise of the blueprint is theirs, and reports do not tell of them; what becomes of them is told in a line each, and
one that is not well keeps the exit status from being 0.
"""

import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import pytest

from cx_conformance.outcome.verdict import EXIT_STATUS, Verdict

if TYPE_CHECKING:
    from cx_conformance.run.run import Run

BESIDE: Final = "cx-conformance-beside"
"""The name under which it is registered."""


class Beside:
    """Registered for the length of one run of conformance, in the process that reports."""

    def __init__(self, run: "Run") -> None:
        """Tell without the secrets that ``run`` has read."""
        self._run = run
        self._failed: dict[str, str] = {}
        self._broke: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what is not well: one that failed, or that could not be set up or taken down again."""
        if report.failed and not is_of_check(report.nodeid):
            file, _, function = report.location  # of a file that is elsewhere the node ID does not tell the name
            name = f"{PurePath(file).name}::{function}"
            (self._failed if report.when == "call" else self._broke).setdefault(name, last_words(report))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell of each, after the verdict, which is not theirs; a failure counts as a promise that is broken."""
        found = [(one, "failed", words) for one, words in self._failed.items()]
        found += [(one, "could not be run", words) for one, words in self._broke.items() if one not in self._failed]
        for name, end, words in found:
            said = self._run.scrubber.scrub(f"{name}, a test beside the suite's checks, {end}: {words}")
            sys.stderr.write(f"cx-conformance: {said}\n")
        if found:
            status = EXIT_STATUS[Verdict.NON_CONFORMANT if self._failed else Verdict.INCONCLUSIVE]
            session.exitstatus = session.exitstatus or status


def is_of_check(nodeid: str) -> bool:
    """Whether a test that was collected under that name is a check of the suite; no other function is called so."""
    return "::check_" in nodeid


def last_words(report: pytest.TestReport) -> str:
    """Return why a test ended: the error of its traceback."""
    lines = [line.removeprefix("E").strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return lines[0] if lines else report.longreprtext.strip().rpartition("\n")[2]
