"""Under the Roles that ``rbac`` prints, and nothing more, a run ends as under an administrator; it only reads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_conformance.blueprint.manifests import embedded_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import released
from tests.run.test_run import command, outcomes

pytestmark = [pytest.mark.timeout(1000), pytest.mark.xdist_group("least account")]

HELM = ("CX010", "platform", "cluster")
ACCOUNT = "system:serviceaccount:expertflow:cx-conformance"


@dataclass(frozen=True)
class Runs:
    """What came of the same run under two accounts, and what the least one asked the API server."""

    admin: list[dict[str, Any]]
    least: list[dict[str, Any]]
    asked: list[dict[str, Any]]
    words: str
    static: bool


def run_twice(folder: Path, release: str, *options: str) -> Runs:
    """Run as an administrator, then as an account that holds only what ``rbac`` prints for these options."""
    printed = command("rbac", "--sandbox", "--release", release, *options, cwd=folder)
    assert printed.returncode == 0, printed.stderr
    roles = list(yaml.safe_load_all(printed.stdout))
    static = "--static" in options
    with EmbeddedCluster([*embedded_installation(released(release)), *roles], static=static) as cluster:
        cluster.settle()
        config = json.loads(cluster.kubeconfig.read_text())
        config["users"][0]["user"]["token"] = cluster.token_for("expertflow/cx-conformance")
        least = folder / "least.kubeconfig"
        least.write_text(json.dumps(config))
        said = ""
        for name, kubeconfig in (("admin", cluster.kubeconfig), ("least", least)):
            arguments = ("--kubeconfig", str(kubeconfig), *options, "--report", name, "--no-pdf")
            done = command("run", *arguments, cwd=folder, seconds=400)
            said = done.stdout + done.stderr
        asked = [one for one in cluster.requests() if one["user"] == ACCOUNT]
    return Runs(
        admin=outcomes(folder / "admin"), least=outcomes(folder / "least"), asked=asked, words=said, static=static
    )


@pytest.fixture(
    scope="module",
    params=[("4.5.3", "--static"), ("4.5.3",), pytest.param(("5.1",), marks=pytest.mark.long)],
    ids=["static", "live", "5.1"],
)
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Run once with each release and set of options; the tests look at what came of it."""
    return run_twice(tmp_path_factory.mktemp("least"), *request.param)


def judged(found: list[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Return result and message by what was judged."""
    return {(one["check"], one["component"], one["entry"]): (one["outcome"], one["message"]) for one in found}


def test_the_outcomes_are_those_of_an_administrator(runs: Runs) -> None:
    """The same result and the same words for every promise, but of Helm's records: who may list them reads Secrets."""
    admin, least = judged(runs.admin), judged(runs.least)
    assert admin.pop(HELM)[0] == least.pop(HELM)[0] == "n/a"

    assert {key: (admin[key], least.get(key)) for key in admin if admin[key] != least.get(key)} == {}
    assert len(least) == len(admin) > 1000
    assert {result for result, _ in least.values()} == {"pass", "n/a"}, runs.words


def test_nothing_is_refused_where_the_platform_is(runs: Runs) -> None:
    """Only cluster-wide lists are, for which those of the namespaces stand in, and Helm's records."""
    refused = {one["path"].partition("?")[0] for one in runs.asked if one["status"] == 403}
    assert {path for path in refused if "/namespaces/" in path and not path.endswith("/secrets")} == set()


def test_a_run_only_reads(runs: Runs) -> None:
    """Every request is a GET, the upgrades of exec and port-forward too: nothing was created, changed or deleted."""
    assert {one["method"] for one in runs.asked} == {"GET"}
    streams = {one["path"].partition("?")[0].rpartition("/")[2] for one in runs.asked} & {"exec", "portforward"}
    assert streams == (set() if runs.static else {"exec", "portforward"})


def test_secrets_are_never_listed(runs: Runs) -> None:
    """Each is asked for by its name; where charts are promised, that Helm's may not be listed is found out."""
    paths = [one["path"].partition("?")[0] for one in runs.asked if one["status"] != 403]

    assert [path for path in paths if path.endswith("/secrets")] == []
    assert [path for path in paths if "/secrets/" in path] != []
