"""``ready --allow-probe-pods``: what pods find before an installation, by the least account, and that all goes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_conformance.api.client import Cluster
from cx_conformance.blueprint.manifests import embedded_installation, made_beforehand
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.bootstrap import node
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.world import World
from cx_conformance.vantage.claim_trial import ClaimTrial
from cx_conformance.vantage.consent import Consent
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.trial_pods import Patience, TrialPods
from tests.checks.test_ready import release
from tests.run.test_run import command, outcomes

Object = dict[str, Any]
IMAGE = "registry.example.com/busybox:1.36"
PODS = ("--release", "5.1", "--only", "CX919,CX920,CX921,CX922", "--no-pdf", "--report", "r")
CHECKS = {"CX919", "CX920", "CX921", "CX922"}
DEADLINE_SECONDS = 60.0


def prepared(*names: str) -> list[Object]:
    """Return what is made beforehand, on nodes of these names."""
    world = World()
    nodes = [node(name, f"192.0.2.{number}", world) for number, name in enumerate(names, 1)]
    return [*made_beforehand(embedded_installation(release()), release()), *nodes]


pytestmark = pytest.mark.xdist_group("ready pods")
"""One installation for all of them."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCluster]:
    """Keep a prepared cluster of two nodes up, with the account that ``rbac`` prints for it."""
    options = ("--ready", "--release", "5.1", "--allow-probe-pods", IMAGE)
    printed = command("rbac", *options, cwd=tmp_path_factory.mktemp("rbac"))
    assert printed.returncode == 0, printed.stderr
    with EmbeddedCluster([*prepared("node-1", "node-2"), *yaml.safe_load_all(printed.stdout)]) as embedded:
        yield embedded


@pytest.fixture
def least(cluster: EmbeddedCluster, tmp_path: Path) -> Path:
    """Return a kubeconfig of that account."""
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = cluster.token_for("expertflow/cx-conformance")
    path = tmp_path / "least.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def left(embedded: EmbeddedCluster) -> list[str]:
    """Return what of a run is on the cluster."""
    kinds = ("Pod", "PersistentVolumeClaim")
    names = [one["metadata"]["name"] for one in embedded.objects if one["kind"] in kinds]
    return [name for name in names if name.startswith("cx-conformance-")]


def written(folder: Path) -> list[str]:
    """Return what a report tells as written to the cluster."""
    found: list[str] = json.loads((folder / "r" / "report.json").read_text())["run"]["extra"]["cluster_writes"]
    return found


def test_without_the_option_nothing_is_made(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    """And it says which option makes it."""
    command("ready", "--kubeconfig", cluster.kubeconfig, *PODS, cwd=tmp_path)
    assert {one["outcome"] for one in outcomes(tmp_path / "r")} == {"n/a"}
    assert all("--allow-probe-pods IMAGE" in one["message"] for one in outcomes(tmp_path / "r"))
    made = [one for one in cluster.requests() if one["method"] == "POST" and "/namespaces/" in one["path"]]
    assert made == []


def test_the_least_account_tries_everything_is_refused_nothing_and_leaves_nothing(
    cluster: EmbeddedCluster, least: Path, tmp_path: Path
) -> None:
    """A claim, the image, names, and both ways between both nodes; each object is told, with its end."""
    done = command("ready", "--kubeconfig", least, *PODS, "--allow-probe-pods", IMAGE, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {one["check"]: one for one in outcomes(tmp_path / "r")}
    assert {check: one["outcome"] for check, one in told.items()} == dict.fromkeys(CHECKS, "pass")
    assert told["CX919"]["evidence"]["found"] == "the claim was bound, written, read and deleted"
    assert told["CX922"]["evidence"]["found"] == {
        "node-1 from node-2": "1 and 65536 bytes",
        "node-2 from node-1": "1 and 65536 bytes",
    }
    assert left(cluster) == []
    assert len(written(tmp_path)) == 6
    assert all(one.endswith("and deleted it again") for one in written(tmp_path))
    asked = [one for one in cluster.requests() if one["user"].endswith(":cx-conformance")]
    assert [one["path"] for one in asked if one["status"] == 403] == []


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        ("mtu-too-large", "CX922", "small packets pass and full-size ones do not to node-1 from node-2"),
        ("registry-refused", "CX920", "node-1: ImagePullBackOff"),
        pytest.param("volumes-read-only", "CX919", "its volume cannot be written to", marks=pytest.mark.long),
        pytest.param(
            *("names-unknown-to-pods", "CX921", "pods on node-1 do not resolve kubernetes.default.svc"),
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_only_pods_see_is_found_and_explained(tmp_path: Path, fault: str, check: str, words: str) -> None:
    """By the check that the fault names, and no other."""
    options = (f"--sandbox={fault}", *PODS, "--allow-probe-pods", IMAGE)
    done = command("ready", *options, cwd=tmp_path)
    (ended,) = (one for one in outcomes(tmp_path / "r") if one["outcome"] in ("fail", "error"))
    assert (ended["check"], ended["outcome"]) == (check, "fail"), done.stdout
    assert words in ended["message"]
    assert all(one.endswith("and deleted it again") for one in written(tmp_path))


def test_a_claim_that_nobody_binds_is_told_and_deleted() -> None:
    """With the scheduler's words, after as long as is waited for it."""
    with EmbeddedCluster(prepared("node-1"), ["storage-driver-gone"]) as embedded:
        client = Cluster.connect(str(embedded.kubeconfig))
        consent = Consent(IMAGE)
        pods = TrialPods(client, ProbePool(), consent, "expertflow", patience=Patience(bind=1.0))
        found = ClaimTrial(pods).look()
        assert left(embedded) == []
    assert found.kept is False
    assert "the claim is Pending after 1 s" in found.words
    assert "unbound immediate PersistentVolumeClaims" in found.words
    assert len(consent.written) == 2


@pytest.mark.parametrize(
    "sent",
    [pytest.param(signal.SIGINT, id="Ctrl-C", marks=pytest.mark.long), pytest.param(signal.SIGTERM, id="SIGTERM")],
)
def test_a_run_that_is_interrupted_leaves_nothing(
    cluster: EmbeddedCluster, tmp_path: Path, sent: signal.Signals
) -> None:
    """What stood there just then is deleted before the report is written, which says so."""
    # From a registry that cannot be reached, so that it waits.
    arguments = ["--kubeconfig", str(cluster.kubeconfig), *PODS, "--allow-probe-pods", "registry.invalid/busybox"]
    run = subprocess.Popen(
        [sys.executable, "-m", "cx_conformance", "ready", *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(suite_root() / "src"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + DEADLINE_SECONDS
        while not left(cluster):
            assert time.monotonic() < ends, "nothing was made in time"
            time.sleep(0.1)
        run.send_signal(sent)
        assert run.wait(DEADLINE_SECONDS) == 130
    finally:
        run.kill()
        run.wait()
    assert left(cluster) == []
    assert written(tmp_path)
    assert all(one.endswith("and deleted it again") for one in written(tmp_path))
