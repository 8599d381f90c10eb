"""A fleet is looked at cluster by cluster; what hangs or is down costs its own time and nothing else."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.__main__ import main
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.reports.formats.json_report import read_json
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.fleet.stage import inventory, stuck, troubled

SHORT = 6.0
"""Seconds for those that never answer."""


def command(*words: str | Path) -> list[str]:
    """Return the command line of ``fleet``."""
    return [sys.executable, "-m", "cx_conformance", "fleet", *map(str, words)]


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(suite_root() / "src"), "CX_CONFORMANCE_SITE": "/nowhere/site.yaml"}


@pytest.fixture(scope="module")
def answering() -> Iterator[dict[str, Path]]:
    """Serve a good cluster and one whose ccm lacks its Service."""
    reference = reference_installation(blueprint())
    with (
        EmbeddedCluster(reference, static=True) as good,
        EmbeddedCluster(reference, ["absent-service:ccm"], static=True) as broken,
    ):
        yield {"good": good.kubeconfig, "broken": broken.kubeconfig}


@pytest.fixture(scope="module")
def toured(answering: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Look at two clusters that answer and at four that do not, and return what came of it."""
    folder = tmp_path_factory.mktemp("fleet")
    with ExitStack() as stack:
        clusters = dict(stack.enter_context(troubled(folder, hang=1, refuse=1, outdated=1)))
        clusters |= {"stuck-1": stuck(folder / "stuck-1.kubeconfig"), **answering}
        path = inventory(folder, clusters, hangs=SHORT, stuck=SHORT)
        ended = subprocess.run(
            command("run", path, "--report", folder / "reports", "-j", "3", "--static", "--only", "platform,services"),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
    fleet = json.loads((folder / "reports" / "fleet.json").read_bytes())
    return {"ended": ended, "folder": folder / "reports", "fleet": fleet, "inventory": path}


def standing(toured: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what the fleet's data says of one cluster."""
    (found,) = (one for one in toured["fleet"]["clusters"] if one["name"] == name)
    return dict(found)


@pytest.mark.timeout(240)
def test_each_ends_by_itself(toured: dict[str, Any]) -> None:
    """One line for each when piped; the status is that of the worst, and the worst stands first."""
    ended = toured["ended"]
    assert ended.returncode == 1, ended.stderr
    lines = ended.stdout.splitlines()
    assert sum(" of 6  " in line for line in lines) == 6
    assert lines[-2] == f"customers: {toured['fleet']['summary']}"
    verdicts = {one["name"]: one["verdict"] for one in toured["fleet"]["clusters"]}
    # On a busy machine the run that hangs may be killed while it writes its report.
    assert verdicts.pop("hangs-1") in ("inconclusive", None)
    assert list(verdicts.items()) == [
        ("broken", "non-conformant"),
        ("stuck-1", None),
        ("expired-1", "inconclusive"),
        ("refuses-1", "inconclusive"),
        ("good", "conformant"),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("refuses-1", "onnection refused"),
        ("expired-1", "expired"),
        ("stuck-1", f"it did not end within {SHORT:g} s"),
        ("broken", "ef-ccm-svc"),
    ],
)
def test_the_page_says_why(toured: dict[str, Any], name: str, told: str) -> None:
    """In the words of the run, or of who ended it."""
    assert told in standing(toured, name)["words"]
    assert told in (toured["folder"] / "fleet.html").read_text()


def test_what_hangs_costs_its_own_limit(toured: dict[str, Any]) -> None:
    """The run's own limit ends it; where nothing of it ends, it is killed with all that it started."""
    assert "--time-limit 600 " in read_json(toured["folder"] / "good" / "report.json").command
    assert not (toured["folder"] / "stuck-1" / "report.json").exists()
    script = str(toured["inventory"].with_name("stuck-1.sh"))
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if script in read(path)]
    assert left == []


def read(path: Path) -> str:
    """Return a file's text; nothing where its process has gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def test_a_site_of_the_environment_is_meant_for_no_fleet(toured: dict[str, Any]) -> None:
    """Each report is of its own site, whatever CX_CONFORMANCE_SITE says."""
    assert read_json(toured["folder"] / "good" / "report.json").site.name == "good"


def test_the_folders_are_the_accounts_own(toured: dict[str, Any]) -> None:
    """Those that were made for it: what is broken, and where, is nobody else's to read."""
    folders = [toured["folder"], *(one for one in toured["folder"].iterdir() if one.is_dir())]
    assert len(folders) > 4
    assert {stat.S_IMODE(one.stat().st_mode) for one in folders} == {0o700}


def test_the_report_can_be_made_again(toured: dict[str, Any], tmp_path: Path) -> None:
    """From the folder, with the same findings."""
    words = ["report", str(toured["inventory"]), "--reports", str(toured["folder"]), "--output", str(tmp_path)]
    assert main(["fleet", *words]) == 1
    again = json.loads((tmp_path / "fleet.json").read_bytes())
    assert again | {"made": ""} == toured["fleet"] | {"made": ""}


@pytest.mark.timeout(120)
def test_the_fleets_limit_ends_all_of_it(tmp_path: Path) -> None:
    """What is under way ends by then, and what still waits is not begun, which is said."""
    clusters = {f"stuck-{number}": stuck(tmp_path / f"{number}.kubeconfig") for number in (1, 2)}
    path = inventory(tmp_path, clusters)
    words = command("run", path, "--report", tmp_path / "r", "-j", "1", "--static", "--time-limit", "6")

    ended = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    assert ended.returncode == 3, ended.stderr
    assert "it did not end within" in ended.stdout
    assert "not looked at: the fleet's limit of 6 s came first" in ended.stdout


@pytest.mark.timeout(120)
def test_an_interrupt_leaves_the_page(tmp_path: Path) -> None:
    """Runs under way report what they have seen; the rest is not begun. The status is 130."""
    with troubled(tmp_path, hang=2, refuse=0, outdated=0) as clusters:
        path = inventory(tmp_path, clusters)
        words = command("run", path, "--report", tmp_path / "r", "-j", "1", "--static", "--only", "platform,services")
        with subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            until = time.monotonic() + 60
            while not (tmp_path / "r" / "logs" / "hangs-1.txt").exists():
                assert time.monotonic() < until
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=90)

    assert process.returncode == 130
    assert "not looked at: interrupted" in said
    assert (tmp_path / "r" / "fleet.html").exists()
