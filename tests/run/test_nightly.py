"""Nights in a row: what is remembered, told and measured."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

import cx_conformance
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.scrubber import Scrubber
from cx_conformance.run.leaving import _alone
from cx_conformance.run.nightly import Nightly
from cx_conformance.run.options import Options
from tests.hostile import servers
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
    assert "history.sqlite is no file, and is left alone" in ended.stderr
    assert "could not notify: env:ADDRESSES holds no address" in ended.stderr


EVIL = b"\x1b[2J\x1b[1;1H\xc2\x9b31m conformant\r\x07"
BUCKET_SAYS = {
    "broken XML": servers.say(servers.head("Content-Type: application/xml"), b"<ListBucketResult><Contents>" + EVIL),
    "a refusal": servers.say(
        servers.head("Content-Type: application/xml", status="403 Forbidden"),
        b"<Error><Code>AccessDenied</Code><Message>" + EVIL + b"</Message></Error>",
    ),
    "metrics of somebody else": servers.say(servers.head(), b"# HELP x" + EVIL + b'\nx{site="unnamed"} NaN\n'),
    "no HTTP": servers.say(EVIL * 100),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("says", BUCKET_SAYS)
def test_whatever_bucket_and_gateway_say_the_nights_pack_is_there(says: str, tmp_path: Path) -> None:
    """Each fails in words, alone; the words move no cursor, and the exit status is that of the verdict or 3."""
    with servers.web(BUCKET_SAYS[says]) as address:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "cx_conformance", "run", "--sandbox", "--static", "--only", "CX001"),
                *("--no-pdf", "--report", tmp_path / "report", "--history", tmp_path / "history.sqlite"),
                *("--publish", "s3://nights/acme", "--pushgateway", address, "-p", "no:cacheprovider"),
            ],
            env={
                **os.environ,
                "PYTHONPATH": SOURCES,
                "AWS_ENDPOINT_URL": address,
                "AWS_ACCESS_KEY_ID": "id",
                "AWS_SECRET_ACCESS_KEY": "hush-hush",
            },
            capture_output=True,
            check=False,
        )
    said = (ended.stdout + ended.stderr).decode()
    assert ended.returncode in (0, 3)
    assert "Traceback" not in said
    assert "hush-hush" not in said
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(said)
    assert "bucket" in said or "publish" in said
    assert verify(tmp_path / "report").problems == []
    assert (tmp_path / "history.sqlite").is_file()


def test_what_nobody_has_thought_of_costs_itself_alone() -> None:
    """It is told without what is secret, and the next thing is done."""
    run: Any = SimpleNamespace(scrubber=Scrubber([SecretStr("hush-hush")]))
    nightly = Nightly(Options())

    def surprise() -> None:
        raise ZeroDivisionError("at hush-hush")

    assert _alone(run, nightly, surprise) is None
    assert _alone(run, nightly, lambda: "done") == "done"
    assert nightly.notes == [
        "something beside the report could not be done: ZeroDivisionError: at ***; please report it"
    ]


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
