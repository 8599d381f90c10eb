"""A run that settles looks at the cluster again, follows rollouts, and knows what waiting cannot mend."""

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.relook import Relook
from cx_conformance.run.run import _FIXTURES, Run
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import Installation, blueprint
from tests.run.test_run import command, outcomes

OBJECTS = reference_installation(blueprint(), seed=1)
INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from cx_conformance.__main__ import main
sys.exit(main())
"""
"""The command, also where the test runner stands in the background and ignores SIGINT, and its children with it."""


@pytest.fixture
def broken() -> Iterator[Callable[..., EmbeddedCluster]]:
    """Start embedded clusters with faults, and stop them at the end."""
    started: list[EmbeddedCluster] = []

    def start(*faults: str, static: bool = True) -> EmbeddedCluster:
        cluster = EmbeddedCluster(OBJECTS, faults, static=static)
        started.append(cluster.__enter__())
        cluster.settle()
        return cluster

    yield start
    for cluster in started:
        cluster.__exit__(None, None, None)


def one(report: Path, check: str, component: str) -> dict[str, Any]:
    """Return the outcome of a check for a component."""
    return next(each for each in outcomes(report) if (each["check"], each["component"]) == (check, component))


def run_while(cluster: EmbeddedCluster, folder: Path, change: Callable[[], None], *options: str) -> int:
    """Run with these options, make a change when the second look begins, and return the exit status."""
    arguments = ["run", "--kubeconfig", str(cluster.kubeconfig), "--report", str(folder), *options]
    with subprocess.Popen(
        [sys.executable, "-m", "cx_conformance", *arguments],
        env={"PYTHONPATH": str(suite_root() / "src"), "PATH": ""},
        stdout=subprocess.DEVNULL,
        cwd=folder.parent,
    ) as process:
        until = time.monotonic() + 60
        while [each["path"] for each in cluster.requests()].count("/version") < 2:  # each look begins with it
            assert time.monotonic() < until, "the run did not look again"
            time.sleep(0.05)
        change()
        return process.wait(120)


def test_every_fixture_that_a_check_asks_for_can_be_looked_at_again() -> None:
    """Else settling would take it for an error of the check."""
    assert {name for check in all_checks() for name in check.looks} <= set(_FIXTURES)


@pytest.mark.long
def test_what_comes_while_it_waits_is_kept_in_the_end(broken: Callable[..., EmbeddedCluster], tmp_path: Path) -> None:
    """A Service that is applied late: conformant, and the evidence says what was seen before."""
    cluster = broken("absent-service:ccm")
    status = run_while(cluster, tmp_path / "report", lambda: cluster.replace(OBJECTS), "--static", "--settle", "60")

    assert status == 0
    told = one(tmp_path / "report", "CX201", "ccm")
    assert told["outcome"] == "pass"
    assert told["evidence"]["settle"]["looks"] > 1
    assert "does not exist" in told["evidence"]["settle"]["before"]
    assert "settle" not in one(tmp_path / "report", "CX201", "redis")["evidence"]
    run = json.loads((tmp_path / "report" / "report.json").read_bytes())["run"]
    assert run["extra"]["settle"]["unsettled"] == 0


def test_a_probe_that_failed_is_made_again(broken: Callable[..., EmbeddedCluster], tmp_path: Path) -> None:
    """A health endpoint that answers 503 at first; nothing else is probed again."""
    cluster = broken("health-503:ccm", static=False)
    changed: list[int] = []

    def heal() -> None:
        changed.append(len(cluster.requests()))
        cluster.replace(OBJECTS)

    status = run_while(cluster, tmp_path / "report", heal, "--settle", "60", "--only", "CX601")

    assert status == 0
    told = one(tmp_path / "report", "CX601", "ccm")
    assert "503" in told["evidence"]["settle"]["before"]
    later = [each["path"] for each in cluster.requests()[changed[0] :] if "portforward" in each["path"]]
    assert later
    assert all("/ef-ccm-" in path for path in later)


class OneLook:
    """What a run has seen, the same in every look."""

    def __init__(self, installation: Installation) -> None:
        """Look at ``installation`` once."""
        self.plan = Plan(blueprint(), installation.site)
        self.snapshot = installation.snapshot(self.plan)
        self.seen = Seen(self.snapshot, self.plan)

    def look_again(self, *_: object) -> None:
        """See nothing new."""


@pytest.mark.parametrize(("since", "waited_for"), [(30, True), (300, False)])
def test_a_container_that_has_yet_to_stay_up_is_waited_for(*, since: int, waited_for: bool) -> None:
    """No object changes while it does, and only its time shows that it has got over what it died of."""
    now = dt.datetime.now(dt.UTC)
    started, ended, began = ((now - dt.timedelta(seconds=ago)).isoformat() for ago in (since, since + 20, since + 110))
    state = {"running": {"startedAt": started}}
    last = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": began, "finishedAt": ended}}
    installation = Installation()
    installation.live(
        *("Pod", "ef-ccm-"),
        lambda pod: pod["status"]["containerStatuses"][0].update(restartCount=4, state=state, lastState=last),
    )
    (outcome,) = [one for one in installation.outcomes("CX106") if one.component == "ccm"]
    looking = Relook(cast("Run", OneLook(installation)), ())
    for _ in range(5):
        looking.look_again([outcome])
    assert (looking.hopeless(outcome) is None) is waited_for


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        pytest.param("image-pull:ccm", "CX105", "cannot pull image", marks=pytest.mark.long),
        pytest.param("rollout-stuck:ccm", "CX104", "ProgressDeadlineExceeded", marks=pytest.mark.long),
        ("absent-configmap:ccm", "CX301", "does not exist"),
    ],
)
def test_what_cannot_heal_is_not_waited_for(
    fault: str, check: str, words: str, broken: Callable[..., EmbeddedCluster], tmp_path: Path
) -> None:
    """The run ends long before its time is up, and says why."""
    cluster = broken(fault)
    done = command(
        *("run", "--kubeconfig", cluster.kubeconfig, "--static", "--settle", "900", "--report", "report"), cwd=tmp_path
    )

    assert done.returncode == 1
    assert "does not heal by waiting" in " ".join(done.stdout.split())
    assert words in str(one(tmp_path / "report", check, "ccm")["evidence"]["settle"])


@pytest.mark.long
def test_plain_pytest_and_several_processes_settle_too(broken: Callable[..., EmbeddedCluster], tmp_path: Path) -> None:
    """The controller settles, its workers judge by the last look."""
    cluster = broken("image-pull:ccm")
    options = ["--kubeconfig", str(cluster.kubeconfig), "--static", "--settle", "900", "--report", "report"]
    several = command("run", *options, "-n", "2", cwd=tmp_path)
    plain = subprocess.run(
        [sys.executable, "-m", "pytest", "checks", *options[:-1], str(tmp_path / "plain")],
        cwd=suite_root(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (several.returncode, plain.returncode) == (1, 1), several.stdout + several.stderr + plain.stdout
    for report in ("report", "plain"):
        told = one(tmp_path / report, "CX105", "ccm")
        assert "cannot pull image" in told["evidence"]["settle"]["not waited for"]


def test_a_saved_snapshot_does_not_settle(tmp_path: Path) -> None:
    """Wrong usage, for it cannot change."""
    (tmp_path / "snapshot.json").write_text("{}")
    done = command("run", "--snapshot", "snapshot.json", "--settle", "5", cwd=tmp_path)

    assert done.returncode == 2
    assert "a saved snapshot does not change" in done.stderr


def test_the_time_limit_bounds_settling(broken: Callable[..., EmbeddedCluster], tmp_path: Path) -> None:
    """A longer --settle does not prolong the run."""
    cluster = broken("absent-service:ccm")
    done = command(
        *("run", "--kubeconfig", cluster.kubeconfig, "--static", "--settle", "900", "--time-limit", "12"),
        *("--report", "report"),
        cwd=tmp_path,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert json.loads((tmp_path / "report" / "report.json").read_bytes())["run"]["seconds"] < 14


def test_an_interrupted_wait_reports_the_last_look(broken: Callable[..., EmbeddedCluster], tmp_path: Path) -> None:
    """Exit status 130, and what was seen is told as it was seen."""
    cluster = broken("absent-service:ccm")
    options = ["--kubeconfig", str(cluster.kubeconfig), "--static", "--settle", "900", "--report", "report"]
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "run", *options],
        env={"PYTHONPATH": str(suite_root() / "src"), "PATH": ""},
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    ) as process:
        until = time.monotonic() + 60
        while [each["path"] for each in cluster.requests()].count("/version") < 2:
            assert time.monotonic() < until, "the run did not look again"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130

    told = outcomes(tmp_path / "report")
    assert {each["outcome"] for each in told} == {"pass", "fail", "blocked", "n/a"}
    assert one(tmp_path / "report", "CX201", "ccm")["outcome"] == "fail"


@pytest.mark.parametrize(
    ("status", "waited_for"),
    [
        ({"active": 1}, True),
        ({"conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]}, False),
    ],
    ids=["runs", "failed"],
)
def test_a_job_of_the_charts_is_waited_for_until_it_fails(status: dict[str, Any], *, waited_for: bool) -> None:
    """While it runs no object may change for long."""
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    metadata = {"name": "superset-init-db", "namespace": "ef-external", "labels": labels}
    installation = Installation()
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {}, "status": status}
    installation.add_live(job)
    (outcome,) = [one for one in installation.outcomes("CX115") if one.entry == "ef-external"]
    looking = Relook(cast("Run", OneLook(installation)), ())
    for _ in range(5):
        looking.look_again([outcome])
    assert (looking.hopeless(outcome) is None) is waited_for
