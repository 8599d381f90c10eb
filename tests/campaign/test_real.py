"""The campaign on a cluster that it shares, tried on the embedded cluster by its API alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.campaign.ground import Ground, documented
from tests.campaign.operators import all_mutations
from tests.campaign.real import campaign
from tests.campaign.real.own import Own, difference
from tests.campaign.real.writing import Writer


@pytest.fixture
def empty() -> Iterator[EmbeddedCluster]:
    """Give a cluster in which nothing is installed."""
    with EmbeddedCluster([], static=True) as cluster:
        yield cluster


def namespaces(cluster: EmbeddedCluster) -> set[str]:
    """Return the names of the campaign's namespaces."""
    return {one["metadata"]["name"] for one in cluster.objects if one["metadata"]["name"].startswith("cx-campaign-")}


FEW = ("workload absent", "callee lets in on another port", "claim too small")


def test_it_breaks_sees_restores_and_cleans_up(
    empty: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything it breaks is killed, and its namespaces are gone."""
    few = [one for one in all_mutations() if one.operator.name in FEW and one.base.name == documented().name]
    monkeypatch.setattr(campaign, "all_mutations", lambda: few)
    status = campaign.break_cluster(empty.kubeconfig, None, agreed=True)
    said = capsys.readouterr().out
    assert status == 0, said
    assert f"{len(FEW)} facts broken" in said
    assert namespaces(empty) == set()


def test_it_refuses_without_consent(empty: EmbeddedCluster, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written."""
    assert campaign.break_cluster(empty.kubeconfig, None, agreed=False) == 2
    assert "--yes-break-this-cluster" in capsys.readouterr().out
    assert {one["method"] for one in empty.requests()} <= {"GET"}


def test_it_refuses_a_cluster_with_a_real_installation(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written where one of the platform's own namespaces is."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ef-external"}}
    with EmbeddedCluster([namespace], static=True) as cluster:
        assert campaign.break_cluster(cluster.kubeconfig, None, agreed=True) == 2
        assert {one["method"] for one in cluster.requests()} <= {"GET"}
    assert "namespace ef-external is there: this cluster holds a real installation" in capsys.readouterr().out


def test_it_cleans_up_when_it_is_interrupted(empty: EmbeddedCluster) -> None:
    """Whenever that is; SIGTERM, as a runner of CI sends it, is taken for Ctrl-C."""
    command = (sys.executable, "-m", "tests.campaign", "--kubeconfig", empty.kubeconfig, "--yes-break-this-cluster")
    running = subprocess.Popen(
        command,
        cwd=suite_root(),
        env=os.environ | {"PYTHONPATH": f"src{os.pathsep}."},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    first = running.stdout.readline()
    assert "killed" in first
    assert len(namespaces(empty)) == 2
    running.send_signal(signal.SIGTERM)
    rest, _ = running.communicate(timeout=60)
    assert "deleted namespaces cx-campaign-" in rest
    assert namespaces(empty) == set()


def test_only_names_of_namespaces_are_moved() -> None:
    """A realm, a label and a pull secret keep their names."""
    moved = Own("own").moved(Ground(documented()).manifests)
    settings = moved["ConfigMap", "own-expertflow", "ef-connection-env-cm"]["data"]
    assert settings["MONGODB_HOST"] == "mongo-mongodb.own-ef-external.svc"
    assert settings["KEYCLOAK_REALM"] == "expertflow"
    assert ("Secret", "own-expertflow", "expertflow-reg-cred") in moved
    assert moved["Deployment", "own-expertflow", "ef-ccm"]["metadata"]["labels"]["ef"] == "expertflow"
    assert {place for _, place, _ in moved} == {"", "own-expertflow", "own-ef-external"}


def test_what_the_api_holds_for_immutable_is_made_anew(empty: EmbeddedCluster) -> None:
    """The difference there and back leaves the cluster as it was."""
    own = Own("own")
    whole = own.moved(Ground(documented()).manifests)
    writer = Writer(Cluster.connect(str(empty.kubeconfig), None))
    namespace = whole["Namespace", "", "own-expertflow"]
    writer.apply([namespace, whole["Service", "own-expertflow", "ef-ccm-svc"]])
    before = {("Service", "own-expertflow", "ef-ccm-svc"): whole["Service", "own-expertflow", "ef-ccm-svc"]}
    other = {key: one | {"spec": one["spec"] | {"type": "NodePort"}} for key, one in before.items()}
    writer.bring(difference(before, other))
    writer.bring(difference(other, before))
    writer.bring(difference(before, {}))
    assert not writer.exists("Service", "ef-ccm-svc", "own-expertflow")
