"""A snapshot saved and loaded answers as the live one did."""

import gzip
import json
import os
from pathlib import Path

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.cluster.kinds import KINDS
from cx_conformance.cluster.snapshot import Snapshot, load, save, take
from cx_conformance.cluster.snapshot_file import SCHEMA, SnapshotFileError
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import Deployment
from cx_conformance.outcome.looking import CouldNotLook, Forbidden
from tests.api.api_server import ApiServer, forbidden


@pytest.mark.parametrize("name", ["snapshot.json", "snapshot.json.gz"])
def test_a_loaded_snapshot_equals_the_saved_one(cluster: Cluster, api: ApiServer, tmp_path: Path, name: str) -> None:
    """Every kind, every refusal, every Secret that was looked for."""
    api.always(lambda request: forbidden(request.path), r".*/(services|secrets/db-login)|/api/v1/namespaces")
    snapshot = take(cluster, ["shop"], kinds=[kind for kind in KINDS if kind is not Service] + [Service])
    save(snapshot, tmp_path / name)
    loaded = load(tmp_path / name)
    assert loaded == snapshot
    assert loaded.certificate("shop", "shop-tls") == snapshot.certificate("shop", "shop-tls")
    assert loaded.secret("shop", "not-there") is None
    messages = set()
    for one in (snapshot, loaded):
        with pytest.raises(Forbidden) as caught:
            one.get(Service, "shop", "web-svc")
        messages.add(str(caught.value))
    assert len(messages) == 1
    with pytest.raises(CouldNotLook):
        loaded.secret("shop", "db-login")


def test_no_secret_value_is_in_the_file(cluster: Cluster, api: ApiServer, tmp_path: Path) -> None:
    """Neither of Secrets, nor of ConfigMaps, nor of environment variables, nor in kubectl's copy of a manifest."""
    planted = "hunter2-planted"
    secret = next(item for item in api.objects["/api/v1/secrets"] if item["metadata"]["name"] == "db-login")
    secret["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = planted
    config = next(item for item in api.objects["/api/v1/configmaps"] if item["metadata"]["name"] == "web-settings")
    config["data"] |= {
        "REDIS_PASSWORD": planted,
        "application.properties": f"spring.user=x\nspring.datasource.password={planted}\n",
        "MONGO_URL": f"mongodb://root:{planted}@mongo:27017/",
    }
    deployment = next(item for item in api.objects["/apis/apps/v1/deployments"] if item["metadata"]["name"] == "web")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "API_TOKEN", "value": planted})
    container["args"] = ["--requirepass", planted]
    snapshot = take(cluster, ["shop"])
    save(snapshot, tmp_path / "snapshot.json")
    written = (tmp_path / "snapshot.json").read_text()
    assert planted not in written
    assert secret["data"]["password"] not in written
    assert planted not in repr(snapshot)
    kept = load(tmp_path / "snapshot.json").get(ConfigMap, "shop", "web-settings")
    assert kept is not None
    assert "REDIS_PASSWORD" in kept.keys
    assert kept.value("GREETING") == "hello"


def test_only_the_owner_may_read_the_file(cluster: Cluster, tmp_path: Path) -> None:
    """It tells much about an installation; and nothing else is left beside it."""
    save(take(cluster, ["shop"]), tmp_path / "snapshot.json")
    assert (tmp_path / "snapshot.json").stat().st_mode & 0o077 == 0
    assert sorted(item.name for item in tmp_path.iterdir()) == ["kubeconfig", "snapshot.json"]


def test_a_save_that_fails_leaves_the_old_file(cluster: Cluster, tmp_path: Path) -> None:
    """Whole or not at all."""
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        save(take(cluster, ["shop"]), path)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["kubeconfig", "taken"]


@pytest.fixture
def document(cluster: Cluster, tmp_path: Path) -> Path:
    """Return the path of a good file."""
    save(take(cluster, ["shop"]), tmp_path / "good.json")
    return tmp_path / "good.json"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is no snapshot: it is no JSON, or breaks off"),
        (b"kind: Pod", "is no snapshot: it is no JSON, or breaks off"),
        (gzip.compress(b"{}", mtime=0)[:-4], "is no snapshot: it is no JSON, or breaks off"),
        (b"[]", "its schema is None, wanted is"),
        (b'{"schema": "cx-conformance/snapshot/99"}', "its schema is 'cx-conformance/snapshot/99', wanted is"),
        (json.dumps({"schema": SCHEMA}).encode(), "is damaged"),
    ],
)
def test_a_file_that_is_no_snapshot_is_told(tmp_path: Path, body: bytes, words: str) -> None:
    """With the file's name and what to do."""
    path = tmp_path / "odd.json"
    path.write_bytes(body)
    with pytest.raises(SnapshotFileError, match=words) as caught:
        load(path)
    assert "odd.json" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(SnapshotFileError, match=r"absent\.json cannot be read: No such file"):
        load(tmp_path / "absent.json")


def test_a_damaged_record_is_told_with_its_place(document: Path) -> None:
    """Somebody has edited it."""
    content = json.loads(document.read_text())
    content["listings"]["Deployment"]["records"][0]["replicas"] = "many"
    document.write_text(json.dumps(content))
    with pytest.raises(
        SnapshotFileError, match=r"is damaged: Expected int, got str - at \$\[0\]\.replicas; save it again"
    ):
        load(document)


def test_a_loaded_snapshot_needs_no_cluster(document: Path) -> None:
    """Nothing of the client is used."""
    snapshot: Snapshot = load(document)
    assert len(snapshot.list(Deployment, "shop")) == 14


def test_a_snapshot_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed or not: it filled the memory, and the run ended in a traceback."""
    monkeypatch.setattr("cx_conformance.cluster.snapshot_file.MOST", 1 << 20)
    packed = tmp_path / "packed.json.gz"
    packed.write_bytes(gzip.compress(b" " * (1 << 21)))
    for path in (Path("/dev/zero"), packed):
        with pytest.raises(SnapshotFileError, match=f"snapshot {path} is larger than 1 MiB, the most that is read"):
            load(path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SnapshotFileError, match="pipe is a pipe that nobody writes to"):
        load(tmp_path / "pipe")
