"""Nights in a row: what is remembered, told and measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cx_conformance
from cx_conformance.options import Options
from tests.reports.gateway import keeping

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


@pytest.mark.timeout(240)
def test_three_nights_are_told_apart(tmp_path: Path) -> None:
    """A good night, one in which something breaks, one like it: one notification, and the report knows since when."""
    with keeping() as server:
        address = f"json://127.0.0.1:{server.port}/hush-hush"
        nights = [night(tmp_path, *faults, address=address) for faults in ((), *(2 * (("absent-workload:ccm",),)))]

    assert [one.returncode for one in nights] == [0, 1, 1], [one.stderr for one in nights]
    assert [json.loads(body)["title"].partition(":")[0] for _, body in server.posts] == ["unnamed non-conformant"]
    assert not any("hush-hush" in one.stdout + one.stderr for one in nights)
    history = json.loads((tmp_path / "report" / "report.json").read_bytes())["run"]["extra"]["history"]
    assert [one["verdict"] for one in history["nights"]] == ["conformant", "non-conformant", "non-conformant"]
    assert history["strips"]["ccm"] == ["pass", "fail", "fail"]
    assert history["failing_since"][0]["since"] == history["nights"][1]["started"]
    metrics = (tmp_path / "report" / "metrics.prom").read_text()
    assert 'cx_conformance_verdict{site="unnamed",verdict="non-conformant"} 1.0' in metrics
    assert "cx_conformance_last_conformant_timestamp_seconds" in metrics


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
