"""A run of what the facts describe, on the embedded cluster, by the command and without a site file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.releases import from_facts
from tests.releases.answering import answering
from tests.run.test_run import command

pytestmark = [
    from_facts.needed,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("facts"),
]

WORKLOADS: Final = {"4.7": 38, "4.9": 48, "4.10": 47, "5.0": 49, "5.1": 48}
"""Of each release: how many the facts describe."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=() if one == "5.1" else pytest.mark.long) for one in from_facts.FILES],
)
def installation(request: pytest.FixtureRequest) -> Iterator[tuple[str, EmbeddedCluster]]:
    """Keep the installation of a release, whose pods answer."""
    release: str = request.param
    with EmbeddedCluster(answering(from_facts.manifests(release))) as cluster:
        cluster.settle()
        yield release, cluster


@pytest.mark.parametrize("options", [("--static",), ()], ids=["static", "full"])
def test_it_is_recognised_and_conformant(
    options: tuple[str, ...], installation: tuple[str, EmbeddedCluster], tmp_path: Path
) -> None:
    """Every workload is promised; what the charts get wrong is noted, once each."""
    release, cluster = installation
    done = command("run", "--kubeconfig", cluster.kubeconfig, *options, "--report", "r", "--no-pdf", cwd=tmp_path)
    report: dict[str, Any] = json.loads((tmp_path / "r" / "report.json").read_text(encoding="utf-8"))
    bad = [one for one in report["outcomes"] if one["outcome"] not in ("pass", "n/a")]
    assert [f"{one['check']} {one['component']} [{one['entry']}]: {one['message']}" for one in bad] == []
    assert done.returncode == 0, done.stderr
    assert f"release    {release} by charts, certain:" in done.stdout
    assert f"{WORKLOADS[release]} of {WORKLOADS[release]} workloads" in done.stdout.replace("\n", " ")
    assert (report["verdict"], report["run"]["release"]["not_covered"]) == ("conformant", [])
    (mistakes,) = (one for one in report["outcomes"] if one["check"] == "CX013")
    assert len(mistakes["evidence"]["notes"]) > 5
    assert all("the vendor's charts" in one for one in mistakes["evidence"]["notes"])
    others = [note for one in report["outcomes"] for note in one["evidence"].get("notes", ()) if one is not mistakes]
    assert [note for note in others if "the vendor's charts" in note] == []
