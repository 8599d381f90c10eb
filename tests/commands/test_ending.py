"""How the process of a command ends: at once, and nothing of what it had to say or to do is lost."""

import subprocess
import sys
from pathlib import Path

_COMMAND = """
import atexit, sys, threading, time
from cx_conformance.__main__ import command
atexit.register(print, "the temporary folders are gone")
threading.Thread(target=time.sleep, args=(600,)).start()
sys.argv = ["cx-conformance", "explain", "{check}"]
command()
"""


def _ended(check: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", _COMMAND.format(check=check)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_was_printed_and_what_was_to_be_done_in_the_end_is() -> None:
    """Through a pipe, whose buffer is written in the end; a thread that hangs is not waited for."""
    ended = _ended("CX101")
    assert ended.returncode == 0
    assert ended.stdout.startswith("CX101 ")
    assert ended.stdout.endswith("the temporary folders are gone\n")


def test_a_bug_of_a_command_is_told_in_a_sentence_and_says_nothing_of_the_platform() -> None:
    """Python's own status for it is 1, which is that of a platform that is broken."""
    breaking = "import cx_conformance.commands.explain as explain\nexplain.run = lambda _: {}['spec']\n"
    text = breaking + _COMMAND.format(check="CX101")
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 3
    assert ended.stderr == (
        "cx-conformance: the command itself broke: KeyError: 'spec' (<string>, line 2); please report it\n"
    )
    assert ended.stdout == "the temporary folders are gone\n"


def test_a_folder_that_is_gone_is_wrong_usage(tmp_path: Path) -> None:
    """As of a mount that was taken away under a shell."""
    gone = tmp_path / "gone"
    gone.mkdir()
    text = f"import os; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n" + _COMMAND.replace(
        '"explain", "{check}"', '"run", "--sandbox"'
    )
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        "cx-conformance: the current folder: No such file or directory; change into one that is there\n"
    )


def test_the_status_is_that_of_the_command() -> None:
    """Here of wrong usage, in words."""
    ended = _ended("CX999")
    assert ended.returncode == 2
    assert "CX999" in ended.stderr
