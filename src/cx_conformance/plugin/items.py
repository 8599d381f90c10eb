"""The pytest item of one check and one entry.

Leaner than a parametrised function: all entries of a check share one function and one set of fixtures, and nothing is
set up for each. Fixtures are ordinary ones, of session scope.
"""

from collections.abc import MutableMapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from cx_conformance.blueprint.plan import Entry
from cx_conformance.outcome.check import Check
from cx_conformance.outcome.judge import severity_of
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.plugin.workers import LIVE_GROUP

if TYPE_CHECKING:
    from cx_conformance.run.run import Run


class PromiseBroken(AssertionError):  # noqa: N818 - an outcome, not a bug
    """A check failed; its text is all that is shown, for a traceback of the suite helps nobody."""


OUTCOME: Final = "cx_outcome"
"""Under which a report from a worker process carries the outcome."""

_SKIPPED: Final = (Result.WAIVED, Result.BLOCKED, Result.NOT_APPLICABLE)


def pattern_of(collector: pytest.Module | pytest.Class, name: str, check: Check, run: "Run") -> "CheckItem | None":
    """Return the item after which those of ``check`` are made, with the entries that were asked for; None: for none."""
    entries = [entry for entry in run.plan.entries(check.per) if run.selection.takes(check, entry)]
    if not entries:
        return None
    pattern: CheckItem = CheckItem.from_parent(
        collector, name=name, callobj=check.function, check=check, entries=entries, run=run
    )
    return pattern


@cache
def _mark(name: str) -> pytest.Mark:
    """Return the marker of that name, one for all items."""
    mark: pytest.Mark = getattr(pytest.mark, name).mark
    return mark


