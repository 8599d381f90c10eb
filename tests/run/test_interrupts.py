"""An interrupt ends a run with its report, also where pytest alone would end without one."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from cx_conformance.commands import lint
from cx_conformance.run.interrupts import end_like_ctrl_c, hold
from cx_conformance.run.suite_files import suite_root

WAITING = """
apiVersion: v1
kind: Config
current-context: one
contexts: [{{name: one, context: {{cluster: one, user: one}}}}]
clusters: [{{name: one, cluster: {{server: "https://127.0.0.1:9"}}}}]
users:
- name: one
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: [-c, "sleep 0.5; echo begun > {fifo}; exec sleep 100"]
"""
"""A plug-in that waits. It says so when whoever started it waits for it, too: a signal before that, while Python makes
the process, would leave the plug-in behind, and with it the streams that this test reads to their end."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("way", [("cx_conformance", "run"), ("pytest", "checks")])
def test_what_ends_a_run_before_its_first_look_leaves_a_report(
    number: signal.Signals, way: tuple[str, ...], tmp_path: Path
) -> None:
    """As where a credential plug-in waits for a browser that nobody has; every promise is said to be unseen."""
    fifo, kubeconfig = tmp_path / "fifo", tmp_path / "kubeconfig"
    os.mkfifo(fifo)
    kubeconfig.write_text(WAITING.format(fifo=fifo))
    given = ("--kubeconfig", kubeconfig, "--only", "CX101", "--report", tmp_path / "report", "--no-pdf")
    process = subprocess.Popen(
        [sys.executable, "-m", *way, *map(str, given)],
        cwd=suite_root(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert fifo.read_text() == "begun\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # the plug-in
    assert process.returncode == 130, out + err
    assert "Traceback" not in out + err
    assert "KeyboardInterrupt" not in out + err
    assert out.rstrip().splitlines()[-1].startswith("Verdict: ")
    told = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert (told["verdict"], told["run"]["interrupted"]) == ("inconclusive", True)
    assert {one["message"] for one in told["outcomes"]} == {"not looked at: the run was interrupted"}
    assert {one["check"] for one in told["outcomes"]} == {"CX101"}


def test_a_command_that_is_interrupted_exits_130_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever it is."""

    def interrupted(_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(lint, "run", interrupted)
    assert main(["lint"]) == 130
    assert capsys.readouterr().err == "cx-conformance: interrupted before there was anything to report\n"


def test_the_second_interrupt_is_not_held() -> None:
    """Whoever means it is not made to wait."""
    before = [(one, signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    noted: list[bool] = []
    try:
        hold(lambda: noted.append(True))
        signal.raise_signal(signal.SIGTERM)
        assert noted == [True]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        end_like_ctrl_c()
        signal.raise_signal(signal.SIGHUP)  # as nohup has it
    finally:
        for one, handler in before:
            signal.signal(one, handler)
