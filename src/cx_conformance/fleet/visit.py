"""One installation of a fleet, looked at by the very command that looks at one alone, in a process of its own."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.inventory import IN_CLUSTER, ListedCluster
from cx_conformance.fleet.processes import Processes, Running
from cx_conformance.outcome.verdict import EXIT_STATUS, INTERRUPTED
from cx_conformance.reports.file_names import REPORT
from cx_conformance.reports.fleet.source import UNREPORTED

GRACE_S: Final = 7.0
"""A run ends within two seconds of its limit and then writes its report; beyond this it is killed."""
_AFTER_ASKING_S: Final = 1.0
_SLOW_S: Final = 5.0
"""A cluster that answers has been looked at by then; one that has not is mostly waited for."""
_HISTORY: Final = "--history"
_REPORTED: Final = frozenset({*EXIT_STATUS.values(), INTERRUPTED})
_OWN: Final = ("SITE", "KUBECONFIG", "CONTEXT", "REPORT", "PUBLISH", "TIME_LIMIT", "SANDBOX", "SNAPSHOT", "JUNITXML")
"""Options of one cluster: what the environment says of them is meant for no fleet."""


class Errand(Struct, frozen=True, kw_only=True):
    """What is the same for every cluster of a fleet."""

    inventory: Path
    """Files that it names are relative to its folder."""
    folder: Path
    """Each report is written into a folder of its own below."""
    options: tuple[str, ...] = ()
    """Options of ``run`` that hold for all."""
    publish: str | None = None
    """The place in a bucket below which each report is stored under the cluster's name."""


class Visited(Struct, frozen=True, kw_only=True):
    """How it ended."""

    cluster: str
    status: int | None
    """Exit status of the command; None: it had to be killed, or was not started."""
    seconds: float
    words: str = ""
    """Why there is no report; empty where there is one."""


class Visit:
    """The process that looks at one cluster."""

    def __init__(self, cluster: ListedCluster, errand: Errand, processes: Processes) -> None:
        """Prepare; ``run`` starts it, as one of ``processes``."""
        self.cluster = cluster
        self.began: float | None = None
        """By the monotonic clock; None: it has not begun."""
        self.over = False
        self._errand = errand
        self._folder = errand.folder / cluster.name
        self._log = errand.folder / "logs" / f"{cluster.name}.txt"
        self._processes = processes
        self._process: Running | None = None
        self._interrupted = False

    def run(self, seconds: float, slow: Callable[[], None] = lambda: None) -> Visited:
        """Look at the cluster for at most so long, and return how that ended; the report is in its folder.

        ``slow`` is called where that takes longer than a cluster that answers.
        """
        started = datetime.now(UTC)
        self.began = time.monotonic()
        if self._interrupted:
            return self._ended(None, "not looked at: interrupted", started)
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment = _environment(os.environ, in_cluster=self.cluster.kubeconfig == IN_CLUSTER)
        # A session of its own, so that all it started can be ended, and Ctrl-C is told to it in good order.
        self._process = self._processes.start(self._command(seconds), self._log, environment)
        if self._interrupted:
            self.interrupt()
        if _waited(self._process, min(_SLOW_S, seconds)) is None:
            slow()
        status = self._wait(self._process, seconds + GRACE_S - min(_SLOW_S, seconds))
        return self._ended(status, "" if status is not None else f"it did not end within {seconds:g} s", started)

    def skip(self, why: str) -> Visited:
        """Return how a visit ends that there was no time for."""
        return self._ended(None, why, datetime.now(UTC))

    def interrupt(self) -> None:
        """Let the run end as by Ctrl-C: it reports what it has seen."""
        self._interrupted = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)

    def _command(self, seconds: float) -> list[str]:
        cluster, errand = self.cluster, self._errand
        words = ["run", "--report", str(self._folder)]
        words += ["--time-limit", f"{seconds:g}", *self._options()]
        if cluster.kubeconfig and cluster.kubeconfig != IN_CLUSTER:
            words += ["--kubeconfig", str(self._beside(cluster.kubeconfig))]
        if cluster.context:
            words += ["--context", cluster.context]
        if cluster.site:
            words += ["--site", str(self._beside(cluster.site))]
        if errand.publish:
            words += ["--publish", f"{errand.publish.rstrip('/')}/{cluster.name}"]
        return words

    def _options(self) -> list[str]:
        """Return the options that hold for all; a history that goes to the bucket is the cluster's own.

        It is fetched from beside the cluster's reports where there is no file yet, and stored there again: one file for
        all would be fetched and stored for the first cluster only.
        """
        options = list(self._errand.options)
        if self._errand.publish and _HISTORY in options:
            at = options.index(_HISTORY) + 1
            path = Path(options[at])
            options[at] = str(path.with_name(f"{path.stem}-{self.cluster.name}{path.suffix}"))
        return options

    def _beside(self, name: str) -> Path:
        return (self._errand.inventory.parent / Path(name).expanduser()).absolute()

    def _wait(self, process: Running, seconds: float) -> int | None:
        """Return the exit status; None where it had to be ended. What it started and left behind is killed."""
        status = _waited(process, seconds)
        if status is None:
            _tell(process, signal.SIGTERM)
            _waited(process, _AFTER_ASKING_S)
        _tell(process, signal.SIGKILL)
        process.wait()
        return status

    def _ended(self, status: int | None, words: str, started: datetime) -> Visited:
        """Say why there is no report of this visit, here and in a file beside the one that may be older."""
        self.over = True
        seconds = 0.0 if self.began is None else time.monotonic() - self.began
        if not words and (status not in _REPORTED or not self._written_since(started)):
            words = self._last_words() or f"it ended with exit status {status} and wrote no report"
        note = self._folder / UNREPORTED
        with suppress(OSError):
            if words:
                note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                note.write_text(json.dumps({"started": started.isoformat(), "words": words}) + "\n")
            else:
                note.unlink(missing_ok=True)
        return Visited(cluster=self.cluster.name, status=status, seconds=seconds, words=words)

    def _written_since(self, started: datetime) -> bool:
        with suppress(OSError):
            # File systems keep time more coarsely than the clock does.
            return (self._folder / REPORT).stat().st_mtime >= started.timestamp() - 2
        return False

    def _last_words(self) -> str:
        """Return the last line that the command wrote: what is wrong with its input."""
        with suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            return lines[-1][:500] if lines else ""
        return ""


def _waited(process: Running, seconds: float) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(seconds)
    return None


def _tell(process: Running, sign: signal.Signals) -> None:
    """Send a signal to the process and all of its session that is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def _environment(given: Mapping[str, str], *, in_cluster: bool) -> dict[str, str]:
    """Return the environment without what would lead every cluster's run to one and the same place."""
    dropped = {f"CX_CONFORMANCE_{name}" for name in _OWN} | ({"KUBECONFIG"} if in_cluster else set())
    return {name: value for name, value in given.items() if name not in dropped} | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), given.get("PYTHONPATH")))),
        "NO_COLOR": "1",
    }
