"""The CronJob's own command, night by night, in a pod of the embedded cluster under the rights that ``rbac`` prints.

No kubeconfig: the mounted account, its namespace, the cluster's names. Reports go to the platform's own MinIO, which is
a real S3 server here; what was planted between the nights is what is told.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from cx_conformance.__main__ import main
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.reports.formats.json_report import read_json
from cx_conformance.reports.nights.bucket import Access, Bucket
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster, Finished
from cx_conformance.sandbox.stores import s3_server
from tests.checks.installation import blueprint
from tests.reports.nights.gateway import Kept, keeping
from tests.run.test_run import command
from tests.sandbox.stores.wanted import wanted

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may put a layer over the file system"),
    pytest.mark.timeout(300),
]

ACCOUNT = "system:serviceaccount:cx-conformance:cx-conformance"
HOST = "minio.ef-external.svc"
MINIO = {"secret": "minio", "namespace": "ef-external"}
SITE = {
    "site": {"name": "acme"},
    "publish": {
        "endpoint": f"https://{HOST}:9000",
        "accessKey": MINIO | {"key": "root-user"},
        "secretKey": MINIO | {"key": "root-password"},
        "ca": {"secret": "minio-crt", "key": "ca.crt", "namespace": "ef-external"},
    },
}
IMAGE = [sys.executable, "-m", "cx_conformance"]
IMAGE_ENVIRONMENT = {"HOME": "/tmp", "PYTHONPATH": str(suite_root() / "src"), "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: S108 - the image's own

NIGHTS = (
    ("absent-service:ccm", "acme non-conformant: {broke} broke"),
    ("absent-configmap:ccm", "acme non-conformant: {broke} broke, {fixed} fixed"),
    ("", "acme conformant: {fixed} fixed"),
)
"""What is broken in each night, and what is told of it."""


@dataclass
class Nights:
    """What came of the nights."""

    ended: list[Finished] = field(default_factory=list)
    packs: list[Path] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    history: Path = Path()


def manifests(folder: Path, reference: list[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    """Return what an administrator applies, as docs/nightly.md tells, and a Job from the CronJob."""
    kustomization = folder / "kustomize"
    shutil.copytree(suite_root() / "deploy" / "kustomize", kustomization)
    (kustomization / "site.yaml").write_text(yaml.safe_dump(SITE))
    with EmbeddedCluster(reference, static=True) as cluster:
        account = ("--in-cluster", "--from-cluster", "--service-account", "cx-conformance/cx-conformance")
        where = ("--site", kustomization / "site.yaml", "--kubeconfig", cluster.kubeconfig)
        printed = command("rbac", *account, *where, cwd=folder)
    assert printed.returncode == 0, printed.stderr
    (kustomization / "rbac.yaml").write_text(printed.stdout)
    rendered = subprocess.run(["kubectl", "kustomize", str(kustomization)], capture_output=True, check=True).stdout
    objects = [one for one in yaml.safe_load_all(rendered) if one["kind"] != "NetworkPolicy"]
    (cron,) = (one for one in objects if one["kind"] == "CronJob")
    named = {"namespace": "cx-conformance"}
    settings = {
        "CX_CONFORMANCE_PUBLISH": "s3://default/audits",
        "CX_CONFORMANCE_NOTIFY": "env:ADDRESSES",
        "ADDRESSES": address,
    }
    secret = {name: base64.b64encode(value.encode()).decode() for name, value in settings.items()}
    return [
        *objects,
        {"apiVersion": "v1", "kind": "Secret", "metadata": named | {"name": "cx-conformance-settings"}, "data": secret},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": named | {"name": "night"}}
        | {"spec": cron["spec"]["jobTemplate"]["spec"]},
    ]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Run three nights, each with something else broken."""
    wanted(s3_server.available())
    if any(path.is_relative_to("/tmp") for path in (suite_root(), Path(sys.prefix))):  # noqa: S108 - the pod's, too
        pytest.skip("this checkout, or its environment, lies below /tmp, where the CronJob mounts a volume of its own")
    folder = tmp_path_factory.mktemp("nights")
    reference = reference_installation(blueprint())
    found = Nights()
    with ExitStack() as stack:
        gateway: Kept = stack.enter_context(keeping())
        applied = [*reference, *manifests(folder, reference, f"json://127.0.0.1:{gateway.port}/hush-hush")]
        cluster = stack.enter_context(EmbeddedCluster(applied))
        cluster.settle()
        pods = [one["metadata"] for one in cluster.objects if one["kind"] == "Pod"]
        (pod,) = (one["name"] for one in pods if one["namespace"] == "cx-conformance")
        for fault, _ in NIGHTS:
            cluster.replace(applied)
            if fault:
                cluster.inject(fault)
            found.ended.append(cluster.run(f"cx-conformance/{pod}", IMAGE, IMAGE_ENVIRONMENT))
        found.asked = [one for one in cluster.requests() if one["user"] == ACCOUNT]
        fetch(cluster, folder, found)
    found.told = [json.loads(body) for _, body in gateway.posts]
    return found


