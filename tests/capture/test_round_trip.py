"""Captured from the embedded cluster of each release by the command, whole and as a difference, and run: conformant."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cx_conformance.blueprint.manifests import embedded_installation
from cx_conformance.blueprint.releases import KNOWN, PAGE
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import released
from tests.run.test_run import command, outcomes

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("round trip")]

CHARTED: Final = [one for one in KNOWN if one != PAGE]


@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=() if one == "4.10" else pytest.mark.long) for one in CHARTED],
)
def installation(request: pytest.FixtureRequest) -> Iterator[tuple[str, EmbeddedCluster]]:
    """Keep the reference installation of a release."""
    release: str = request.param
    with EmbeddedCluster(embedded_installation(released(release))) as cluster:
        cluster.settle()
        yield release, cluster


@pytest.mark.parametrize("how", ["whole", "as a difference"])
def test_an_installation_keeps_what_was_captured_of_it(
    how: str, installation: tuple[str, EmbeddedCluster], tmp_path: Path
) -> None:
    """Nothing that it has is told as not covered, and nothing but words goes to the standard error.

    Of a difference by what the API shows: what pods answer is promised by the release, which has runs of its own.
    """
    release, cluster = installation
    extends, depth = (("--extends", release), ("--static",)) if how == "as a difference" else ((), ())
    made = command("capture", "--kubeconfig", cluster.kubeconfig, *extends, "-o", "captured.yaml", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert command("lint", "--blueprint", "captured.yaml", cwd=tmp_path).returncode == 0
    done = command(
        *("run", "--kubeconfig", cluster.kubeconfig, "--blueprint", "captured.yaml", "--report", "r", "--no-pdf"),
        *depth,
        cwd=tmp_path,
    )
    bad = [one for one in outcomes(tmp_path / "r") if one["outcome"] not in ("pass", "n/a")]
    assert [f"{one['check']} {one['component']} [{one['entry']}]: {one['message']}" for one in bad] == []
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "not covered" not in done.stdout
