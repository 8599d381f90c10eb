"""How much a run asks of a cluster: counted in the cluster's own log, and told by the run as it is there."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from cx_conformance.api.signature import USER_AGENT
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.run.test_run import command

MOST_EXECS = 30
MOST_PORT_FORWARDS = 45
MOST_OF_A_STORE = 2
MOST_REQUESTS = 40


@dataclass(frozen=True)
class Touched:
    """One full run: what the cluster has seen of it, and what the run says itself."""

    log: tuple[dict[str, Any], ...]
    report: dict[str, Any]
    metrics: str
    terminal: str

    def of(self, kind: str) -> list[str]:
        """Return the paths of the log that are ``exec``, ``portforward``, or, for an empty kind, neither."""
        paths = [one["path"].partition("?")[0] for one in self.log]
        upgrades = ("exec", "portforward")
        return [one for one in paths if (one.rpartition("/")[2] == kind if kind else not one.endswith(upgrades))]


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> Touched:
    """Run everything once against the reference installation."""
    folder = tmp_path_factory.mktemp("touched")
    with EmbeddedCluster(reference_installation(blueprint(), seed=1)) as cluster:
        cluster.settle()
        done = command(
            "run", "--kubeconfig", str(cluster.kubeconfig), "--report", "pack", "--no-pdf",
            cwd=folder,
        )  # fmt: skip
        log = tuple(cluster.requests())
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((folder / "pack" / "report.json").read_bytes())
    return Touched(log, report, (folder / "pack" / "metrics.prom").read_text(), done.stdout)


def test_a_run_enters_and_forwards_no_more_than_it_may(touched: Touched) -> None:
    """A count of the cluster's log, not a time."""
    assert len(touched.of("exec")) <= MOST_EXECS, Counter(touched.of("exec"))
    assert max(Counter(touched.of("exec")).values()) == 1  # each pod has one container
    assert len(touched.of("portforward")) <= MOST_PORT_FORWARDS, Counter(touched.of("portforward"))
    assert max(Counter(touched.of("portforward")).values()) <= MOST_OF_A_STORE
    assert len(touched.of("")) <= MOST_REQUESTS, Counter(touched.of(""))


def test_a_run_tells_all_that_it_asked(touched: Touched) -> None:
    """Report, metrics and terminal say what stands in the log; what is sent for the report itself comes later."""
    told = touched.report["run"]["cluster"]
    assert told["execs"] == len(touched.of("exec"))
    assert told["port_forwards"] == len(touched.of("portforward"))
    assert told["requests"] == len(touched.of(""))
    assert f"{told['requests']} API requests, {told['execs']} execs" in touched.terminal
    for kind, number in (("request", "requests"), ("exec", "execs"), ("port-forward", "port_forwards")):
        assert f'cx_conformance_api_calls{{site="unnamed",kind="{kind}"}} {told[number]}' in touched.metrics


def test_every_request_and_every_upgrade_is_signed(touched: Touched) -> None:
    """An administrator knows in an audit log who it was, of which version."""
    assert {one["agent"] for one in touched.log} == {USER_AGENT}
