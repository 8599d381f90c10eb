"""Shares of a fleet, as pods of the Indexed Job take them: reports go to a real S3 server, where the page is made."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def storing() -> Iterator[Access]:
    """Run a real S3 server with the bucket ``audits``; give the way to it."""
    wanted(s3_server.available())
    port, secret = free_port(), SecretStr("hush-hush")
    with s3_server.start("127.0.0.1", {"s3": port}, password=secret, bucket="audits", writable=True).wait(60):
        yield Access(
            endpoint=f"http://127.0.0.1:{port}", access_key=SecretStr("minio"), secret_key=secret, region="us-east-1"
        )


def fleet(access: Access, *words: str | Path, index: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end; ``index`` is that of the Job's pod."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(suite_root() / "src"),
        "AWS_ACCESS_KEY_ID": access.access_key.get_secret_value(),
        "AWS_SECRET_ACCESS_KEY": access.secret_key.get_secret_value(),
        "AWS_ENDPOINT_URL": access.endpoint,
    }
    return subprocess.run(
        [sys.executable, "-m", "cx_conformance", "fleet", *map(str, words)],
        env=environment | ({} if index is None else {"JOB_COMPLETION_INDEX": str(index)}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(240)
def test_each_share_publishes_and_one_page_is_made_of_all(tmp_path: Path) -> None:
    """Two shares; the kubeconfig of one cluster is missing, which the page knows from the bucket alone."""
    with EmbeddedCluster(reference_installation(blueprint()), static=True) as cluster, storing() as access:
        path = inventory(tmp_path, {"good": cluster.kubeconfig, "lost": tmp_path / "lost.kubeconfig"})
        for index in (0, 1):
            ended = fleet(
                access,
                *("run", path, "--shares", "2", "--report", tmp_path / f"pod-{index}", "--static"),
                *("--only", "platform", "--publish", "s3://audits/fleet"),
                index=index,
            )
            assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        page = fleet(access, "report", path, "--reports", "s3://audits/fleet")
        kept = Bucket(Place.parse("s3://audits/fleet"), access)
        found = json.loads(kept.read("fleet.json") or b"{}")
        logs = (tmp_path / "pod-0" / "logs" / "good.txt").read_text()

    assert page.returncode == 3, page.stderr
    assert [(one["name"], one["verdict"]) for one in found["clusters"]] == [("lost", None), ("good", "conformant")]
    assert "lost.kubeconfig: there is no such file" in found["clusters"][0]["words"]
    assert "could not publish" not in logs


@pytest.mark.timeout(240)
def test_each_cluster_keeps_a_history_of_its_own_beside_its_reports(tmp_path: Path) -> None:
    """Every night is another pod, and fetches it: by a common file only the first cluster's would be stored again."""
    with EmbeddedCluster(reference_installation(blueprint()), static=True) as cluster, storing() as access:
        path = inventory(tmp_path, {"acme": cluster.kubeconfig, "bravo": cluster.kubeconfig})
        for night in ("monday", "tuesday"):
            pod = tmp_path / night
            ended = fleet(
                access,
                *("run", path, "--report", pod, "--static", "--only", "platform"),
                *("--history", pod / "history.sqlite", "--publish", "s3://audits/fleet"),
            )
            assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        kept = Bucket(Place.parse("s3://audits/fleet"), access)
        for name in ("acme", "bravo"):
            file = tmp_path / f"{name}.sqlite"
            file.write_bytes(kept.read(f"{name}/history.sqlite") or b"")
            assert sqlite3.connect(file).execute("SELECT site FROM night").fetchall() == [(name,), (name,)]
