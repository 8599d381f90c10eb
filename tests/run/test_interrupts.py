"""An interrupt ends a run with its report, also where pytest alone would end without one."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from cx_conformance.commands import lint
from cx_conformance.run.interrupts import end_like_ctrl_c, hold, insist, relent
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


EARLY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from cx_conformance.{module} import {owner}
def interrupted(*given, was={owner}.{step}, **more):
    signal.raise_signal(signal.{number})
    return was(*given, **more)
{owner}.{step} = interrupted
"""


@pytest.mark.parametrize(
    ("way", "module", "owner", "step"),
    [
        ("from cx_conformance.__main__ import command; command()", "", "__main__", "_parser_for"),
        ("from cx_conformance.__main__ import command; command()", "run.run", "Run", "__init__"),
        ("import pytest; sys.exit(pytest.main(sys.argv[1:]))", "run.options", "Options", "read"),
    ],
    ids=["while the command is read in", "while the blueprint is read", "while pytest's options are read"],
)
def test_what_ends_a_run_before_its_options_are_read_leaves_a_report(
    way: str, module: str, owner: str, step: str, tmp_path: Path
) -> None:
    """It ended with 130 and none; as of every run, each promise is said to be unseen."""
    given = ("--sandbox", "--static", "--only", "CX101", "--report", tmp_path / "report", "--no-pdf")
    text = EARLY.format(module=module, owner=owner, step=step, number="SIGTERM" if module else "SIGINT")
    words = ["checks" if "pytest" in way else "run", *map(str, given)]
    ended = subprocess.run(
        [sys.executable, "-c", f"{text.replace('cx_conformance. ', 'cx_conformance ')}{way}", *words],
        cwd=suite_root(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 130, ended.stdout + ended.stderr
    assert "KeyboardInterrupt" not in ended.stdout + ended.stderr
    assert ended.stdout.rstrip().splitlines()[-1].startswith("Verdict: ")
    told = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert (told["verdict"], told["run"]["interrupted"]) == ("inconclusive", True)
    assert {one["message"] for one in told["outcomes"]} == {"not looked at: the run was interrupted"}


def test_a_command_that_is_interrupted_exits_130_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever it is."""

    def interrupted(_args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(lint, "run", interrupted)
    assert main(["lint"]) == 130
    assert capsys.readouterr().err == "cx-conformance: interrupted before there was anything to report\n"


def test_a_command_that_is_interrupted_while_it_is_read_in_ends_as_one_that_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That takes the longest where a machine is busy, and somebody sees the option that was forgotten."""

    def interrupted(_subparsers: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lint, "add_parser", interrupted)
    assert main(["lint"]) == 130
    assert capsys.readouterr().err == "cx-conformance: interrupted before there was anything to report\n"


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    """Leave this process as it was."""
    before = [(one, signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    hook = sys.unraisablehook
    yield
    sys.unraisablehook = hook
    for one, handler in before:
        signal.signal(one, handler)


@pytest.mark.usefixtures("signals_as_before")
def test_the_second_interrupt_is_not_held() -> None:
    """Whoever means it is not made to wait."""
    noted: list[bool] = []
    hold(lambda: noted.append(True))
    signal.raise_signal(signal.SIGTERM)
    assert noted == [True]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_like_ctrl_c()
    signal.raise_signal(signal.SIGHUP)  # as nohup has it


@pytest.mark.usefixtures("signals_as_before")
def test_an_interrupt_that_is_lost_comes_again_until_it_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    """As one that is raised in the callback of a weak reference, of which a run has thousands: Python drops it."""
    heard: list[bool] = []
    told = end_insisted_on(heard)
    held = [Object()]
    reference = weakref.ref(held[0], lambda _: signal.raise_signal(signal.SIGTERM))
    held.clear()
    assert reference() is None
    assert heard == []
    with pytest.raises(KeyboardInterrupt):
        threading.Event().wait(30)
    heard.append(True)
    threading.Event().wait(1.5)  # it does not come again
    assert told == []
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("signals_as_before")
def test_after_a_run_nobody_is_interrupted_twice() -> None:
    """What goes on in its process, as this session, has heard of a signal that comes once."""
    end_insisted_on([])
    relent()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    threading.Event().wait(1.5)


@pytest.mark.usefixtures("signals_as_before")
def test_a_run_leaves_nobody_behind_that_insists(capsys: pytest.CaptureFixture[str]) -> None:
    """It may be one of several in a process."""
    assert main(["run", "--sandbox", "--static", "--only", "CX101"]) == 0, capsys.readouterr()
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.usefixtures("signals_as_before")
def test_a_signal_that_came_before_the_end_of_a_run_does_not_come_after_it() -> None:
    """It may be waiting for its second time."""
    end_insisted_on([])
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    relent()
    threading.Event().wait(1.5)


@pytest.mark.usefixtures("signals_as_before")
def test_a_signal_wakes_the_main_thread_though_another_one_got_it() -> None:
    """Python looks for it in the main thread alone, which may wait for a lock for ever."""
    heard: list[bool] = []
    end_insisted_on(heard)

    def let_another_be_signalled() -> None:
        def be_signalled() -> None:
            time.sleep(0.2)  # until the main thread waits
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

        threading.Thread(target=be_signalled).start()
        given_up.wait()

    given_up = threading.Event()
    patience = threading.Timer(20, given_up.set)
    patience.start()
    with pytest.raises(KeyboardInterrupt):
        let_another_be_signalled()
    heard.append(True)
    patience.cancel()
    assert not given_up.is_set()


class Object:
    """Something that a weak reference can be made to."""


def end_insisted_on(heard: list[bool]) -> list[object]:
    """Handle signals as a run does, and return what Python tells of dropped exceptions from now on."""
    told: list[object] = []
    sys.unraisablehook = told.append
    end_like_ctrl_c()
    insist(lambda: bool(heard))
    return told
