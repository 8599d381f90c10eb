"""A run with the embedded cluster leaves nothing in the folder for temporary files, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "cx_conformance", "run", "--sandbox", "--only", "stores,health"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that a server may enter which runs as somebody else."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def begun(folder: Path) -> subprocess.Popen[str]:
    """Start a run whose temporary files go to ``folder``."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "TMPDIR": str(folder)}
    return subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def left(folder: Path) -> list[str]:
    """Return what lies in ``folder`` when what goes away has had ten seconds for it."""
    until = time.monotonic() + 10
    while (found := sorted(one.name for one in folder.iterdir())) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_a_run_that_ends_leaves_nothing(folder: Path) -> None:
    """Neither servers' sockets and logs, nor folders."""
    with begun(folder) as process:
        said = process.communicate()[0]

    assert process.returncode == 0, said
    assert left(folder) == []


@pytest.mark.parametrize("sent", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_a_run_that_is_ended_leaves_nothing(sent: signal.Signals, folder: Path) -> None:
    """Nor when it is interrupted, or told to end, while its servers are at work."""
    with begun(folder) as process:
        while process.poll() is None and not list(folder.glob("*/cx-*/server.log")):
            time.sleep(0.05)
        process.send_signal(sent)
        said = process.communicate()[0]

    assert process.returncode == 130, said
    assert left(folder) == []
