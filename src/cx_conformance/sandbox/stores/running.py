"""A server that runs as a process of its own and never outlives this one."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

_LAST_WORDS = 300
"""Characters of a server's log that are told where it ended by itself."""


class NotStarted(RuntimeError):  # noqa: N818 - the field's own word
    """A server could not be started; the text holds its last words."""


class Running(Protocol):
    """A started server."""

    def ready(self) -> bool:
        """Tell whether it answers yet."""
        ...

    def stop(self) -> None:
        """End it, and remove what it left."""
        ...


def accepts(address: str, port: int) -> bool:
    """Tell whether something accepts TCP connections there."""
    with socket.socket() as sock:
        sock.settimeout(0.5)
        return sock.connect_ex((address, port)) == 0


_given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of this address that nothing listens on, never the same twice in one process."""
    while True:
        with socket.socket() as sock:
            sock.bind((address, 0))
            port: int = sock.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


class ServerProcess:
    """One server process with a folder of its own.

    The kernel kills it when the *thread* that started it ends (``PR_SET_PDEATHSIG``, see prctl(2)), so start it from
    a thread that lives as long as the server is wanted.
    """

    def __init__(self, name: str, answers: Callable[[], bool], ending: signal.Signals = signal.SIGKILL) -> None:
        """Make the folder; ``answers`` tells whether the server can be used.

        ``ending`` is the signal that ends it: nothing here is worth a slow farewell, but PostgreSQL has processes and
        shared memory to clear away.
        """
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"cx-{name}-"))
        self._answers = answers
        self._ending = ending
        self._process: subprocess.Popen[bytes] | None = None
        self._companions: list[Running] = []

    def accompany(self, other: Running) -> None:
        """Have something stopped together with this server."""
        self._companions.append(other)

    def launch(
        self, command: Sequence[str], *, user: str | None = None, environment: dict[str, str] | None = None
    ) -> None:
        """Start the command, as another user where the server refuses root; its temporary files go to its folder."""
        as_whom = ["--reuid", user, "--regid", user, "--clear-groups"] if user else []
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                ["setpriv", "--pdeathsig", "KILL", *as_whom, "--", *command],  # noqa: S607 - util-linux, on the PATH
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**(environment or os.environ), "TMPDIR": str(self.folder)},
            )

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    @property
    def process_id(self) -> int | None:
        """The server's process, None before the start and after the end."""
        return self._process.pid if self._process else None

    def ready(self) -> bool:
        """Tell whether it answers; raise NotStarted when it has ended."""
        if self._process is None or self._process.poll() is not None:
            log = self._log.read_text("utf-8", "replace") if self._log.exists() else ""
            # What ends a program in Go says why before it tells where all of its goroutines were.
            last = log.partition("\ngoroutine ")[0].strip()[-_LAST_WORDS:]
            raise NotStarted(f"the server {self.name} ended before it answered; its last words: {last}")
        return self._answers()

    def wait(self, seconds: float = 30.0) -> Self:
        """Return when it answers; raise NotStarted when it ends or does not answer in time."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                if self.ready():
                    return self
                time.sleep(0.02)
        except NotStarted:
            self.stop()
            raise
        self.stop()
        raise NotStarted(f"the server {self.name} did not answer within {seconds:g} s")

    def stop(self) -> None:
        """End it gently, then firmly, and remove its folder."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(self._ending)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        while self._companions:
            self._companions.pop().stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Hand out the running server."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()