class CheckItem(pytest.Function):
    """Judges in its set-up, so that what could not be looked at is an error of the set-up and not a failure.

    Of each entry's item only what differs from the pattern is its own, which is asked for the rest: there are 50 items
    a component.
    """

    nofuncargs = True
    """The check's parameters are the judge's business: an entry, fixtures by name, evidence."""
    ended: Outcome | None = None
    _pattern: "CheckItem | None" = None

    def __init__(self, *, check: Check, entries: Sequence[Entry[Any]], run: "Run", **of_function: Any) -> None:
        """Make the pattern of the items of ``check``, one for each of ``entries``."""
        super().__init__(**of_function)
        # What reports name an outcome by selects it here, too: by -k the ID and the component, which stands in its
        # name, by -m area and severity.
        self.extra_keyword_matches = {check.id}
        self.own_markers.append(_mark(check.area))
        if check.live:
            self.add_marker(pytest.mark.xdist_group(LIVE_GROUP))
        self._named: dict[str, Any] = {mark.name: mark for mark in self.own_markers} | vars(check.function)
        # As pytest leaves an item that was run: what its fixtures need is made when it is run phase by phase.
        self._request, self.funcargs = None, None  # type: ignore[assignment] # pytest does the same
        self.check = check
        self.entry = entries[0]
        self.run_of = run
        self._entries = entries
        self._keywords = type(self.keywords)

    def each(self) -> "list[CheckItem]":
        """Return the items that this one is the pattern of."""
        return [self._twin(entry) for entry in self._entries]

    def _twin(self, entry: Entry[Any]) -> "CheckItem":
        """Return the item of the same check for ``entry``; to make each anew would take four times as long."""
        other = CheckItem.__new__(CheckItem)
        other._pattern = self  # noqa: SLF001 - of the same class
        other.parent, other.config, other.session, other.path = self.parent, self.config, self.session, self.path
        named = f"{entry.component}|{entry.id}"
        other.name = f"{self.name}[{named}]"
        if (known := getattr(self, "_id", None)) is not None:
            # pytest 9.2 keeps IDs in parts, which it compares with those in its cache, for --lf and --stepwise.
            other._id = known.with_params(named)  # noqa: SLF001 - of the same class
        else:
            other._nodeid = f"{self.nodeid}[{named}]"  # type: ignore[attr-defined] # noqa: SLF001 - of pytest up to 9.1
        other.own_markers = [*self.own_markers, _mark(str(severity_of(self.check, entry)))]
        other.entry, other.check, other.run_of = entry, self.check, self.run_of  # asked for so often that it is kept
        return other

    def __getattr__(self, name: str) -> Any:
        """Return what the pattern has."""
        if self._pattern is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._pattern, name)

    @cached_property
    def keywords(self) -> MutableMapping[str, Any]:  # type: ignore[override] # pytest sets what this gives when asked
        """Return the names and marks by which pytest knows the item, made for whoever asks."""
        made: MutableMapping[str, Any] = self._keywords(self)  # type: ignore[call-arg] # NodeKeywords, by the node
        made.update(self._named)
        return made

    @cached_property
    def stash(self) -> pytest.Stash:  # type: ignore[override] # the same
        """Return where plug-ins keep something with the item."""
        return pytest.Stash()

    @cached_property
    def user_properties(self) -> list[tuple[str, object]]:  # type: ignore[override] # the same
        """Return what is told of the item beside its end."""
        return []

    @property
    def _store(self) -> pytest.Stash:
        """What pytest called it before."""
        return self.stash

    @_store.setter
    def _store(self, _: pytest.Stash) -> None: ...

    @cached_property
    def _report_sections(self) -> list[tuple[str, str, str]]:  # type: ignore[override] # the same
        return []

    def __repr__(self) -> str:
        """Name the item as JUnit does: ``services.ccm: CX201 Service exists [ef-ccm-svc]``."""
        return f"{self.check.area}.{self.entry.component}: {self.check.id} {self.check.title} [{self.entry.id}]"

    @property
    def can_be_judged(self) -> bool:
        """Whether every fixture has looked already that the check and what it rests on need."""
        return self.run_of.judge.needs_no_look(self.check)

    def judge(self) -> Outcome:
        """Return how the check ends for the entry."""
        outcome = self.ended = self.run_of.judge.outcome(self.check, self.entry, self._looked)
        return outcome

    def _looked(self, fixture: str) -> Any:
        return self._request.getfixturevalue(fixture)

    @staticmethod
    def properties(outcome: Outcome) -> list[tuple[str, object]]:
        """Return what JUnit's writers are told beside the outcome."""
        return [
            ("check", outcome.check),
            ("severity", str(outcome.severity)),
            ("component", outcome.component),
            ("vantage", outcome.vantage),
        ]

    def attach(self, report: pytest.TestReport) -> None:
        """Let the outcome travel with the report on its way from a worker process."""
        if self.ended is not None and hasattr(self.config, "workerinput"):
            text = orjson.dumps(self.ended.as_mapping(), default=str, option=orjson.OPT_NON_STR_KEYS).decode()
            setattr(report, OUTCOME, text)

    def shown(self, message: str) -> str:
        """Return how pytest itself shows a failure or an error: the message, and what to do."""
        remedy = self.ended.remedy if self.ended else self.check.remedy
        to_do = f"\n  what to do: {remedy}" if remedy else ""
        return f"{self.check.id} {self.check.title} [{self.entry.id}]\n  {message}{to_do}"

    def setup(self) -> None:
        """Judge; skip what is waived, blocked or not applicable, raise what could not be looked at."""
        self.run_of.judge.look_ahead(self.check, self._looked)
        outcome = self.judge()
        self.user_properties += self.properties(outcome)
        if outcome.result in _SKIPPED:
            pytest.skip(outcome.message)
        if outcome.result is Result.ERROR:
            raise CouldNotLook(outcome.message)

    def runtest(self) -> None:
        """Fail where the promise is broken."""
        if self.ended and self.ended.result is Result.FAIL:
            raise PromiseBroken(self.ended.message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_ignored: Any) -> str:
        """Show the message, and nothing of the suite's inside."""
        if isinstance(excinfo.value, (PromiseBroken, CouldNotLook)):
            return self.shown(str(excinfo.value))
        return str(super().repr_failure(excinfo))

    @property
    def location(self) -> tuple[str, int | None, str]:
        """What ``reportinfo`` says, with the path from the root of the run, which pytest would work out anew.

        Not kept: of all items together it is as large as the outcomes.
        """
        return self.nodeid.partition("::")[0], None, self.reportinfo()[2]

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Name the item as reports do."""
        return self.path, None, f"{self.check.id} {self.check.title} [{self.entry.id}]"
