"""One page of a fleet: worst first, what is old or missing is told, and what drifts between clusters."""

import datetime as dt
import html
import json
from pathlib import Path

from msgspec.structs import replace

from cx_conformance.commands.fleet import _status
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.fleet import drift
from cx_conformance.reports.fleet.page import page, summary_of, write_fleet
from cx_conformance.reports.fleet.source import UNREPORTED, Folder
from cx_conformance.reports.fleet.standing import Standing, standing_of, standings
from cx_conformance.reports.formats.json_report import write_json
from tests.reports.made_up import CLUSTER, STARTED, outcome, record

NOW = STARTED + dt.timedelta(hours=1)


def running(*digests: str, version: str = "v1.36.2", result: Result = Result.PASS) -> RunRecord:
    """Return a run on a cluster whose ccm runs these images."""
    made = record(outcome(result))
    return replace(made, cluster=replace(CLUSTER, version=version, images={"ccm": digests}))


def written(folder: Path, **runs: RunRecord) -> Folder:
    """Write the reports of clusters by their names."""
    for name, run in runs.items():
        (folder / name).mkdir()
        write_json(run, folder / name / "report.json")
    return Folder(folder)


def test_the_worst_stands_first(tmp_path: Path) -> None:
    """Broken, then unknown, then inconclusive, then what is good; among equals by how much is broken, then by name."""
    more = record(outcome(Result.FAIL), outcome(Result.FAIL, entry="other"))
    runs = {
        "good": record(outcome()),
        "waived": record(outcome(Result.WAIVED)),
        "blind": record(outcome(Result.ERROR)),
        "one": record(outcome(Result.FAIL)),
        "two": more,
    }
    found = standings([*runs, "gone"], written(tmp_path, **runs), NOW)
    assert [one.cluster for one in found] == ["two", "one", "gone", "blind", "waived", "good"]


def test_what_was_not_reported_is_no_old_report(tmp_path: Path) -> None:
    """A visit that left no report outranks the report of the night before; a later report ends that."""
    source = written(tmp_path, acme=record(outcome()))
    note = tmp_path / "acme" / UNREPORTED
    note.write_text(json.dumps({"started": NOW.isoformat(), "words": "it did not end within 60 s"}))
    (found,) = standings(["acme"], source, NOW)
    assert (found.verdict, found.stale) == (None, True)
    assert found.words == "it did not end within 60 s; the last report is of 2026-11-23 02:00 UTC"

    note.write_text(json.dumps({"started": (STARTED - dt.timedelta(days=1)).isoformat(), "words": "down"}))
    (found,) = standings(["acme"], source, NOW)
    assert (found.verdict, found.stale, found.words) == ("conformant", False, "")


def test_a_report_of_the_week_before_is_marked(tmp_path: Path) -> None:
    """Nobody takes it for last night's."""
    source = written(tmp_path, acme=record(outcome()))
    (found,) = standings(["acme"], source, NOW + dt.timedelta(days=7))
    assert found.stale
    assert "<b>old</b>" in page("customers", [found], NOW)


def test_that_all_was_well_long_ago_is_not_known_today(tmp_path: Path) -> None:
    """Nobody has looked since: it stands before what is well, is counted by itself, and is no success."""
    week = dt.timedelta(days=7)
    written(tmp_path, acme=record(outcome()), globex=record(outcome(), started=STARTED + week))
    found = standings(["globex", "acme"], Folder(tmp_path), NOW + week)
    assert [(one.cluster, str(one.known)) for one in found] == [("acme", "inconclusive"), ("globex", "conformant")]
    assert summary_of(found) == "2 conformant; 1 of them by a report older than 36 h"
    assert _status(found) == 3
    assert _status(found[1:]) == 0


def test_a_damaged_report_is_told(tmp_path: Path) -> None:
    """It costs its own line and no other."""
    source = written(tmp_path, acme=record(outcome()), globex=record(outcome()))
    (tmp_path / "acme" / "report.json").write_text("{")
    first, second = standings(["globex", "acme"], source, NOW)
    assert "is not JSON" in first.words
    assert second.verdict == "conformant"


def test_drift_names_the_few() -> None:
    """What most have stands first; a component that is the same everywhere is not told."""
    common, other = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    found = [standing_of(name, running(common)) for name in ("one", "two", "three")]
    found.append(standing_of("four", running(other, version="v1.35.0")))
    (ccm,) = drift.images(found)
    assert [(one.value, one.clusters) for one in ccm.variants] == [
        ("sha256:aaaaaaaaaaaa", ("one", "three", "two")),
        ("sha256:bbbbbbbbbbbb", ("four",)),
    ]
    kubernetes = next(one for one in drift.versions(found) if one.name == "Kubernetes")
    assert [len(one.clusters) for one in kubernetes.variants] == [3, 1]
    assert drift.images(found[:3]) == []


def test_a_promise_that_many_break_stands_first() -> None:
    """With the clusters that break it."""
    both = [standing_of(name, record(outcome(Result.FAIL))) for name in ("two", "one")]
    one = standing_of("three", record(outcome(Result.FAIL, component="redis")))
    assert [(promise[2], clusters) for promise, clusters in drift.broken([*both, one])] == [
        ("ccm", ("one", "two")),
        ("redis", ("three",)),
    ]


def test_texts_are_escaped(tmp_path: Path) -> None:
    """Whatever a cluster calls itself, the page runs nothing and asks nobody."""
    hostile = "<script>alert(1)</script>"
    standing = standing_of(hostile, record(outcome(Result.FAIL, message=hostile)))
    path = write_fleet(hostile, [standing, Standing(cluster="gone", words=hostile)], tmp_path, NOW)
    text = path.read_text()
    assert "<script" not in text
    assert "default-src 'none'" in html.unescape(text)
    assert json.loads((tmp_path / "fleet.json").read_bytes())["fleet"] == hostile
