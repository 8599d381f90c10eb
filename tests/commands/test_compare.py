"""``cx-conformance compare`` says what is different between two reports."""

import datetime as dt
import json
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.nights.history import History
from cx_conformance.reports.pack.directory import write_report
from tests.reports.made_up import STARTED, outcome, record

FAIL = Result.FAIL


def test_two_folders_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What broke is told with its message and ends in 1; what is still broken, since when; what comes and goes."""
    turning = [Result.PASS, FAIL, Result.PASS]
    runs = [
        record(
            outcome(FAIL, component="redis"),
            outcome(turned, component="minio"),
            started=STARTED + dt.timedelta(days=day),
        )
        for day, turned in enumerate(turning)
    ]
    new = record(
        outcome(FAIL),
        outcome(FAIL, component="redis"),
        outcome(FAIL, component="minio", message="it is open"),
        started=STARTED + dt.timedelta(days=3),
    )
    with History(tmp_path / "history.sqlite") as history:
        for run in runs:
            history.add(run)
    write_report(runs[-1], tmp_path / "old")
    write_report(new, tmp_path / "new")

    arguments = [str(tmp_path / "old"), str(tmp_path / "new" / "report.json"), "--history", str(history.path)]
    assert main(["compare", *arguments]) == 1
    shown = capsys.readouterr().out
    assert "BROKE: 2" in shown
    assert "CX203 Service type: ccm [ef-ccm-svc]\n    Service expertflow/ef-ccm-svc has type NodePort" in shown
    assert "since 2026-11-23" in shown
    assert "COMES AND GOES: 1\n  CX203 minio [ef-ccm-svc]: turned 3 times" in shown

    assert main(["compare", *arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [one["component"] for one in told["broke"]] == ["ccm", "minio"]
    assert told["still"][0]["since"] == STARTED.isoformat()


def test_what_one_thing_breaks_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forty paths behind one certificate were forty lines, and three for each of them."""
    names = [f"c{number:02}" for number in range(40)]
    kept = [outcome(component=name, evidence={"ms": 10}) for name in names]
    broken = [outcome(FAIL, component=name, message="it has expired", evidence={"ms": 100}) for name in names]
    write_report(record(*kept), tmp_path / "old", paper=False)
    write_report(record(*broken, outcome(FAIL, component="redis")), tmp_path / "new", paper=False)
    for more in ([], ["--upgrade"]):
        assert main(["compare", str(tmp_path / "old"), str(tmp_path / "new"), *more]) == 1
        shown = capsys.readouterr().out
        assert ("BROKE: 41, by 2 causes" in shown) != ("WELL BEFORE, BROKEN NOW: 40, by 1 cause" in shown)
        assert shown.count("it has expired") == 1
        told = " ".join(shown.split())
        assert "CX203 Service type: 40 promises of 40 components (c00, c01, c02 and 37 more)" in told
        assert ("30 more, with --json" in shown) is not bool(more)
        assert all(len(line) <= 80 for line in shown.splitlines())


def test_equal_reports_have_no_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and 0."""
    write_report(record(outcome()), tmp_path)
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 0
    assert capsys.readouterr().out == "Nothing is different, and nothing is broken.\n"


def test_half_a_report_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And so is one that is missing, and a history that is."""
    write_report(record(outcome()), tmp_path)
    whole = tmp_path / "report.json"
    half = tmp_path / "half.json"
    half.write_bytes(whole.read_bytes()[:300])
    for wrong, told in ((half, f"{half} is not JSON"), (tmp_path / "gone.json", "could not read")):
        assert main(["compare", str(wrong), str(whole)]) == 2
        assert told in capsys.readouterr().err
    assert main(["compare", str(whole), str(whole), "--history", str(tmp_path / "none")]) == 2
    assert "there is no history" in capsys.readouterr().err
