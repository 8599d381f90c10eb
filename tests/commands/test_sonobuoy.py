"""The plug-in keeps the contract with Sonobuoy's worker, here a server and a watcher that behave as it documents."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from junitparser import JUnitXml

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.snapshot import save
from cx_conformance.reports.formats.sonobuoy import Progress
from cx_conformance.run.suite_files import suite_root
from tests.checks.installation import Installation, blueprint
from tests.fleet.stage import hanging, kubeconfig
from tests.reports.nights.gateway import Kept, keeping

PLUGIN = suite_root() / "deploy" / "sonobuoy-plugin.yaml"


@dataclass
class Worker:
    """Waits for ``done``, reads the path in it and unpacks that file at once, as it would be sent."""

    folder: Path
    updates: Kept
    unpacked: Path
    ended: threading.Event = field(default_factory=threading.Event)
    trouble: list[Exception] = field(default_factory=list)

    def wait(self) -> None:
        """Take the results as soon as they are named."""
        until = time.monotonic() + 90
        while not (self.folder / "done").exists():
            if time.monotonic() > until:
                self.trouble.append(TimeoutError("no file done"))
                return
            time.sleep(0.005)
        try:
            with tarfile.open(Path((self.folder / "done").read_text())) as packed:
                packed.extractall(self.unpacked, filter="data")
        except (OSError, tarfile.TarError) as error:
            self.trouble.append(error)

    @property
    def posted(self) -> list[dict[str, object]]:
        """Return the progress updates, each from the path that the worker serves."""
        assert {path for path, _ in self.updates.posts} <= {"/progress"}
        return [json.loads(body) for _, body in self.updates.posts]


@contextmanager
def worker(tmp_path: Path) -> Iterator[Worker]:
    """Run a worker for one plug-in."""
    folder = tmp_path / "results"
    folder.mkdir()
    with keeping() as server:
        one = Worker(folder, server, tmp_path / "unpacked")
        thread = threading.Thread(target=one.wait)
        thread.start()
        yield one
        thread.join()
    assert one.trouble == []


def plug_in(one: Worker, *options: str | Path) -> subprocess.Popen[str]:
    """Start the plug-in's container."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(suite_root() / "src"),
        "SONOBUOY_RESULTS_DIR": str(one.folder),
        "SONOBUOY_PROGRESS_PORT": str(one.updates.port),
    }
    words = [sys.executable, "-m", "cx_conformance", "sonobuoy", *map(str, options)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save an installation whose ccm is missing."""
    installation = Installation()
    installation.remove("Deployment", "ef-ccm")
    path = tmp_path_factory.mktemp("sonobuoy") / "snapshot.json"
    save(installation.snapshot(Plan(blueprint(), installation.site)), path)
    return path


def test_the_results_are_handed_over(tmp_path: Path, snapshot: Path) -> None:
    """One JUnit file with the failures, the whole tarball there when ``done`` is; progress counts up to the end."""
    with worker(tmp_path) as one, plug_in(one, "--snapshot", snapshot) as process:
        _, said = process.communicate(timeout=90)

    assert process.returncode == 0, said
    assert [path.name for path in one.unpacked.rglob("*.xml")] == ["junit.xml"]
    junit = JUnitXml.fromfile(str(one.unpacked / "junit.xml"))
    assert junit.failures > 0
    assert (one.unpacked / "report.json").exists()
    last = one.posted[-1]
    assert last["completed"] == last["total"] == junit.tests
    assert "CX101 ccm ef-ccm" in last["failures"]  # type: ignore[operator] # a list of names


def test_a_run_that_does_not_begin_is_an_error(tmp_path: Path) -> None:
    """In a JUnit file, with what was said: silence would be taken for a pass."""
    with worker(tmp_path) as one, plug_in(one, "--site", tmp_path / "nowhere.yaml") as process:
        process.communicate(timeout=90)

    assert process.returncode == 0
    junit = JUnitXml.fromfile(str(one.unpacked / "junit.xml"))
    assert (junit.tests, junit.errors) == (1, 1)
    assert "exit status 2" in (one.unpacked / "junit.xml").read_text()
    assert "nowhere.yaml" in (one.unpacked / "junit.xml").read_text()


@pytest.mark.timeout(120)
def test_a_pod_that_is_told_to_end_hands_over_what_was_seen(tmp_path: Path) -> None:
    """The signal goes on to the run, which writes its report."""
    with (
        hanging() as port,
        worker(tmp_path) as one,
        plug_in(one, "--kubeconfig", kubeconfig(tmp_path / "kubeconfig", port), "--static") as process,
    ):
        until = time.monotonic() + 60
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not children.read_text() or not begun(children.read_text().split()[0]):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert process.returncode == 0
    assert JUnitXml.fromfile(str(one.unpacked / "junit.xml")).errors > 100


def begun(process: str) -> bool:
    """Whether the run has opened a connection: from then on it takes a signal in good order."""
    try:
        return any("socket:" in str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return False


def test_progress_goes_nowhere_without_a_port() -> None:
    """A run that is no plug-in posts nothing."""
    assert Progress.of_environment({}) is None
    assert Progress.of_environment({"SONOBUOY_PROGRESS_PORT": "$(PORT)"}) is None


def test_a_worker_that_is_gone_costs_nothing() -> None:
    """Progress that nobody takes is not missed."""
    with keeping() as server:
        port = server.port
    progress = Progress(port)
    progress.checked(1, 2)
    progress.close()


def test_the_definition_makes_a_valid_pod() -> None:
    """As Sonobuoy puts it together: the plug-in's container and the results' volume added to the pod's spec."""
    plugin = yaml.safe_load(PLUGIN.read_text())
    assert set(plugin) == {"sonobuoy-config", "config-map", "podSpec", "spec"}
    assert plugin["sonobuoy-config"]["driver"] == "Job"
    assert plugin["sonobuoy-config"]["result-format"] == "junit"
    spec, container = plugin["podSpec"], plugin["spec"]
    spec["containers"] = [container]
    spec["volumes"] = [*spec["volumes"], {"name": "results", "emptyDir": {}}]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "plugin"}, "spec": spec}
    kubernetes_validate.validate(pod, "1.31", strict=True)
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in spec["volumes"]}
    assert container["args"][0] == "sonobuoy"
    assert f"--site=/tmp/sonobuoy/config/{next(iter(plugin['config-map']))}" in container["args"]
