"""Where the runs of a fleet come from: a warm process that divides itself, or else a new one for each."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol, Self

from cx_conformance.fleet.warm import WARM

_FORKS: Final = sys.platform == "linux"
"""Elsewhere the libraries of the system do not allow to divide a process that has used them."""
_BEGIN_S: Final = 30.0
"""For the warm process to import and divide; on a busy machine that takes its time."""


class Running(Protocol):
    """A process that runs a command, as ``subprocess.Popen`` has it."""

    @property
    def pid(self) -> int:
        """Return its number, which is that of its session, too."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status; raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""


class Processes:
    """Starts the command ``cx-conformance`` as often as is wanted; for several threads."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._warm: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._divided: dict[int, Divided] = {}
        self._number = 0

    def start(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Running:
        """Run the command with ``arguments`` in a session of its own; what it prints goes to ``log``."""
        if _FORKS:
            with suppress(OSError, TimeoutError):
                return self._divide(arguments, log, environment)
        return self._begin(arguments, log, environment)

    def close(self) -> None:
        """End the warm process; what it has become before goes on."""
        with self._lock:
            warm, self._warm = self._warm, None
        if warm is not None:
            if warm.stdin is not None:
                with suppress(OSError):
                    warm.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                warm.wait(5)
            warm.kill()
            warm.wait()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _divide(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> "Divided":
        with self._lock:
            warm = self._warmed(environment)
            self._number += 1
            divided = self._divided[self._number] = Divided()
            order = {
                "number": self._number,
                "arguments": list(arguments),
                "log": str(log),
                "environment": dict(environment),
            }
            assert warm.stdin is not None
            warm.stdin.write(json.dumps(order).encode() + b"\n")
            warm.stdin.flush()
        divided.begun()
        return divided

    def _warmed(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        if self._warm is None or self._warm.poll() is not None:
            self._warm = subprocess.Popen(  # noqa: S603 - this very suite
                [sys.executable, "-m", "cx_conformance", WARM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=dict(environment),
                start_new_session=True,
            )
            threading.Thread(target=self._listen, args=(self._warm.stdout,), daemon=True).start()
        return self._warm

    def _listen(self, events: IO[bytes]) -> None:
        with events:
            for line in events:
                said = json.loads(line)
                divided = self._divided[said["number"]]
                if "process" in said:
                    divided.began(said["process"])
                else:
                    divided.ended(said["status"])
        for divided in self._divided.values():
            divided.lost()

    @staticmethod
    def _begin(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Running:
        with log.open("wb") as printed:
            return subprocess.Popen(  # noqa: S603 - this very suite, with names from the inventory
                [sys.executable, "-m", "cx_conformance", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )


class Divided:
    """A process that the warm one has become."""

    def __init__(self) -> None:
        """Know nothing of it yet."""
        self.pid = 0
        self._began = threading.Event()
        self._ended = threading.Event()
        self._status = -signal.SIGKILL

    def begun(self) -> None:
        """Wait until it runs; raises TimeoutError when it does not."""
        if not self._began.wait(_BEGIN_S) or not self.pid:
            raise TimeoutError("the warm process does not divide itself")

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status; raises subprocess.TimeoutExpired."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("cx-conformance", timeout or 0.0)
        return self._status

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if not self._ended.is_set():
            os.kill(self.pid, sig)

    def began(self, process: int) -> None:
        """Learn which process it is."""
        self.pid = process
        self._began.set()

    def ended(self, status: int) -> None:
        """Learn how it ended."""
        self._status = status
        self._ended.set()

    def lost(self) -> None:
        """Learn that nobody will tell how it ends: it counts as killed."""
        self._began.set()
        self._ended.set()
