"""Shares of a fleet, as pods of the Indexed Job take them: reports go to a real S3 server, where the page is made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.reports.nights.bucket import Access, Bucket
from cx_conformance.reports.nights.bucket_place import Place
from cx_conformance.run.suite_files import suite_root
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.stores import s3_server
from cx_conformance.sandbox.stores.running import free_port
from tests.checks.installation import blueprint
from tests.fleet.stage import inventory
from tests.sandbox.stores.wanted import wanted


@pytest.mark.timeout(240)
def test_each_share_publishes_and_one_page_is_made_of_all(tmp_path: Path) -> None:
    """Two shares; the kubeconfig of one cluster is missing, which the page knows from the bucket alone."""
    wanted(s3_server.available())
    port, secret = free_port(), SecretStr("hush-hush")
    environment = {
        **os.environ,
        "PYTHONPATH": str(suite_root() / "src"),
        "AWS_ACCESS_KEY_ID": "minio",
        "AWS_SECRET_ACCESS_KEY": secret.get_secret_value(),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }

    def fleet(*words: str | Path, index: int | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cx_conformance", "fleet", *map(str, words)],
            env=environment | ({} if index is None else {"JOB_COMPLETION_INDEX": str(index)}),
            capture_output=True,
            text=True,
            check=False,
        )

    with (
        EmbeddedCluster(reference_installation(blueprint()), static=True) as cluster,
        s3_server.start("127.0.0.1", {"s3": port}, password=secret, bucket="audits", writable=True).wait(60),
    ):
        path = inventory(tmp_path, {"good": cluster.kubeconfig, "lost": tmp_path / "lost.kubeconfig"})
        for index in (0, 1):
            ended = fleet(
                *("run", path, "--shares", "2", "--report", tmp_path / f"pod-{index}", "--static"),
                *("--only", "platform", "--publish", "s3://audits/fleet"),
                index=index,
            )
            assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        page = fleet("report", path, "--reports", "s3://audits/fleet")
        access = Access(
            endpoint=environment["AWS_ENDPOINT_URL"],
            access_key=SecretStr("minio"),
            secret_key=secret,
            region="us-east-1",
        )
        kept = Bucket(Place.parse("s3://audits/fleet"), access)
        found = json.loads(kept.read("fleet.json") or b"{}")
        logs = (tmp_path / "pod-0" / "logs" / "good.txt").read_text()

    assert page.returncode == 3, page.stderr
    assert [(one["name"], one["verdict"]) for one in found["clusters"]] == [("lost", None), ("good", "conformant")]
    assert "lost.kubeconfig: there is no such file" in found["clusters"][0]["words"]
    assert "could not publish" not in logs
