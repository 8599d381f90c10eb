"""What a run does beside its report when it is one of many nights: remember, publish metrics, tell what changed.

None of it changes the verdict; what cannot be done is said in a sentence.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cx_conformance.outcome.comparison import by_key
from cx_conformance.outcome.nights import STRIP, Night, failing_since, flapping, strips
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.file_names import METRICS
from cx_conformance.run.options import Options
from cx_conformance.wire.bounds import SMALL

if TYPE_CHECKING:
    from cx_conformance.reports.nights.bucket import Access, Bucket

_FOR_BUCKET: Final = 30.0
"""Seconds for all that one run asks of a bucket."""


class Nightly:
    """Follows one run by its options."""

    def __init__(
        self, options: Options, access: "Callable[[], Access] | None" = None, seconds: float = math.inf
    ) -> None:
        """Do what ``options`` ask for, within ``seconds`` in all.

        ``access`` leads to the bucket of ``--publish`` (None: the environment does).
        """
        self.options = options
        self._access = access
        self._ends = time.monotonic() + seconds
        self._bucket: Bucket | None = None
        self._fetched = False
        self.notes: list[str] = []
        """What could not be done, and what was found damaged, in sentences."""
        self.last_conformant: float | None = None
        """When the platform was last conformant, as the metrics in the bucket tell; None where they do not."""
        self._nights: list[Night] = []

    @property
    def adds(self) -> bool:
        """Whether the nights before may have something to add to the report."""
        return self.options.history is not None or self.options.publish is not None

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() > self._ends

    def give_up(self) -> None:
        """Do nothing more: somebody wants the run to end."""
        self._ends = -math.inf
        self.notes.append("what follows the report was left off, for the run was ended: history, bucket, notifications")

    def _allowed(self, seconds: float) -> float:
        return max(0.0, min(seconds, self._ends - time.monotonic()))

    def remember(self, record: RunRecord) -> RunRecord:
        """Add the run to the history, and return it with what the nights before say of it."""
        self._fetch_metrics(record)
        if self.options.history is None:
            return record
        from cx_conformance.reports.nights.history import WAIT_S, History, HistoryNotUsable
        from cx_conformance.reports.terminal.difference import night_of

        path = self.options.history
        self._fetch(path)
        try:
            with History(path, self._allowed(WAIT_S)) as history:
                if history.set_aside:
                    self.notes.append(f"the history {path} was damaged; it is now {history.set_aside}, a new one begun")
                self._nights = history.nights(record)
                self.notes += history.skipped
                history.add(record)
        except HistoryNotUsable as reason:
            self.notes.append(str(reason))
            return record
        shown = _shown([*self._nights, night_of(record)], record)
        return replace(record, extra={**record.extra, "history": shown})

    def keep(self, record: RunRecord) -> None:
        """Keep the night's JUnit file, as the options ask for."""
        if self.options.report is None or self.options.keep is None:
            return
        from cx_conformance.reports.nights.kept_nights import keep_junit
        from cx_conformance.reports.writing import ReportNotWritten

        try:
            keep_junit(self.options.report, record.started, self.options.keep)
        except ReportNotWritten as reason:
            self.notes.append(str(reason))

    def publish(self, record: RunRecord) -> None:
        """Store the pack, as the options ask for."""
        if self.options.report is None or self.options.publish is None:
            return
        from cx_conformance.reports.nights.bucket import BucketRefused
        from cx_conformance.reports.nights.kept_nights import HISTORY, store_pack

        try:
            bucket = self._opened()
            store_pack(bucket, self.options.report, record.started, self.options.keep)
            if self._fetched and self.options.history:
                bucket.store(self.options.history, HISTORY)
        except BucketRefused as reason:
            self.notes.append(f"could not publish the report: {reason}")

    def _fetch(self, path: Path) -> None:
        """Get the history from the bucket where none is here; it is stored there again with the report.

        A history that could not be read must not be written over by a new one: then nothing is stored.
        """
        if self.options.publish is None or path.exists():
            return
        from cx_conformance.reports.nights.bucket import BucketRefused
        from cx_conformance.reports.nights.history import is_database
        from cx_conformance.reports.nights.kept_nights import HISTORY
        from cx_conformance.reports.writing import ReportNotWritten, replacing

        begun = "could not fetch the history of the nights before"
        try:
            kept = self._opened().read(HISTORY)
            if kept is not None and not is_database(kept):
                self.notes.append(f"{begun}: what lies there as {HISTORY} is no database")
                return
            if kept is not None:
                with replacing(path) as file:
                    file.write(kept)
        except (BucketRefused, ReportNotWritten) as reason:
            self.notes.append(f"{begun}: {reason}")
        else:
            self._fetched = True

    def _fetch_metrics(self, record: RunRecord) -> None:
        """Ask the last night's metrics in the bucket when the platform was last conformant.

        What keeps them from being read keeps the report from being stored too, which is said then; what is no metrics
        of ours tells nothing, and is not kept.
        """
        if self.options.publish is None or self.options.report is None:
            return
        from cx_conformance.reports.nights.bucket import BucketRefused
        from cx_conformance.reports.nights.kept_nights import LATEST
        from cx_conformance.reports.nights.metrics import told_before

        with suppress(BucketRefused):
            kept = self._opened().read(f"{LATEST}/{METRICS}")
            if kept is not None:
                self.last_conformant = told_before(kept[:SMALL], record)

    def _opened(self) -> "Bucket":
        """Return the bucket; raises BucketRefused."""
        from cx_conformance.reports.nights.bucket import Bucket, access_of_environment

        if self._bucket is None:
            if self.options.publish is None:
                raise AssertionError("nothing is published")
            access = (self._access or access_of_environment)()
            self._bucket = Bucket(self.options.publish, access, self._allowed(_FOR_BUCKET))
        return self._bucket

    def push(self, record: RunRecord) -> None:
        """Push the metrics, as the options ask for."""
        if not self.options.pushgateway:
            return
        from cx_conformance.reports.nights.pushing import WHOLE_S, NotPushed, push

        try:
            push(record, self.options.pushgateway, seconds=self._allowed(WHOLE_S))
        except NotPushed as reason:
            self.notes.append(str(reason))

    def notify(self, record: RunRecord) -> None:
        """Send the notification that the options ask for."""
        if not self.options.notify:
            return
        from cx_conformance.reports.nights.notifying import WHOLE_S, NotNotified, notify

        earlier, link = self._earlier(record), self.options.link or ""
        try:
            notify(record, earlier, self.options.notify, link, seconds=self._allowed(WHOLE_S))
        except NotNotified as reason:
            self.notes.append(str(reason))

    def _earlier(self, record: RunRecord) -> RunRecord:
        """Return the night before in the words of ``record``: the same promises, as they ended then."""
        if not self._nights:
            return replace(record, outcomes=())
        night, now = self._nights[-1], by_key(record.outcomes)
        outcomes = [replace(now[key], result=result) for key, result in night.results.items() if key in now]
        return replace(record, started=night.started, outcomes=tuple(outcomes))


def _shown(nights: list[Night], record: RunRecord) -> Mapping[str, Any]:
    """Return what ``report.json`` holds of the nights, under ``extra.history``."""
    broken = [one for one in record.outcomes if one.result is Result.FAIL]
    since = {one.key: failing_since(nights, one.key) for one in broken}
    return {
        "nights": [{"started": one.started.isoformat(), "verdict": one.verdict} for one in nights[-STRIP:]],
        "strips": {component: [str(one) if one else None for one in row] for component, row in strips(nights).items()},
        "failing_since": [
            {"check": check, "component": component, "entry": entry, "since": when.isoformat()}
            for (check, component, entry), when in since.items()
            if when is not None
        ],
        "flapping": [
            {"check": check, "component": component, "entry": entry, "turns": turns}
            for (check, component, entry), turns in flapping(nights).items()
        ],
    }
