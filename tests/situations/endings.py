"""How a run ends that does not end by itself, and where its reports go."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.outcome.judge import Judge
from cx_conformance.run.suite_files import suite_root
from tests.checks.installation import Installation
from tests.situations.command import SECONDS, Done
from tests.situations.situation import situation
from tests.situations.stage import FEW, Act

GROUP = "Interruptions, the suite itself, and where reports go"
TMPFS = "unshare -Urm and a tmpfs"


def _interrupted(act: Act, number: signal.Signals) -> Done:
    """Send a signal while the command waits for an answer of the API server."""
    listener = act.opened.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(SECONDS)
    path = act.kubeconfig(f"http://127.0.0.1:{listener.getsockname()[1]}")
    running = act.start("run", "--junitxml", "junit.xml", "--kubeconfig", path, "--site", act.site(), "--static")
    asking, _ = listener.accept()
    with asking:
        os.kill(running.process.pid or 0, number)
        return running.end()


@situation(GROUP, status=130)
def interrupted(act: Act) -> Done:
    """Ctrl-C while the cluster is looked at."""
    return _interrupted(act, signal.SIGINT)


@situation(GROUP, status=130)
def terminated(act: Act) -> Done:
    """A supervisor ends the run (SIGTERM)."""
    return _interrupted(act, signal.SIGTERM)


@situation(GROUP, status=130)
def hung_up(act: Act) -> Done:
    """The terminal goes away (SIGHUP)."""
    return _interrupted(act, signal.SIGHUP)


@situation(GROUP, status=3)
def buggy_check(act: Act) -> Done:
    """A check has a bug."""
    return act.run("--snapshot", _few(act), "--site", act.site(), bend=_break_one_check)


@situation(GROUP, status=3)
def buggy_suite(act: Act) -> Done:
    """The suite itself breaks in the middle."""
    return act.run("--snapshot", _few(act), "--site", act.site(), bend=_break_the_judge)


@situation(GROUP, status=1)
def first_failure(act: Act) -> Done:
    """The run is to stop at the first failure (pytest's `-x`)."""
    installation = Installation(site=dict(FEW))
    installation.remove("Deployment", "ef-ccm")
    return act.run("--snapshot", act.snapshot(installation), "--site", act.site(), "-x")


@situation(GROUP, status=2)
def report_is_a_file(act: Act) -> Done:
    """`--report` names a file."""
    return act.run("--snapshot", _few(act), "--report", act.write("report", "mine"))


@situation(GROUP, status=2)
def report_of_somebody_else(act: Act) -> Done:
    """`--report` names a folder in which somebody else's report.json stands."""
    act.write("report.json", "{}")
    return act.run("--snapshot", _few(act), "--report", act.folder)


@situation(GROUP, status=2)
def junit_below_a_file(act: Act) -> Done:
    """`--junitxml` names a place below a file."""
    act.write("taken", "mine")
    return act.run("--snapshot", _few(act), "--junitxml", "taken/junit.xml")


@situation(GROUP, status=2, needs=TMPFS)
def read_only(act: Act) -> Done:
    """`--report` names a place on a read-only file system."""
    return _on_a_tmpfs(act, "ro", "--report", "mounted/report")


@situation(GROUP, status=3, needs=TMPFS)
def disk_full(act: Act) -> Done:
    """The disk of the report is full; every promise is kept."""
    return _on_a_tmpfs(act, "size=8k", "--report", "mounted")


@situation(GROUP, status=3)
def stdout_full(act: Act) -> Done:
    """What is printed goes to a full disk (`> /dev/full`)."""
    return _in_a_shell(act, '"$@" > /dev/full', *_command(act))


@situation(GROUP, status=0)
def broken_pipe(act: Act) -> Done:
    """The reader of what is printed has gone (`| head -1`)."""
    script = 'set -o pipefail; { "$@"; echo $? > status; } | head -1; exit "$(cat status)"'
    return _in_a_shell(act, script, *_command(act))


def _few(act: Act) -> Path:
    return act.snapshot(Installation(site=dict(FEW)))


def _command(act: Act) -> list[str | Path]:
    files: list[str | Path] = ["--snapshot", _few(act), "--site", act.site(), "--junitxml", act.folder / "junit.xml"]
    return [sys.executable, "-m", "cx_conformance", "run", *files]


def _in_a_shell(act: Act, script: str, *arguments: str | Path) -> Done:
    """Run a command as a shell does: in a process of its own, with all that it imports."""
    environment = os.environ | {"PYTHONPATH": str(suite_root() / "src"), "COLUMNS": "1000"}
    done = subprocess.run(
        ["bash", "-c", script, "bash", *map(str, arguments)],
        cwd=act.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return Done(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


def _on_a_tmpfs(act: Act, mount: str, *arguments: str) -> Done:
    (act.folder / "mounted").mkdir()
    script = f'mount -t tmpfs -o {mount} tmpfs mounted && exec "$@"'
    inner = ["unshare", "-Urm", "bash", "-c", script, "bash", *map(str, _command(act)), *arguments]
    return _in_a_shell(act, 'exec "$@"', *inner)


@cache
def missing(needs: str) -> bool:
    """Whether this machine lacks what a situation needs."""
    if not needs:
        return False
    if shutil.which("unshare") is None:
        return True
    tried = subprocess.run(
        ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode != 0


def _break_one_check() -> None:
    """Let the check of a Service's type have a bug."""
    original = Judge._look

    def look(self: Judge, check: Any, *rest: Any) -> None:
        if check.id == "CX202":
            raise KeyError("spec")
        original(self, check, *rest)

    pytest.MonkeyPatch().setattr(Judge, "_look", look)


def _break_the_judge() -> None:
    """Let the suite break at the first check of Services."""
    original = Judge.outcome

    def outcome(self: Judge, check: Any, *rest: Any) -> Any:
        if check.id == "CX202":
            raise RuntimeError("this is a bug")
        return original(self, check, *rest)

    pytest.MonkeyPatch().setattr(Judge, "outcome", outcome)
