"""An application that has nothing to do with the platform: the shop that a real cluster was recorded with.

As it was recorded most of its workloads are ill, each in its own way; as it was applied, without those, it is well.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.credentials import Authority
from tests.run.test_run import command, outcomes
from tests.sandbox.shop import applied_objects, recorded_objects

ILL: Final = {
    *("bad-command", "bad-config", "bad-crash", "bad-image", "bad-init", "bad-liveness", "bad-oom"),
    *("bad-pending", "bad-unready", "bad-volume", "rollout", "stubborn"),
}
"""Workloads of the recording that do not do what they should, each in a way of its own."""
SICK: Final = ("bad-", "rollout", "stubborn", "wrong-class", "web-lb", "web-dangling", "web-nobody")
"""How the names of what is not well in the shop begin."""
HOST: Final = "shop.example.test"


def captured(cluster: EmbeddedCluster, folder: Path) -> None:
    """Capture the shop into ``shop.yaml``, which lints."""
    made = command("capture", "--kubeconfig", cluster.kubeconfig, "--namespace", "shop", "-o", "shop.yaml", cwd=folder)
    assert made.returncode == 0, made.stderr
    assert command("lint", "--blueprint", "shop.yaml", cwd=folder).returncode == 0


def run(cluster: EmbeddedCluster, folder: Path, *options: str) -> tuple[int, dict[str, set[str]], str]:
    """Run by ``shop.yaml``; return the exit status, what failed by component, and what was printed."""
    done = command(
        *("run", "--kubeconfig", cluster.kubeconfig, "--blueprint", "shop.yaml", "--report", "r", "--no-pdf"),
        *options,
        cwd=folder,
    )
    bad: dict[str, set[str]] = {}
    for one in outcomes(folder / "r"):
        if one["outcome"] in ("fail", "error"):
            bad.setdefault(one["component"], set()).add(one["check"])
    return done.returncode, bad, done.stdout


@pytest.fixture
def shop() -> Iterator[EmbeddedCluster]:
    """Serve the shop without what is ill in it; its pods answer what they would."""
    objects = [one for one in applied_objects() if not one["metadata"]["name"].startswith(SICK)]
    answers = {"web": {"port": 8080, "as": "http"}, "db": {"port": 6379, "as": "redis"}}
    for one in objects:
        if one["metadata"]["name"] in answers and "template" in one.get("spec", {}):
            item = answers[one["metadata"]["name"]] | {"paths": {"/": {"status": 200, "body": "shop"}}}
            one["spec"]["template"]["metadata"].setdefault("annotations", {})[SIMULATE] = json.dumps([item])
    pair = Authority().issue([HOST])
    about = {"name": "shop-tls", "namespace": "shop"}
    files = {"tls.crt": pair.certificate.decode(), "tls.key": pair.key.decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": "kubernetes.io/tls", "stringData": files}
    with EmbeddedCluster([*objects, secret]) as cluster:
        cluster.settle()
        yield cluster


@pytest.mark.timeout(300)
def test_a_run_keeps_what_was_captured_of_a_shop_that_is_well(shop: EmbeddedCluster, tmp_path: Path) -> None:
    """Static and in full: nothing of it has a name of the platform's."""
    captured(shop, tmp_path)
    made = load_blueprint(tmp_path / "shop.yaml").document
    assert set(made.components) == {"db", "nightly", "two-containers", "web"}
    store = made.components["db"].store
    assert store is not None
    assert str(store.protocol) == "redis"
    for options in (("--static",), ()):
        status, bad, printed = run(shop, tmp_path, *options)
        assert (status, bad) == (0, {}), printed
        assert "4 of 4 workloads" in printed


def test_of_a_shop_that_is_ill_each_illness_is_found(tmp_path: Path) -> None:
    """What was captured of the others is kept; the recording left out the key of the Ingress's certificate."""
    with EmbeddedCluster(recorded_objects(), static=True, recorded=True) as cluster:
        captured(cluster, tmp_path)
        status, bad, printed = run(cluster, tmp_path, "--static")
    assert status == 1
    assert bad.pop("platform") == {"CX006"}, printed
    assert bad.pop("web") == {"CX503"}
    assert set(bad) == ILL
