"""Several processes (pytest-xdist): one sandbox, one look and one set of live probes for all of them."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from msgspec.structs import replace

from cx_conformance.outcome.looking import CouldNotLook

if TYPE_CHECKING:
    from cx_conformance.run.options import Options
    from cx_conformance.run.run import Run

_SHARED: Final = "cx_conformance_shared"
_KUBECONFIG: Final = "cx_conformance_kubeconfig"
_ASKED: Final = "cx_conformance_asked"
_RELEASE: Final = "cx_conformance_release"
WORKERS: Final = "cx-conformance-workers"
"""The name of the plug-in that is there when several processes judge."""
LIVE_GROUP: Final = "live"
"""The checks that share the live probes; all of them run in one process."""


def of_worker(config: pytest.Config) -> dict[str, Any] | None:
    """Return what the controller told this worker; None in the controller, or where there are no workers."""
    found: dict[str, Any] | None = getattr(config, "workerinput", None)
    return found


def adapted(options: "Options", told: dict[str, Any]) -> "Options":
    """Return the options of a worker: the controller's sandbox is its cluster, and its release the one promised."""
    if told[_RELEASE]:
        options = replace(options, release=told[_RELEASE])
    if options.sandbox is None:
        return options
    return replace(options, sandbox=None, kubeconfig=told[_KUBECONFIG], context=None)


def shared_snapshot(told: dict[str, Any] | None) -> Path | None:
    """Return where the workers of this run share their look; None where there is only one process."""
    return snapshot_in(Path(told[_SHARED])) if told else None


def snapshot_in(folder: Path) -> Path:
    """Return the file of the look in the folder that the processes share."""
    return folder / "snapshot.json"


class Worker:
    """Tells the controller what this worker has asked of the cluster; registered only in workers."""

    def __init__(self, run: "Run") -> None:
        """Tell of ``run``."""
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave the counts for the controller."""
        with suppress(CouldNotLook):
            if not self._run.options.snapshot:
                session.config.workeroutput[_ASKED] = self._run.cluster.tally.counts()  # type: ignore[attr-defined] # xdist's


class Controller:
    """Tells workers where to find what is shared; registered only where pytest-xdist starts some."""

    def __init__(self, run: "Run") -> None:
        """Share what ``run`` started."""
        self._run = run
        self.folder = Path(tempfile.mkdtemp(prefix="cx-conformance-"))
        run.looks.share(snapshot_in(self.folder))

    def pytest_configure_node(self, node: Any) -> None:
        """Pass on the folder, the sandbox's kubeconfig and the release that was decided on."""
        node.workerinput[_SHARED] = str(self.folder)
        embedded = self._run.looks.sandbox
        node.workerinput[_KUBECONFIG] = str(embedded.kubeconfig) if embedded else ""
        node.workerinput[_RELEASE] = self._run.looks.promises.release

    def pytest_testnodedown(self, node: Any) -> None:
        """Count what a worker has asked of the cluster as the run's; one that crashed could not tell."""
        told = getattr(node, "workeroutput", {}).get(_ASKED)
        with suppress(CouldNotLook):
            if told and not self._run.options.snapshot:
                self._run.cluster.tally.add(told)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)
