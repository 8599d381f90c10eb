"""``--time-limit``: the run ends in time whatever hangs, says what it could not look at, and writes its report."""

from pathlib import Path

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.run.test_run import command, outcomes

LIMIT = 6
HANGING = ("health-hang:ccm", "store-hangs:redis", "shell-hangs:ccm")
"""Each of them takes 10 seconds or more before it is given up."""


def test_what_still_hangs_at_the_limit_is_out_of_time(tmp_path: Path) -> None:
    """What hangs is ``error: out of time``, what was looked at is judged; exit status 3, for nothing has failed."""
    with EmbeddedCluster(reference_installation(blueprint()), HANGING) as cluster:
        cluster.settle()
        done = command(
            *("run", "--kubeconfig", cluster.kubeconfig, "--time-limit", str(LIMIT), "--report", "report"), cwd=tmp_path
        )
    told = outcomes(tmp_path / "report")
    late = {(one["check"][:3], one["component"]) for one in told if one["outcome"] == "error"}

    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stderr == ""
    assert {one["message"].partition(":")[0] for one in told if one["outcome"] == "error"} == {"out of time"}
    assert {("CX6", "ccm"), ("CX7", "ccm"), ("CX8", "redis")} <= late
    assert {one["outcome"] for one in told if one["area"] in ("workloads", "services")} <= {"pass", "n/a"}


@pytest.mark.parametrize("limit", ["0.001", "0.2"])
def test_a_limit_before_the_first_look_is_one_error(limit: str, tmp_path: Path) -> None:
    """Everything rests on the API server, which was not looked at in time."""
    done = command("run", "--sandbox", "--time-limit", limit, "--report", "report", cwd=tmp_path)
    told = outcomes(tmp_path / "report")

    assert done.returncode == 3, done.stdout + done.stderr
    assert [one["check"] for one in told if one["outcome"] == "error"] == ["CX000"]
    assert all(one["message"].startswith("out of time") for one in told if one["outcome"] == "error")


@pytest.mark.long
def test_what_failed_in_time_decides_the_exit_status(tmp_path: Path) -> None:
    """A broken promise is certain, whatever else could not be looked at."""
    with EmbeddedCluster(reference_installation(blueprint()), ["absent-service:ccm", "store-hangs:redis"]) as cluster:
        cluster.settle()
        done = command(
            *("run", "--kubeconfig", cluster.kubeconfig, "--time-limit", str(LIMIT), "--report", "report"), cwd=tmp_path
        )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "out of time" in done.stdout
