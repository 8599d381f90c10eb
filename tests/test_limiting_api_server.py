"""An API server that limits exec and port-forward: a run gets through, or says what kept it from looking."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.annotations import UPGRADES
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint
from tests.run.test_run import command

COMPONENTS = ("ccm", "routing-engine", "file-engine", "redis", "postgresql", "grafana")
LIVE = ("--only", "health,edges,stores", "--only", ",".join(COMPONENTS), "--no-pdf")


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Keep the reference installation."""
    with EmbeddedCluster(reference_installation(blueprint(), seed=1)) as cluster:
        cluster.settle()
        yield cluster


def outcomes(
    embedded: EmbeddedCluster, limits: str, folder: Path, fault: str | None = None
) -> tuple[dict[tuple[str, ...], Any], list[Any]]:
    """Run against an API server with these limits; return the outcomes, and what the server's log has of the run."""
    annotated = {"name": "kube-system", "annotations": {UPGRADES: limits}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": annotated}
    embedded.replace([*reference_installation(blueprint(), seed=1), namespace])
    if fault:
        embedded.inject(fault)
    before = len(embedded.requests())
    ran = command("run", "--kubeconfig", str(embedded.kubeconfig), *LIVE, "--report", "pack", cwd=folder)
    assert ran.returncode in ((1,) if fault else (0, 3)), ran.stdout + ran.stderr
    every = json.loads((folder / "pack" / "report.json").read_bytes())["outcomes"]
    log = embedded.requests()[before:]
    return {(one["check"], one["component"], one["entry"]): one for one in every}, log


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param("old", id="the older protocol alone"),
        # One after the other, execs take as long as the machine is busy.
        pytest.param("portforward-cut:1 exec-at-once:1", marks=pytest.mark.long, id="sessions cut, one exec at a time"),
    ],
)
def test_what_can_be_got_through_is(embedded: EmbeddedCluster, limits: str, tmp_path: Path) -> None:
    """Everything that is promised is found kept."""
    found, log = outcomes(embedded, limits, tmp_path)
    assert {one["outcome"] for one in found.values()} <= {"pass", "n/a"}, found
    assert {one["status"] for one in log} <= {200, 101, 404, 429}


def test_a_pod_that_resets_connections_fails_where_the_node_says_so_in_words(
    embedded: EmbeddedCluster, tmp_path: Path
) -> None:
    """By the older protocol a node has no other way to tell it, and it is not the node's own trouble."""
    found, _ = outcomes(embedded, "old", tmp_path, "health-reset")
    told = {one["message"] for key, one in found.items() if key[1] == "ccm" and one["outcome"] == "fail"}
    assert any("was reset" in one for one in told), told
    assert "error" not in {one["outcome"] for one in found.values()}


def test_what_cannot_is_no_failure(embedded: EmbeddedCluster, tmp_path: Path) -> None:
    """One port-forward at a time: some of it is not looked at, and says so; what needs none is judged as ever."""
    found, log = outcomes(embedded, "portforward-at-once:1", tmp_path)
    assert {one["outcome"] for one in found.values()} <= {"pass", "n/a", "error", "blocked"}
    assert all(
        any(words in one["message"] for words in ("429", "still opening", "long in opening"))
        for one in found.values()
        if one["outcome"] == "error"
    )
    assert {one["outcome"] for key, one in found.items() if key[0] == "CX701"} == {"pass"}
    assert 429 in [one["status"] for one in log]
