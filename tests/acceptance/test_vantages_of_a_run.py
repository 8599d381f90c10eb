"""A run that may write looks from where it was allowed to, tells what it wrote, and takes it away whatever ends it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_conformance.api.client import Cluster
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.run.test_run import command, outcomes

EDGES = ("--only", "CX701,CX702", "--no-pdf")
IMAGE = "registry.example.com/busybox:1.36"
FAULTS = ("no-shell:360-connector", "no-tools:web-channel-manager", "edge-hang:file-engine")
DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCluster]:
    """Keep an installation with two callers that cannot look, one of which calls what hangs, and the least account."""
    options = ("--allow-probe-pods", IMAGE, "--allow-debug-containers", IMAGE)
    printed = command("rbac", "--sandbox", *options, cwd=tmp_path_factory.mktemp("rbac"))
    assert printed.returncode == 0, printed.stderr
    roles = list(yaml.safe_load_all(printed.stdout))
    with EmbeddedCluster([*reference_installation(blueprint(), seed=1), *roles], FAULTS) as cluster:
        yield cluster


@pytest.fixture
def least(embedded: EmbeddedCluster, tmp_path: Path) -> Path:
    """Return a kubeconfig of an account that holds what ``rbac`` prints for both options, and nothing more."""
    config = json.loads(embedded.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = embedded.token_for("expertflow/cx-conformance")
    path = tmp_path / "least.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def writes(embedded: EmbeddedCluster) -> list[dict[str, Any]]:
    """Return the requests that were more than looking."""
    return [one for one in embedded.requests() if one["method"] not in ("GET", "HEAD")]


def probe_pods(embedded: EmbeddedCluster) -> list[str]:
    """Return the names of the probe pods that there are."""
    pods = Cluster.connect(str(embedded.kubeconfig)).read("/api/v1/namespaces/expertflow/pods")["items"]
    names = [one["metadata"]["name"] for one in pods]
    return [name for name in names if name.startswith("cx-conformance-")]


def by_edge(folder: Path, check: str) -> dict[str, dict[str, Any]]:
    """Return the outcomes of a check in a report by edge."""
    return {one["entry"]: one for one in outcomes(folder) if one["check"] == check}


def test_nothing_is_written_without_the_options(embedded: EmbeddedCluster, tmp_path: Path) -> None:
    """The edges of callers without a shell are errors that say what to allow."""
    before = len(writes(embedded))
    done = command("run", "--kubeconfig", embedded.kubeconfig, *EDGES, "--report", "r", cwd=tmp_path)
    assert len(writes(embedded)) == before
    outcome = by_edge(tmp_path / "r", "CX701")["360-connector -> ccm:8081"]
    assert outcome["outcome"] == "error"
    assert "allow probe pods (--allow-probe-pods IMAGE)" in outcome["message"]
    assert "Written to the cluster" not in done.stdout


def test_probe_pods_look_in_the_callers_place_and_are_told(
    embedded: EmbeddedCluster, least: Path, tmp_path: Path
) -> None:
    """The edges that exec could not look at have findings; report and terminal name each pod, and none is left."""
    options = ("--allow-probe-pods", IMAGE, "--report", "r")
    done = command("run", "--kubeconfig", least, *EDGES, *options, cwd=tmp_path)
    accepted = by_edge(tmp_path / "r", "CX702")
    good, hangs = accepted["360-connector -> ccm:8081"], accepted["360-connector -> file-engine:8443"]
    assert (good["outcome"], good["vantage"]) == ("pass", "probe-pod")
    assert "has no program sh" in good["evidence"]["notes"][0]
    assert good["evidence"]["service"] == "Service expertflow/ef-ccm-svc"
    assert hangs["outcome"] == "fail"
    assert "as seen by a probe pod in place of pod expertflow/ef-360-connector-" in hangs["message"]
    assert by_edge(tmp_path / "r", "CX702")["web-channel-manager -> ccm:8081"]["vantage"] == "probe-pod"
    run = json.loads((tmp_path / "r" / "report.json").read_text())["run"]
    assert len(run["extra"]["cluster_writes"]) == 2
    assert all(one.endswith("and deleted it again") for one in run["extra"]["cluster_writes"])
    assert "Written to the cluster: created Pod expertflow/cx-conformance-" in " ".join(done.stdout.split())
    assert probe_pods(embedded) == []
    assert {one["method"] for one in writes(embedded)} == {"POST", "DELETE"}


@pytest.mark.long
def test_debug_containers_look_and_it_is_told_that_they_stay(least: Path, tmp_path: Path) -> None:
    """One in each pod that exec could not look from."""
    options = ("--allow-debug-containers", IMAGE, "--report", "r")
    command("run", "--kubeconfig", least, *EDGES, *options, cwd=tmp_path)
    assert by_edge(tmp_path / "r", "CX702")["360-connector -> ccm:8081"]["vantage"] == "debug-container"
    written = json.loads((tmp_path / "r" / "report.json").read_text())["run"]["extra"]["cluster_writes"]
    assert len(written) == 2
    assert all("cannot be removed" in one for one in written)


def until(holds: Callable[[], bool]) -> None:
    """Return when ``holds``; fail where it does not within a minute."""
    ends = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < ends, "it did not come to this in time"
        time.sleep(0.1)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_run_that_is_interrupted_leaves_no_pod(
    embedded: EmbeddedCluster, tmp_path: Path, sent: signal.Signals
) -> None:
    """The pod is deleted before the report is written, which says so."""
    arguments = ["--kubeconfig", str(embedded.kubeconfig), *EDGES, "--allow-probe-pods", IMAGE, "--report", "r"]
    run = subprocess.Popen(
        [sys.executable, "-m", "cx_conformance", "run", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(suite_root() / "src"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: probe_pods(embedded) != [])
        run.send_signal(sent)
        assert run.wait(DEADLINE_SECONDS) == 130
    finally:
        run.kill()
        run.wait()
    assert probe_pods(embedded) == []
    written = json.loads((tmp_path / "r" / "report.json").read_text())["run"]["extra"]["cluster_writes"]
    assert written
    assert all(one.endswith("and deleted it again") for one in written)


def test_a_run_that_is_out_of_time_leaves_no_pod(embedded: EmbeddedCluster, tmp_path: Path) -> None:
    """Deleting is not looking: it is done after the time limit, too."""
    options = ("--allow-probe-pods", IMAGE, "--time-limit", "4", "--report", "r")
    command("run", "--kubeconfig", embedded.kubeconfig, *EDGES, *options, cwd=tmp_path)
    assert probe_pods(embedded) == []
