"""Watching an installation: a line for each look and each change, and the last whole report when it ends."""

import datetime as dt
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from cx_conformance.__main__ import main
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.commands import watch
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.verdict import INTERRUPTED, WRONG_USAGE
from cx_conformance.reports.formats.json_report import read_json
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.terminal.watched import Watched
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.api.api_server import write_kubeconfig
from tests.checks.installation import blueprint
from tests.reports.made_up import outcome, record

LONG = "while :; do sleep 0.05; done"
NOW = dt.datetime(2026, 11, 23, 14, 0, 0, tzinfo=dt.UTC)


def watching(*options: str | Path, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start the command, piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "cx_conformance", "watch", *map(str, options)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(suite_root() / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield what it writes, line by line; fails when nothing comes for a minute."""
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    stream = process.stdout

    def read() -> None:
        for line in stream:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get(timeout=60)


@pytest.mark.timeout(240)
def test_changes_are_told_and_the_last_report_is_left(tmp_path: Path) -> None:
    """What breaks and heals between two looks, each once; Ctrl-C leaves the report of the last whole look."""
    reference = reference_installation(blueprint())
    with (
        EmbeddedCluster(reference, static=True) as cluster,
        watching(
            *("--every", "0.2", "--kubeconfig", cluster.kubeconfig, "--static", "--only", "platform,services"),
            *("--report", tmp_path / "report"),
        ) as process,
    ):
        lines = said(process)
        assert "conformant" in next(line for line in lines if "conformant" in line)
        cluster.inject("absent-service:ccm")
        broke = next(line for line in lines if "broke" in line)
        cluster.replace(reference)
        fixed = next(line for line in lines if "fixed" in line)
        process.send_signal(signal.SIGINT)
        rest = next(line for line in lines if line.startswith("Verdict: "))
        process.wait(timeout=60)

    assert "CX201 ccm [ef-ccm-svc] broke: " in broke
    assert "CX201 ccm [ef-ccm-svc] fixed" in fixed
    assert "conformant" in rest
    assert process.returncode == 0
    assert verify(tmp_path / "report").problems == []
    assert read_json(tmp_path / "report" / "report.json").interrupted is False


def test_a_wrong_option_ends_the_watch() -> None:
    """With what the run says of it, and its status."""
    with watching("--only", "nonsense", "--snapshot", "/nowhere.json") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "nonsense" in out or "nowhere" in out


@pytest.mark.parametrize(
    ("status", "said"),
    [(-signal.SIGKILL, ""), (WRONG_USAGE, "kubeconfig rke2.yaml: the file is empty")],
    ids=["killed", "kubeconfig being written"],
)
def test_a_look_that_leaves_no_report_is_not_told_as_the_one_before(
    monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    """As where the memory is full, or the kubeconfig is just being replaced; the next look counts again."""
    looks = iter([(Result.PASS, 0, ""), (None, status, said), (Result.FAIL, 1, "")])

    def look(options: Sequence[str]) -> tuple[int, str]:
        result, ended, words = next(looks, (None, None, ""))
        if ended is None:
            raise KeyboardInterrupt
        if result is not None:
            write_report(record(outcome(result)), Path(options[options.index("--report") + 1]), paper=False)
        return ended, words

    monkeypatch.setattr(watch, "_look", look)
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    assert main(["watch", "--every", "0.01"]) == 1
    lines = [line.partition(" ")[2] for line in text.getvalue().splitlines()[:4]]
    assert lines[0] == "conformant"
    assert lines[1] == f"the look left no report (exit status {status})" + (f": {said}" if said else "")
    assert lines[2].startswith("non-conformant")
    assert "broke" in lines[3]


def test_a_terminal_that_goes_away_ends_the_watch_and_its_look(tmp_path: Path) -> None:
    """As Ctrl-C does: no look goes on for nobody, and nothing is left in the folder for temporary files."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(suite_root() / "src"), "TMPDIR": str(temporary)}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = write_kubeconfig(tmp_path / "kubeconfig", f"https://127.0.0.1:{silent.getsockname()[1]}")
        process = subprocess.Popen(
            [sys.executable, "-m", "cx_conformance", "watch", "--static", "--kubeconfig", str(path)], env=environment
        )
        silent.settimeout(60)
        with silent.accept()[0]:
            looks = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            process.send_signal(signal.SIGHUP)
            assert process.wait(timeout=30) == INTERRUPTED
    assert looks
    assert not any(Path(f"/proc/{look}").exists() for look in looks)
    assert list(temporary.iterdir()) == []


def test_a_look_that_is_ended_may_take_away_what_it_has_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods that it asks from, for one; it was killed, and they stayed."""
    look = tmp_path / "look"
    look.write_text(f"#!/bin/sh\ntrap 'echo away > {tmp_path}/pods; exit' TERM\necho > {tmp_path}/pods\n{LONG}\n")
    look.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(look))

    def interrupt() -> None:
        while not (tmp_path / "pods").exists():
            time.sleep(0.02)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        watch._look([])
    assert (tmp_path / "pods").read_text() == "away\n"


def shown(watched: Watched) -> str:
    """Return a frame as text."""
    text = io.StringIO()
    Console(file=text, width=100).print(watched.frame("the next one in 42 s"))
    return text.getvalue()


def test_the_table_stays_in_sight_and_changes_are_marked() -> None:
    """A star at the component, a line with the hour below; the star goes with the next look, the line stays."""
    watched = Watched(Console(file=io.StringIO(), width=100))
    assert "the next one in 42 s" in shown(watched)
    watched.looked(record(outcome(), outcome(component="redis")), NOW)
    assert "ccm *" not in shown(watched)

    broken = record(outcome(Result.FAIL), outcome(component="redis"))
    (verdict, change, still) = watched.looked(broken, NOW + dt.timedelta(minutes=1))
    assert verdict.plain == "14:01:00 non-conformant: 1 cause, 1 promise (1 major)"
    assert change.plain.startswith("14:01:00 ✗ CX203 ccm [ef-ccm-svc] broke: ")
    assert still.plain == "14:01:00   not kept yet: ccm since 14:01:00"
    frame = shown(watched)
    assert "ccm *" in frame
    assert "redis *" not in frame
    assert "14:01:00 ✗ CX203 ccm" in frame

    assert len(watched.looked(broken, NOW + dt.timedelta(minutes=2))) == 2
    assert "not kept yet: ccm since 14:01:00" in shown(watched)
    assert "ccm *" not in shown(watched)
    assert "14:01:00 ✗ CX203 ccm" in shown(watched)


def test_many_changes_are_counted() -> None:
    """A namespace that vanishes does not push everything else out of sight."""
    watched = Watched(Console(file=io.StringIO(), width=100))
    watched.looked(record(*(outcome(entry=f"e{n}") for n in range(50))), NOW)
    lines = watched.looked(record(*(outcome(Result.FAIL, entry=f"e{n}") for n in range(50))), NOW)
    assert lines[-2].plain.endswith("and 44 more")
    assert len(lines) == 9


def test_what_is_not_kept_yet_is_told_with_since_when() -> None:
    """Jobs by their own names; what is kept again is not told any more, and begins anew when it breaks again."""
    watched = Watched(Console(file=io.StringIO(), width=200))
    failed = outcome(Result.FAIL, check="CX115", component="platform", evidence={"about": ["Job ef-external/schema"]})
    other = outcome(Result.FAIL, check="CX101", component="ccm")
    watched.looked(record(failed), NOW)
    lines = [str(one) for one in watched.looked(record(failed, other), NOW + dt.timedelta(minutes=3))]
    assert lines[-1] == "14:03:00   not kept yet: Job ef-external/schema since 14:00:00, ccm since 14:03:00"
    assert not any("not kept" in str(one) for one in watched.looked(record(), NOW + dt.timedelta(minutes=4)))
    (*_, last) = watched.looked(record(failed), NOW + dt.timedelta(minutes=5))
    assert str(last).endswith("Job ef-external/schema since 14:05:00")
