"""A night of the chart with its default values, on a default installation of several releases: nothing is refused.

The chart is rendered by Helm itself; its objects, the account's rights among them, are all that the run has.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.releases import load_release
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.deploy.chart import hooks, render

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may put a layer over the file system"),
    pytest.mark.timeout(300),
]

CHART = suite_root() / "deploy" / "helm" / "cx-conformance"
NAMESPACE = "cx-conformance"
ACCOUNT = "system:serviceaccount:cx-conformance:cx-conformance"
IMAGE = [sys.executable, "-m", "cx_conformance"]
IMAGE_ENVIRONMENT = {"HOME": "/tmp", "PYTHONPATH": str(suite_root() / "src"), "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: S108 - the image's own


def installed_by_chart(platform: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what ``helm install`` makes beside the platform, and a Job of its CronJob.

    Which namespaces exist Helm sees for itself; rendered without a cluster it is told.
    """
    existing = [one["metadata"]["name"] for one in platform if one["kind"] == "Namespace"]
    objects = render(CHART, {"namespaces": existing, "claim": {"enabled": False}}, NAMESPACE)
    (cron,) = (one for one in objects if one["kind"] == "CronJob")
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "night", "namespace": NAMESPACE},
        "spec": cron["spec"]["jobTemplate"]["spec"],
    }
    return [*(one for one in objects if one["kind"] not in ("NetworkPolicy", "CronJob")), job]


def test_helms_own_test_passes_under_the_same_account() -> None:
    """As `helm test` starts it: a static look, refused nothing but Helm's records."""
    if any(path.is_relative_to("/tmp") for path in (suite_root(), Path(sys.prefix))):  # noqa: S108 - the pod's, too
        pytest.skip("this checkout, or its environment, lies below /tmp, where the pod mounts a volume of its own")
    platform = reference_installation(load_release("4.10", suite_root() / "blueprint.yaml").document)
    existing = [one["metadata"]["name"] for one in platform if one["kind"] == "Namespace"]
    (look,) = hooks(CHART, {"namespaces": existing, "claim": {"enabled": False}}, NAMESPACE)
    with EmbeddedCluster([*platform, *installed_by_chart(platform), look]) as cluster:
        ended = cluster.run(f"{NAMESPACE}/{look['metadata']['name']}", [*IMAGE], IMAGE_ENVIRONMENT)
        asked = [one for one in cluster.requests() if one["user"] == ACCOUNT]
    assert ended.code == 0, ended.stdout + ended.stderr
    assert "COULD NOT LOOK" not in ended.stdout
    refused = {one["path"].partition("?")[0] for one in asked if one["status"] == 403 and "/namespaces/" in one["path"]}
    assert {path for path in refused if not path.endswith("/secrets")} == set()


@pytest.mark.parametrize(
    "release", [pytest.param(one, marks=() if one == "5.1" else pytest.mark.long) for one in ("4.5.3", "4.10", "5.1")]
)
def test_a_night_by_default_values_is_refused_nothing(release: str) -> None:
    """Every promise was looked at. Only Helm's own records may not be listed: whoever may, may read every Secret."""
    if any(path.is_relative_to("/tmp") for path in (suite_root(), Path(sys.prefix))):  # noqa: S108 - the pod's, too
        pytest.skip("this checkout, or its environment, lies below /tmp, where the CronJob mounts a volume of its own")
    platform = reference_installation(load_release(release, suite_root() / "blueprint.yaml").document)
    with EmbeddedCluster([*platform, *installed_by_chart(platform)]) as cluster:
        cluster.settle()
        (pod,) = (
            one["metadata"]["name"]
            for one in cluster.objects
            if one["kind"] == "Pod" and one["metadata"]["namespace"] == NAMESPACE
        )
        ended = cluster.run(f"{NAMESPACE}/{pod}", [*IMAGE], IMAGE_ENVIRONMENT)
        asked = [one for one in cluster.requests() if one["user"] == ACCOUNT]
    assert ended.code == 0, ended.stdout + ended.stderr
    assert "COULD NOT LOOK" not in ended.stdout
    refused = {one["path"].partition("?")[0] for one in asked if one["status"] == 403 and "/namespaces/" in one["path"]}
    assert {path for path in refused if not path.endswith("/secrets")} == set(), json.dumps(sorted(refused))
