"""How the process of a command ends: at once, and nothing of what it had to say or to do is lost."""

import subprocess
import sys

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


def test_the_status_is_that_of_the_command() -> None:
    """Here of wrong usage, in words."""
    ended = _ended("CX999")
    assert ended.returncode == 2
    assert "CX999" in ended.stderr
