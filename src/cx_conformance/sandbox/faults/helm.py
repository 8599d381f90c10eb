"""What goes wrong with Helm's own work: a release that an upgrade left half done, a Job of a chart that failed."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

import base64
import uuid

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


def _put(installation: Installation, api_version: str, kind: str, metadata: Object, **more: object) -> None:
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{metadata['namespace']}/{metadata['name']}"))
    installation.objects.append({"apiVersion": api_version, "kind": kind, "metadata": {**metadata, "uid": uid}, **more})


@fault("CX010", "ef-cx")
def release_pending_upgrade(installation: Installation, release: str) -> None:
    """An upgrade of a Helm release was cut off: its newest revision is pending-upgrade."""
    for one in installation.of("ConfigMap"):
        if one["metadata"].get("namespace") == "expertflow":
            one["metadata"].setdefault("labels", {})["app.kubernetes.io/managed-by"] = "Helm"
            one["metadata"].setdefault("annotations", {})["meta.helm.sh/release-name"] = release
    for version, status in ((1, "deployed"), (2, "pending-upgrade")):
        labels = {"owner": "helm", "name": release, "status": status, "version": str(version)}
        metadata = {"name": f"sh.helm.release.v1.{release}.v{version}", "namespace": "expertflow", "labels": labels}
        data = {"release": base64.b64encode(b"-").decode()}
        _put(installation, "v1", "Secret", metadata, type="helm.sh/release.v1", data=data)


@fault("CX115", "ef-external")
def schema_job_failed(installation: Installation, namespace: str) -> None:
    """The Job by which a chart makes a database's schema has failed as often as it may."""
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    metadata = {"name": "superset-init-db", "namespace": namespace, "labels": labels}
    container = {"name": "init", "image": "registry.example.com/superset:4", "resources": {}}
    condition = {
        "type": "Failed",
        "status": "True",
        "reason": "BackoffLimitExceeded",
        "message": "Job has reached the specified backoff limit",
    }
    _put(
        installation,
        "batch/v1",
        "Job",
        metadata,
        spec={"backoffLimit": 6, "template": {"spec": {"containers": [container], "restartPolicy": "Never"}}},
        status={"failed": 7, "conditions": [condition]},
    )


FAULTS = (release_pending_upgrade, schema_job_failed)
