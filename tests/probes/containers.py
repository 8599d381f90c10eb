"""Containers made of a shell and a few programs: exec as a local process whose PATH holds nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLACE = ContainerPlace(namespace="expertflow", pod="ef-ccm-0", container="ccm")

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


def locally(_: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
    """Run on this machine as in a container."""
    done = subprocess.run([*argv], input=stdin, capture_output=True, timeout=limits.total_seconds, check=False)
    return ExecResult(
        stdout=done.stdout,
        stderr=done.stderr,
        exit_code=done.returncode,
        ending=Ending.EXITED,
        milliseconds=1.0,
    )


def program(name: str) -> str:
    """Return the path of a program of this machine; skip the test without it, or fail where all must be there."""
    # A test's Python may be reached through a wrapper that needs a shell.
    path = str(Path(sys.executable).resolve()) if name == "python3" else shutil.which(name)
    if path is None:
        reason = f"{name} is not installed (Debian packages busybox, netcat-openbsd, netcat-traditional, curl, wget)"
        if os.environ.get("CX_CONFORMANCE_ALL_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


class Container:
    """Runs programs as in a container that has only ``programs`` (name: program of this machine, or a script)."""

    def __init__(self, folder: Path, shell: str, programs: Mapping[str, str], *, wrapper: Sequence[str] = ()) -> None:
        """Fill ``folder``, which becomes the whole PATH; start through ``wrapper``."""
        self.shell = [program(SHELLS[shell][0]), *SHELLS[shell][1:]]
        self.folder = folder
        self.wrapper = [*wrapper]
        self.pids: list[int] = []
        for name, source in programs.items():
            if source.startswith("#!"):
                (folder / name).write_text(source)
                (folder / name).chmod(0o755)
            else:
                (folder / name).symlink_to(program(source))

    def __call__(self, _: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Run, in a session of its own."""
        assert argv[0] == "sh"
        began = time.monotonic()
        with subprocess.Popen(
            [*self.wrapper, *self.shell, *argv[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": str(self.folder)},
            start_new_session=True,
        ) as process:
            self.pids.append(process.pid)
            try:
                stdout, stderr = process.communicate(stdin, limits.total_seconds)
                ending = Ending.EXITED
            except subprocess.TimeoutExpired as error:
                process.kill()
                stdout, stderr, ending = error.stdout or b"", error.stderr or b"", Ending.OUT_OF_TIME
        return ExecResult(
            stdout=stdout,
            stderr=stderr,
            exit_code=process.returncode if ending is Ending.EXITED else None,
            ending=ending,
            milliseconds=(time.monotonic() - began) * 1000,
        )

    def left_behind(self) -> list[str]:
        """Return the processes that live on in the sessions of the programs run, zombies included."""
        left = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                text = stat.read_text()
            except OSError:
                continue
            if int(text.rpartition(")")[2].split()[3]) in self.pids:
                left.append(text)
        return left