def fetch(cluster: EmbeddedCluster, folder: Path, found: Nights) -> None:
    """Get the packs from the S3 server, as somebody in the cluster would."""
    objects = cluster.objects
    held = {
        one["metadata"]["name"]: {key: base64.b64decode(value).decode() for key, value in one["data"].items()}
        for one in objects
        if one["kind"] == "Secret" and one["metadata"]["namespace"] == "ef-external"
    }
    (address,) = (
        one["spec"]["clusterIP"]
        for one in objects
        if one["kind"] == "Service"
        and (one["metadata"]["namespace"], one["metadata"]["name"]) == ("ef-external", "minio")
    )
    access = Access(
        endpoint=SITE["publish"]["endpoint"],  # type: ignore[index] # a plain mapping
        access_key=SecretStr(held["minio"]["root-user"]),
        secret_key=SecretStr(held["minio"]["root-password"]),
        ca_pem=held["minio-crt"]["ca.crt"],
    )
    resolve = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: resolve(address if host == HOST else host, *rest, **more)
        )
        bucket = Bucket(Place.parse("s3://default/audits"), access)
        for name in bucket.names("nights/"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bucket.read(name) or b"")
    found.packs = sorted((folder / "nights").iterdir())


def changes(nights: Nights, capsys: pytest.CaptureFixture[str]) -> list[dict[str, list[str]]]:
    """Return what ``compare`` says of each night and the next: check and component."""
    told = []
    for old, new in zip(nights.packs, nights.packs[1:], strict=False):
        main(["compare", str(old), str(new), "--json"])
        shown = json.loads(capsys.readouterr().out)
        told.append({key: [f"{one['check']} {one['component']}" for one in shown[key]] for key in ("broke", "fixed")})
    return told


def test_each_night_ends_by_what_is_broken(nights: Nights) -> None:
    """From inside, straight to the pods; what is said on standard error is nothing."""
    assert [one.code for one in nights.ended] == [1, 1, 0], nights.ended[-1].stdout
    assert [one.stderr for one in nights.ended] == ["", "", ""]
    runs = [read_json(pack / "report.json") for pack in nights.packs]
    assert {run.cluster.vantage for run in runs if run.cluster} == {"in-cluster"}
    stood = {one.vantage for run in runs for one in run.outcomes}
    assert "direct" in stood
    assert "port-forward" not in stood
    assert [sum(one.result == "error" for one in run.outcomes) for run in runs] == [0, 0, 0]


def test_the_account_asks_for_nothing_that_it_was_not_granted(nights: Nights) -> None:
    """It reads only. Refused is what it lists cluster-wide at first, to list the namespaces where that is forbidden.

    And logs of what fails: the evidence goes without them, for a log may hold anything.
    """
    refused = [one["path"].partition("?") for one in nights.asked if one["status"] == 403]
    assert {path for path, _, _ in refused if "/namespaces/" in path and not path.endswith("/log")} == set()
    assert all("limit=500" in query for path, _, query in refused if not path.endswith("/log"))
    assert {one["method"] for one in nights.asked} == {"GET"}


def test_compare_says_what_was_planted(nights: Nights, capsys: pytest.CaptureFixture[str]) -> None:
    """The Service is back in the second night and the ConfigMap gone, and back in the third."""
    second, third = changes(nights, capsys)
    assert "CX301 ccm" in second["broke"]
    assert "CX201 ccm" in second["fixed"]
    assert third["broke"] == []
    assert sorted(third["fixed"]) == sorted(second["broke"])


def test_each_night_is_told_once(nights: Nights, capsys: pytest.CaptureFixture[str]) -> None:
    """By a title that says how much changed, and names of what did."""
    first = read_json(nights.packs[0] / "report.json")
    numbers = [{"broke": sum(one.result == "fail" for one in first.outcomes), "fixed": 0}]
    numbers += [{key: len(found) for key, found in one.items()} for one in changes(nights, capsys)]
    expected = [title.format(**number) for (_, title), number in zip(NIGHTS, numbers, strict=True)]
    assert [one["title"] for one in nights.told] == expected
    assert "CX201" in nights.told[0]["message"]


def test_the_metrics_are_those_of_the_night(nights: Nights) -> None:
    """Verdict, what is broken of ccm, and when it was last conformant: known from the third night on."""
    texts = [(pack / "metrics.prom").read_text() for pack in nights.packs]
    verdicts = [[line for line in text.splitlines() if "_verdict{" in line and line.endswith(" 1.0")] for text in texts]
    assert [line.partition("verdict=")[2] for (line,) in verdicts] == [
        '"non-conformant"} 1.0',
        '"non-conformant"} 1.0',
        '"conformant"} 1.0',
    ]
    broken = ['check="CX201",component="ccm"', 'check="CX301",component="ccm"']
    assert [[one in text for one in broken] for text in texts] == [[True, False], [False, True], [False, False]]
    assert ["last_conformant_timestamp_seconds{" in text for text in texts] == [False, False, True]


def test_the_claim_keeps_the_nights(nights: Nights) -> None:
    """The third report knows the two before, from the history that the claim holds."""
    history = read_json(nights.packs[2] / "report.json").extra["history"]
    assert [one["verdict"] for one in history["nights"]] == ["non-conformant", "non-conformant", "conformant"]
    assert history["strips"]["ccm"] == ["fail", "fail", "pass"]
