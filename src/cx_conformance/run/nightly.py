"""What a run does beside its report when it is one of many nights: remember, publish metrics, tell what changed.

None of it changes the verdict; what cannot be done is said in a sentence.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_conformance.outcome.comparison import by_key
from cx_conformance.outcome.nights import STRIP, Night, failing_since, flapping, strips
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.file_names import METRICS
from cx_conformance.run.options import Options

if TYPE_CHECKING:
    from cx_conformance.reports.nights.bucket import Access, Bucket


class Nightly:
    """Follows one run by its options."""

    def __init__(self, options: Options, access: "Callable[[], Access] | None" = None) -> None:
        """Do what ``options`` ask for; ``access`` leads to the bucket of ``--publish`` (None: the environment does)."""
        self.options = options
        self._access = access
        self._bucket: Bucket | None = None
        self._fetched = False
        self.notes: list[str] = []
        """What could not be done, and what was found damaged, in sentences."""
        self._nights: list[Night] = []

    def remember(self, record: RunRecord) -> RunRecord:
        """Add the run to the history, and return it with what the nights before say of it."""
        self._fetch_metrics()
        if self.options.history is None:
            return record
        from cx_conformance.reports.nights.history import History, HistoryNotUsable
        from cx_conformance.reports.terminal.difference import night_of

        path = self.options.history
        self._fetch(path)
        try:
            with History(path) as history:
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
        """Keep the night's JUnit file and store the pack, as the options ask for; both follow the report's writing."""
        from cx_conformance.reports.nights.kept_nights import keep_junit
        from cx_conformance.reports.writing import ReportNotWritten

        directory = self.options.report
        if directory is None:
            return
        if self.options.keep is not None:
            try:
                keep_junit(directory, record.started, self.options.keep)
            except ReportNotWritten as reason:
                self.notes.append(str(reason))
        if self.options.publish is not None:
            self._publish(directory, record)

    def _publish(self, directory: Path, record: RunRecord) -> None:
        from cx_conformance.reports.nights.bucket import BucketRefused
        from cx_conformance.reports.nights.kept_nights import HISTORY, store_pack

        try:
            bucket = self._opened()
            store_pack(bucket, directory, record.started, self.options.keep)
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
        from cx_conformance.reports.nights.kept_nights import HISTORY
        from cx_conformance.reports.writing import ReportNotWritten, replacing

        try:
            kept = self._opened().read(HISTORY)
            if kept is not None:
                with replacing(path) as file:
                    file.write(kept)
        except (BucketRefused, ReportNotWritten) as reason:
            self.notes.append(f"could not fetch the history of the nights before: {reason}")
        else:
            self._fetched = True

    def _fetch_metrics(self) -> None:
        """Get the last night's metrics where none are here: when the platform was last conformant is carried over.

        What keeps them from being read keeps the report from being stored too, which is said then.
        """
        directory = self.options.report
        if self.options.publish is None or directory is None or (directory / METRICS).exists():
            return
        from cx_conformance.reports.nights.bucket import BucketRefused
        from cx_conformance.reports.nights.kept_nights import LATEST

        with suppress(BucketRefused, OSError):
            kept = self._opened().read(f"{LATEST}/{METRICS}")
            if kept is not None:
                directory.mkdir(parents=True, exist_ok=True)
                (directory / METRICS).write_bytes(kept)

    def _opened(self) -> "Bucket":
        """Return the bucket; raises BucketRefused."""
        from cx_conformance.reports.nights.bucket import Bucket, access_of_environment

        if self._bucket is None:
            if self.options.publish is None:
                raise AssertionError("nothing is published")
            self._bucket = Bucket(self.options.publish, (self._access or access_of_environment)())
        return self._bucket

    def tell(self, record: RunRecord) -> None:
        """Push the metrics and send the notification that the options ask for."""
        if self.options.pushgateway:
            from cx_conformance.reports.nights.pushing import NotPushed, push

            try:
                push(record, self.options.pushgateway)
            except NotPushed as reason:
                self.notes.append(str(reason))
        if self.options.notify:
            from cx_conformance.reports.nights.notifying import NotNotified, notify

            try:
                notify(record, self._earlier(record), self.options.notify, self.options.link or "")
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
