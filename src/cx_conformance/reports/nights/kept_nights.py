"""What is kept of the nights before: JUnit files beside the report, whole packs in a bucket.

In a bucket each night has a folder of its own, ``nights/<when>/``, whose ``report.json`` comes last, so that a night
that was cut off is known by what it lacks. ``latest/`` holds the last pack under names that do not change.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Final

from cx_conformance.reports.file_names import EVIDENCE, JUNIT, NIGHTS, REPORT, SIGNATURE, SUMMED, SUMS
from cx_conformance.reports.nights.bucket import Bucket
from cx_conformance.reports.sums import summed
from cx_conformance.reports.writing import not_written, replacing

LATEST: Final = "latest"
HISTORY: Final = "history.sqlite"
_STAMP: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z")


def stamp(started: dt.datetime) -> str:
    """Return how a night is named: ``2026-11-23T020000Z``."""
    return f"{started.astimezone(dt.UTC):%Y-%m-%dT%H%M%SZ}"


def keep_junit(directory: Path, started: dt.datetime, nights: int) -> None:
    """Copy the JUnit file of the report in ``directory`` to its folder of nights, and keep the last so many.

    Raises ReportNotWritten.
    """
    folder = directory / NIGHTS
    path = folder / f"{stamp(started)}.xml"
    try:
        folder.mkdir(exist_ok=True)
        content = (directory / JUNIT).read_bytes()
        with replacing(path) as file:
            file.write(content)
        ours = sorted(one for one in folder.glob("*.xml") if _STAMP.fullmatch(one.stem))
        for one in ours[:-nights]:
            one.unlink()
    except OSError as reason:
        raise not_written(path, reason) from reason


def store_pack(bucket: Bucket, directory: Path, started: dt.datetime, nights: int | None) -> None:
    """Store the pack in ``directory`` as a night and as the latest; delete nights beyond so many (None: keep all).

    Raises BucketRefused; what was stored until then stays.
    """
    here = [name for name in (*summed(directory), SUMS, SIGNATURE) if (directory / name).is_file()]
    here.sort(key=lambda name: name == REPORT)
    for folder in (f"{NIGHTS}/{stamp(started)}", LATEST):
        for name in here:
            bucket.store(directory / name, f"{folder}/{name}")
    for name in bucket.names(f"{LATEST}/"):
        if is_of_pack(within := name.removeprefix(f"{LATEST}/")) and within not in here:
            bucket.delete(name)
    if nights is not None:
        _forget(bucket, nights)


def is_of_pack(name: str) -> bool:
    """Whether a file of that name, relative to a pack's folder, is one of its own."""
    return name in (*SUMMED, SUMS, SIGNATURE) or name.startswith(f"{EVIDENCE}/")


def _forget(bucket: Bucket, nights: int) -> None:
    """Delete the oldest nights; what is not named like one of ours is left alone."""
    by_night: dict[str, list[str]] = {}
    for name in bucket.names(f"{NIGHTS}/"):
        night = name.split("/")[1]
        if _STAMP.fullmatch(night):
            by_night.setdefault(night, []).append(name)
    for night in sorted(by_night)[:-nights]:
        for name in by_night[night]:
            bucket.delete(name)
