"""The pods by which a cluster is tried before anything is installed, as they stand in a POST.

They are nobody's: no Service selects their label, no controller adopts what its selector does not match, and none is
ever ready. They keep to the restricted Pod Security standard, and end by themselves.
"""

import secrets
from collections.abc import Iterable
from typing import Any, Final

from cx_conformance.vantage.script_container import NOBODY

CONTAINER: Final = "probe"
ACTIVE_SECONDS: Final = 300
"""After so long the kubelet ends one, come what may: pulling the image and binding a claim included."""
PORT: Final = 18_080
"""Where the standing pods serve; no user's rights are needed for it."""
SERVED: Final = "/probe"
CLAIMED: Final = "/claim"

_GATE: Final = "cx-conformance/never-ready"
_LABELS: Final = {"app.kubernetes.io/name": "cx-conformance-probe"}
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"


def new_name(what: str) -> str:
    """Return a name that nobody has: ``cx-conformance-claim-bcdfghjk``."""
    return f"cx-conformance-{what}-{''.join(secrets.choice(_LETTERS) for _ in range(8))}"


def node_pod(  # noqa: PLR0913 - the parts of a pod that differ, by name
    name: str,
    namespace: str,
    container: dict[str, Any],
    *,
    node: str | None,
    pull_secrets: Iterable[str],
    user: bool,
    volume: tuple[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a pod that runs ``container`` on ``node`` (None: anywhere), with a ``volume`` mounted at a path.

    ``user`` says whether it names its user; False on OpenShift, which gives each namespace its own.
    """
    security: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if user:
        security |= {"runAsUser": NOBODY, "runAsGroup": NOBODY, "fsGroup": NOBODY}
    resources = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}
    made = container | {"resources": resources}
    spec: dict[str, Any] = {
        "activeDeadlineSeconds": ACTIVE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "imagePullSecrets": [{"name": one} for one in pull_secrets],
        "readinessGates": [{"conditionType": _GATE}],
        "restartPolicy": "Never",
        "securityContext": security,
        "terminationGracePeriodSeconds": 1,
    }
    if node is not None:
        here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [here]}}
        spec["affinity"] = {"nodeAffinity": required}
    if volume is not None:
        path, source = volume
        spec["volumes"] = [{"name": "probe", **source}]
        made["volumeMounts"] = [{"name": "probe", "mountPath": path}]
    metadata = {"name": name, "namespace": namespace, "labels": _LABELS}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | {"containers": [made]}}


def claim(name: str, namespace: str) -> dict[str, Any]:
    """Return a claim of the default class: as small as any provisioner makes one."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": name, "namespace": namespace, "labels": _LABELS}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}
