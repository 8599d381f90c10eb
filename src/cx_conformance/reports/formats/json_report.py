"""Writes and reads ``report.json``: every outcome with its evidence, by the schema in ``report_schema``."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import structs, to_builtins
from pydantic import ValidationError

from cx_conformance.blueprint.problems import dotted
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.record import ClusterFacts, EdgeRecord, Input, ReleaseRecord, RunRecord, WaiverState
from cx_conformance.reports.cleaning import Cleaner
from cx_conformance.reports.file_names import REPORT
from cx_conformance.reports.formats.report_shape import SCHEMA_ID, Report
from cx_conformance.reports.legible import one_line
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.reports.writing import replacing
from cx_conformance.wire.whole_file import opened

_LISTS_OF_CLUSTER: Final = ("ingress_classes", "ingress_controllers", "load_balancers", "cautions")
MOST: Final = 256 * 2**20
"""Bytes of a report that is read; one of 50,000 promises has 100 MiB."""


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
    """Return the run that ``path`` holds; OSError when it cannot be read, UnreadableReport when it is no report.

    It is held to the published schema first: whoever made it, a reader meets nothing that this suite does not write.
    """
    with opened(path) as file:
        return report_of(file.read(MOST + 1), str(path))


def read_pack(folder: Path) -> RunRecord:
    """Return the run that the pack in ``folder`` tells of; raises as ``read_json``.

    What stands there and is no file is not opened: a pipe would be waited for without end.
    """
    path = folder / REPORT
    if path.exists() and not path.is_file():
        raise UnreadableReport(f"{path} is no file; give the folder of a report of this suite")
    return read_json(path)


def report_of(content: bytes, path: str) -> RunRecord:
    """Return the run that the ``content`` of ``path`` tells of; UnreadableReport when it is none."""
    if len(content) > MOST:
        raise UnreadableReport(f"{path} is larger than {MOST // 2**20} MiB; no report of this suite is")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as reason:
        raise UnreadableReport(f"{path} is not JSON: {reason}; give a report.json of this suite") from None
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA_ID:
        raise UnreadableReport(f"{path} has schema {_shortened(found)}; a report of this suite has {SCHEMA_ID!r}")
    try:
        Report.model_validate(document)
    except ValidationError as wrong:
        raise UnreadableReport(f"{path} {_misfits(wrong)}; its shape is in docs/schema/report.schema.json") from None
    return _record(document)


def _misfits(wrong: ValidationError) -> str:
    """Say which field does not fit, and how; of several the first, and how many there are."""
    first, *others = wrong.errors(include_url=False, include_context=False, include_input=False)
    place = one_line(dotted(first["loc"]), 200)
    said = f"lacks {place}" if first["type"] == "missing" else f"does not fit: {place}: {one_line(first['msg'], 300)}"
    return f"{said} (and {len(others):,} more)" if others else said


def _shortened(value: object) -> str:
    """Return what stands there for a message, of bounded length."""
    return one_line(repr(value)[:1000], 100)


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
    told: dict[str, Any] = to_builtins(structs.replace(record, outcomes=()))
    del told["outcomes"]
    return told | {"started": record.started.isoformat()}


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
    lists = {name: tuple(shown.get(name, ())) for name in _LISTS_OF_CLUSTER}
    return ClusterFacts(**dict(shown) | lists | {"images": images})


def _waiver(shown: Mapping[str, Any]) -> WaiverState:
    return WaiverState(**dict(shown) | {"expires": dt.date.fromisoformat(shown["expires"])})
