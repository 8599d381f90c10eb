"""Nights in a row: what is remembered, told and measured."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cx_conformance
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.run.nightly import Nightly
from cx_conformance.run.options import Options
from tests.reports.made_up import STARTED, outcome, record
from tests.reports.nights.gateway import keeping

SOURCES = str(Path(cx_conformance.__file__).parents[1])


def night(tmp_path: Path, *faults: str, address: str = "") -> subprocess.CompletedProcess[str]:
    """Run one night against an embedded cluster with these faults."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "cx_conformance", "run", f"--sandbox={','.join(faults)}", "--static"),
            *("--history", str(tmp_path / "history.sqlite"), "--report", str(tmp_path / "report")),
            *("--notify", "env:ADDRESSES", "--only", "workloads", "-p", "no:cacheprovider"),
        ],
        env={**os.environ, "ADDRESSES": address, "PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        check=False,
    )


def after(tmp_path: Path, day: int, result: Result) -> RunRecord:
    """Do what a run does at its end, and return its record."""
    options = Options(history=tmp_path / "history.sqlite", notify="env:ADDRESSES")
    nightly = Nightly(options)
    run = record(outcome(result), outcome(component="redis"), started=STARTED + dt.timedelta(days=day))
    run = nightly.remember(run)
    write_report(run, tmp_path / "report")
    nightly.notify(run)
    assert nightly.notes == []
    return run


def test_nights_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A good night, two with one failure, a good one: two notifications, and the report knows since when."""
    with keeping() as server:
        monkeypatch.setenv("ADDRESSES", f"json://127.0.0.1:{server.port}/hush-hush")
        after(tmp_path, 0, Result.PASS)
        after(tmp_path, 1, Result.FAIL)
        after(tmp_path, 2, Result.FAIL)
        history = json.loads((tmp_path / "report" / "report.json").read_bytes())["run"]["extra"]["history"]
        after(tmp_path, 3, Result.PASS)

    assert [json.loads(body)["title"] for _, body in server.posts] == [
        "acme-production non-conformant: 1 broke",
        "acme-production conformant: 1 fixed",
    ]
    assert [one["verdict"] for one in history["nights"]] == ["conformant", "non-conformant", "non-conformant"]
    assert history["strips"] == {"ccm": ["pass", "fail", "fail"], "redis": ["pass", "pass", "pass"]}
    assert [one["since"] for one in history["failing_since"]] == [history["nights"][1]["started"]]


@pytest.mark.timeout(120)
def test_a_failure_to_notify_or_to_remember_changes_no_verdict(tmp_path: Path) -> None:
    """It is said in a sentence."""
    (tmp_path / "history.sqlite").mkdir()
    ended = night(tmp_path, "absent-workload:ccm")

    assert ended.returncode == 1
    assert "could not use the history" in ended.stderr
    assert "could not notify: env:ADDRESSES holds no address" in ended.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"NOTIFY": "env:A"}, "--notify needs --history FILE"),
        ({"NOTIFY": "slack://hush-hush", "HISTORY": "h"}, "--notify: not a valid reference env:NAME or file:PATH"),
        ({"PUSHGATEWAY": "http://me:hush-hush@gateway"}, "--pushgateway: not a valid http or https address"),
    ],
)
def test_a_secret_does_not_belong_in_an_option(given: dict[str, str], told: str) -> None:
    """It is refused, and not repeated."""
    environment = {f"CX_CONFORMANCE_{name}": value for name, value in given.items()}
    with pytest.raises(ValueError, match=told) as raised:
        Options.read(object(), environment)
    assert "hush-hush" not in str(raised.value)
