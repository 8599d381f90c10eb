"""Where the reports of a fleet lie: a folder of each cluster's, here or below a prefix of a bucket."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.file_names import REPORT
from cx_conformance.reports.formats.json_report import UnreadableReport, read_pack, report_of
from cx_conformance.reports.nights.bucket import Bucket
from cx_conformance.reports.nights.kept_nights import LATEST

UNREPORTED: Final = "unreported.json"
"""Says of the last visit why it left no report; beside the report of an earlier one, where there is one."""


class Source(Protocol):
    """Gives what was found out of each cluster."""

    def report(self, cluster: str) -> RunRecord | None:
        """Return the last report; None where there is none. Raises UnreadableReport."""

    def unreported(self, cluster: str) -> "Unreported | None":
        """Return why the last visit left no report; None where it did."""

    def page_of(self, cluster: str) -> str:
        """Return where the cluster's own page is, relative to the fleet's; empty where it cannot be reached so."""


class Unreported(Struct, frozen=True):
    """Why there is no report of a visit."""

    started: datetime
    words: str

    @classmethod
    def read(cls, content: bytes) -> "Unreported | None":
        """Read it; None for what is none."""
        try:
            held = json.loads(content)
            started = datetime.fromisoformat(held["started"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return cls(started, str(held.get("words", ""))) if started.tzinfo else None


class Folder(Struct, frozen=True):
    """Reports below a folder of this machine."""

    path: Path

    def report(self, cluster: str) -> RunRecord | None:
        """Return the report of ``<folder>/<cluster>/report.json``."""
        try:
            return read_pack(self.path / cluster)
        except FileNotFoundError:
            return None
        except OSError as reason:
            raise UnreadableReport(f"{self.path / cluster / REPORT} cannot be read: {reason.strerror}") from None

    def unreported(self, cluster: str) -> Unreported | None:
        """Return what the last visit left beside it."""
        path = self.path / cluster / UNREPORTED
        try:
            return Unreported.read(path.read_bytes()) if path.is_file() else None
        except OSError:
            return None

    def page_of(self, cluster: str) -> str:
        """Return its page in that folder."""
        return f"{cluster}/report.html"


class InBucket(Struct, frozen=True):
    """Reports that each run has published; raises BucketRefused where the bucket cannot be asked."""

    bucket: Bucket
    beside: bool = True
    """Whether the fleet's page is stored there too, so that it can lead to the clusters' own."""

    def report(self, cluster: str) -> RunRecord | None:
        """Return the latest that was published."""
        name = f"{cluster}/{LATEST}/{REPORT}"
        held = self.bucket.read(name)
        return None if held is None else report_of(held, f"{self.bucket.place}/{name}")

    def unreported(self, cluster: str) -> Unreported | None:
        """Return what the last visit left there."""
        held = self.bucket.read(f"{cluster}/{UNREPORTED}")
        return Unreported.read(held) if held else None

    def page_of(self, cluster: str) -> str:
        """Return its latest page, where that is beside the fleet's."""
        return f"{cluster}/{LATEST}/report.html" if self.beside else ""
