"""Writes and reads ``report.json``: every outcome with its evidence, by the schema in ``report_schema``."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.record import ClusterFacts, EdgeRecord, Input, ReleaseRecord, RunRecord, WaiverState
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.formats.report_schema import SCHEMA_ID
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing


class UnreadableReport(ValueError):  # noqa: N818 - what is wrong with the file
    """A file is no report of this suite; the text says what is wrong with it."""


def write_json(record: RunRecord, path: Path, scrubber: Scrubber | None = None) -> None:
    """Write the run to ``path``, whole or not at all; ReportNotWritten says why it could not.

    One outcome stands on one line, so that two reports can be compared by ``diff``.
    """
    cleaner = Cleaner(scrubber or Scrubber())
    with replacing(path) as file:
        for chunk in _document(record, cleaner):
            file.write(chunk)


def read_json(path: Path) -> RunRecord:
    """Return the run that ``path`` holds; OSError when it cannot be read, UnreadableReport when it is no report."""
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as reason:
        raise UnreadableReport(f"{path} is not JSON: {reason}; give a report.json of this suite") from None
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA_ID:
        raise UnreadableReport(f"{path} has schema {found!r}; a report of this suite has {SCHEMA_ID!r}")
    try:
        return _record(document)
    except (KeyError, TypeError, ValueError, AttributeError) as reason:
        told = f"lacks {reason}" if isinstance(reason, KeyError) else f"does not fit: {reason}"
        raise UnreadableReport(f"{path} {told}; its shape is in docs/schema/report.schema.json") from None


def _document(record: RunRecord, cleaner: Cleaner) -> Iterator[bytes]:
    run = _run(cleaner.run(record))
    head = {"schema": SCHEMA_ID, "verdict": str(record.verdict), "partial": record.partial, "run": run}
    yield orjson.dumps(head, option=orjson.OPT_INDENT_2)[: -len(b"\n}")]
    yield b',\n  "outcomes": ['
    separator = b"\n    "
    for outcome in cleaner.outcomes(record):
        yield separator + orjson.dumps(outcome.as_mapping())
        separator = b",\n    "
    yield b"\n  ]\n}\n"


def _run(record: RunRecord) -> dict[str, Any]:
    fields = {one.name: getattr(record, one.name) for one in dataclasses.fields(record) if one.name != "outcomes"}
    return fields | {
        "started": record.started.isoformat(),
        "blueprint": dataclasses.asdict(record.blueprint),
        "site": dataclasses.asdict(record.site),
        "release": dataclasses.asdict(record.release) if record.release else None,
        "cluster": dataclasses.asdict(record.cluster) if record.cluster else None,
        "edges": [dataclasses.asdict(one) for one in record.edges],
        "waivers": [dataclasses.asdict(one) | {"expires": one.expires.isoformat()} for one in record.waivers],
    }


def _record(document: Mapping[str, Any]) -> RunRecord:
    run = dict(document["run"])
    return RunRecord(
        **run
        | {
            "started": dt.datetime.fromisoformat(run["started"]),
            "blueprint": Input(**run["blueprint"]),
            "site": Input(**run["site"]),
            "release": _release(run.get("release")),
            "cluster": _cluster(run["cluster"]) if run["cluster"] is not None else None,
            "components": tuple(run["components"]),
            "edges": tuple(EdgeRecord(**one) for one in run.get("edges", ())),
            "waivers": tuple(_waiver(one) for one in run["waivers"]),
        },
        outcomes=tuple(Outcome.from_mapping(one) for one in document["outcomes"]),
    )


def _release(shown: Mapping[str, Any] | None) -> ReleaseRecord | None:
    """Read it; reports of earlier versions have none."""
    if shown is None:
        return None
    return ReleaseRecord(**dict(shown) | {name: tuple(shown.get(name, ())) for name in ("told", "not_covered")})


def _cluster(shown: Mapping[str, Any]) -> ClusterFacts:
    images = {component: tuple(digests) for component, digests in shown["images"].items()}
    lists = {name: tuple(shown.get(name, ())) for name in ("ingress_classes", "ingress_controllers", "load_balancers")}
    return ClusterFacts(**dict(shown) | lists | {"images": images})


def _waiver(shown: Mapping[str, Any]) -> WaiverState:
    return WaiverState(**dict(shown) | {"expires": dt.date.fromisoformat(shown["expires"])})
