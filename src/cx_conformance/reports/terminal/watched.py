"""What is seen while an installation is watched: the table as it is now, and what changed when."""

import datetime as dt
import io
from collections import deque
from typing import Final

from rich.console import Console, Group
from rich.text import Text

from cx_conformance.outcome.comparison import Comparison, compare
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.terminal.component_table import component_table
from cx_conformance.reports.terminal.layout import STYLES, Page
from cx_conformance.reports.terminal.summary import verdict_line

SHOWN: Final = 12
"""Changes that stay in sight."""
_OPEN: Final = (Result.FAIL, Result.ERROR)
_MOST_NAMED: Final = 3
"""Components, Jobs and releases that are named as not kept yet."""
_MOST: Final = 6
"""Changes of one look that are told one by one."""


class Watched:
    """The looks of one watch."""

    def __init__(self, console: Console) -> None:
        """Show on ``console``."""
        self.console = console
        self.last: RunRecord | None = None
        self.looks = 0
        self._cleaner = Cleaner(Scrubber())
        self._changes: deque[Text] = deque(maxlen=SHOWN)
        self._marked: frozenset[str] = frozenset()
        self._since: dict[str, dt.datetime] = {}
        """What is not kept, by component, Job or release, and since which look."""
        self._seen_at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def looked(self, record: RunRecord, at: dt.datetime) -> list[Text]:
        """Take what the next look found, and return a line for its verdict and one for each change."""
        found = compare(self.last, record) if self.last else Comparison()
        changed = [
            *(self._line(at, one, "broke", Result.FAIL) for one in found.broke),
            *(self._line(at, one, "can no longer be looked at", Result.ERROR) for one in found.lost_sight),
            *(self._line(at, one, "fixed", Result.PASS) for one in (*found.fixed, *found.seen_again)),
        ]
        if len(changed) > _MOST:
            more = Text(f"{at:%H:%M:%S}   and {len(changed) - _MOST} more", style="dim")
            changed = [*changed[:_MOST], more]
        self._changes.extendleft(reversed(changed))
        turned = (*found.broke, *found.lost_sight, *found.fixed, *found.seen_again)
        self._marked = frozenset(one.component for one in turned)
        self.last, self._seen_at = record, at
        self.looks += 1
        now = [name for one in record.outcomes if one.result in _OPEN for name in one.subjects]
        self._since = {name: self._since.get(name, at) for name in dict.fromkeys(now)}
        still = [self._still(at)] if self._since else []
        return [Text.assemble(f"{at:%H:%M:%S} ", verdict_line(record)), *changed, *still]

    def _still(self, at: dt.datetime) -> Text:
        """Say what is not kept yet, and since when; the longest first."""
        longest = sorted(self._since.items(), key=lambda item: item[1])
        named = ", ".join(one_line(f"{name} since {since:%H:%M:%S}", 100) for name, since in longest[:_MOST_NAMED])
        more = f" and {len(longest) - _MOST_NAMED} more" if len(longest) > _MOST_NAMED else ""
        return Text(f"{at:%H:%M:%S}   not kept yet: {named}{more}", style="dim")

    def frame(self, state: str) -> Group:
        """Return what a terminal shows: verdict, ``state``, changes, table; a low terminal cuts the table's end off."""
        parts = [verdict_line(self.last)] if self.last else []
        parts.append(Text(state, style="dim"))
        if self._since:
            parts.append(_fitting(self._still(self._seen_at), self.console.width))
        if self._changes:
            parts += [Text(), Text("CHANGES, newest first; * marks those of the last look", style="bold")]
            parts += [_fitting(line, self.console.width) for line in self._changes]
        if self.last:
            text = io.StringIO()
            drawn = Console(
                file=text, width=self.console.width, force_terminal=True, markup=False, emoji=False, highlight=False
            )
            component_table(Page(drawn), self.last, self._marked)
            parts.append(Text.from_ansi(text.getvalue()))
        return Group(*parts)

    def _line(self, at: dt.datetime, outcome: Outcome, what: str, result: Result) -> Text:
        one = self._cleaner.outcome(outcome)
        sign = Page(self.console).sign(result)
        told = f": {one_line(one.message, 300)}" if one.message and result is not Result.PASS else ""
        return Text.assemble(f"{at:%H:%M:%S} ", (f"{sign} ", STYLES[result]), f"{one.where} {what}{told}")


def _fitting(line: Text, width: int) -> Text:
    kept = line.copy()
    kept.truncate(width, overflow="ellipsis")
    return kept
