"""The manifests of a fleet: valid, restricted, and the shares are as many as the Job has indexes."""

import argparse
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cx_conformance.blueprint.inventory import Inventory
from cx_conformance.commands.fleet import add_parser

FOLDER = Path(__file__).parents[2] / "deploy" / "fleet"
JOBS = ("cx-fleet", "cx-fleet-page")


@lru_cache
def rendered() -> tuple[dict[str, Any], ...]:
    """Return what ``kubectl apply -k`` would send."""
    text = subprocess.run(["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, check=True).stdout
    return tuple(yaml.safe_load_all(text))


def job(name: str) -> dict[str, Any]:
    """Return the Job of a CronJob."""
    (cron,) = (one for one in rendered() if one["kind"] == "CronJob" and one["metadata"]["name"] == name)
    found: dict[str, Any] = cron["spec"]["jobTemplate"]["spec"]
    return found


def given(name: str) -> argparse.Namespace:
    """Return the arguments of a Job's container as the command reads them."""
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    (container,) = job(name)["template"]["spec"]["containers"]
    return parser.parse_args(container["args"])


@pytest.mark.parametrize("minor", ["1.28", "1.31", "1.33"])
def test_every_object_is_valid(minor: str) -> None:
    """By the schemas of several Kubernetes minors, unknown fields refused."""
    for one in rendered():
        kubernetes_validate.validate(one, minor, strict=True)


def test_each_index_takes_its_share() -> None:
    """As many shares as completions; all of it ends before Kubernetes ends it."""
    indexed, run = job("cx-fleet"), given("cx-fleet")
    assert indexed["completionMode"] == "Indexed"
    assert indexed["completions"] == run.shares
    rounds = -(-indexed["completions"] // indexed["parallelism"])
    assert run.each <= run.time_limit
    assert rounds * (run.time_limit + 120) <= indexed["activeDeadlineSeconds"]
    assert given("cx-fleet-page").reports == run.publish


@pytest.mark.parametrize("name", JOBS)
def test_the_pods_keep_to_the_restricted_profile(name: str) -> None:
    """And have no token of this cluster, of which they ask nothing."""
    spec = job(name)["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in spec["volumes"]}


def test_the_inventory_is_one() -> None:
    """Its paths are those at which the pod finds kubeconfigs and sites."""
    found = Inventory.model_validate(yaml.safe_load((FOLDER / "inventory.yaml").read_text()))
    mounts = job("cx-fleet")["template"]["spec"]["containers"][0]["volumeMounts"]
    assert {"/etc/cx-fleet/inventory", "/etc/cx-fleet/kubeconfigs"} <= {one["mountPath"] for one in mounts}
    for one in found.clusters:
        assert str(one.kubeconfig).startswith("../kubeconfigs/")
        assert (FOLDER / str(one.site)).exists()
