"""The nightly run's manifests: what kubectl makes of them is valid, restricted, and grants what is needed."""

import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cx_conformance.__main__ import main
from cx_conformance.run.declared import DECLARED

FOLDER = Path(__file__).parents[2] / "deploy" / "kustomize"


@lru_cache
def rendered() -> tuple[dict[str, Any], ...]:
    """Return what ``kubectl apply -k`` would send."""
    text = subprocess.run(["kubectl", "kustomize", str(FOLDER)], capture_output=True, text=True, check=True).stdout
    return tuple(yaml.safe_load_all(text))


def pod() -> dict[str, Any]:
    """Return the pod's spec."""
    (job,) = (one for one in rendered() if one["kind"] == "CronJob")
    found: dict[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("minor", ["1.28", "1.31", "1.33"])
def test_every_object_is_valid(minor: str) -> None:
    """By the schemas of several Kubernetes minors, unknown fields refused."""
    for one in rendered():
        kubernetes_validate.validate(one, minor, strict=True)


def test_the_rights_are_those_that_rbac_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """Those of a namespace that not every installation has stand in a file of their own, which is not applied."""
    assert main(["rbac", "--in-cluster"]) == 0
    printed = list(yaml.safe_load_all(capsys.readouterr().out))
    files = [list(yaml.safe_load_all((FOLDER / name).read_text())) for name in ("rbac.yaml", "rbac-ef-bi.yaml")]
    assert [one for one in printed if one["metadata"].get("namespace") != "ef-bi"] == files[0]
    assert [one for one in printed if one["metadata"].get("namespace") == "ef-bi"] == files[1]
    assert {one["metadata"].get("namespace") for one in rendered() if one["kind"] == "Role"} == {
        "expertflow",
        "ef-external",
    }


def test_the_pod_keeps_to_the_restricted_profile() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    spec = pod()
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected"}
    assert all(set(volume) - {"name"} <= allowed for volume in spec["volumes"])
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}


def test_what_the_pod_refers_to_is_there() -> None:
    """Account, claim, ConfigMap by its generated name, mounts; and it writes only where something is mounted."""
    objects = {(one["kind"], one["metadata"]["name"]) for one in rendered()}
    spec = pod()
    assert ("ServiceAccount", spec["serviceAccountName"]) in objects
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert ("ConfigMap", volumes["site"]["configMap"]["name"]) in objects
    assert ("PersistentVolumeClaim", volumes["results"]["persistentVolumeClaim"]["claimName"]) in objects
    (container,) = spec["containers"]
    mounts = tuple(mount["mountPath"] for mount in container["volumeMounts"])
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    flags = dict(argument.split("=") for argument in container["args"][1:])
    assert set(flags) <= {flag for flag, _ in DECLARED}
    assert all(value.startswith(mounts) for value in flags.values() if value.startswith("/"))
    assert container["image"] == "cx-conformance:0.2.0"


def test_the_run_ends_by_itself_before_the_job_is_ended() -> None:
    """So that its report is written."""
    (cron,) = (one for one in rendered() if one["kind"] == "CronJob")
    job = cron["spec"]["jobTemplate"]["spec"]
    limits = [int(argument.split("=")[1]) for argument in pod()["containers"][0]["args"] if "--time-limit" in argument]
    assert limits[0] + 300 <= job["activeDeadlineSeconds"]
    assert (cron["spec"]["concurrencyPolicy"], job["backoffLimit"]) == ("Forbid", 0)
