"""A short-lived pod that stands for another one in the network, and that nothing in the cluster takes for its own.

NetworkPolicies select pods by labels and namespace, so it has both of the pod it stands for (the *caller*). What else
selects by labels must leave it alone, each for its own reason:

- A Service sends traffic to ready pods only. A readiness gate whose condition nobody ever sets keeps the pod from being
  ready, whatever its containers do. A Service with ``publishNotReadyAddresses`` sends traffic all the same; where one
  selects these labels, no such pod is made (``takes_unready``).
- A ReplicaSet adopts what its selector matches, and deletes what is then too much; that of a Deployment selects the
  label ``pod-template-hash``, which is left out, as are all labels that only controllers stamp. A StatefulSet adopts
  only what has a name like ``NAME-0``; this one's ends in letters. Bare ReplicaSets, DaemonSets and the controllers of
  other kinds select without such a label; but none of them adopts what has a controller already, and this pod has: an
  owner reference with ``controller: true`` to the caller. It also lets the pod go when the caller goes (garbage
  collection), should nobody have deleted it.

What remains: a PodDisruptionBudget in per cent, or with ``maxUnavailable``, cannot count it and allows no eviction
while it lives; a HorizontalPodAutoscaler sees one more pod that is not ready.

https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions
https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate
https://kubernetes.io/docs/concepts/services-networking/network-policies/#pod-lifecycle
"""

import secrets
from collections.abc import Iterable
from typing import Any, Final

from cx_conformance.objects.json_fields import Json, mapping, text, text_map
from cx_conformance.objects.service import Service
from cx_conformance.vantage.script_container import user_of

CONTAINER: Final = "probe"
ACTIVE_SECONDS: Final = 120
"""After so long the kubelet ends it, come what may: pulling the image included."""
FIRST_SECONDS: Final = 1
"""It waits before it looks: what NetworkPolicies allow may take effect only after a pod has started."""

_GATE: Final = "cx-conformance/never-ready"
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_STAMPED: Final = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "rollouts-pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    }
)
"""Labels that controllers write on their pods to know them again."""
_SAME_AS_CALLER: Final = ("dnsPolicy", "dnsConfig", "hostAliases", "imagePullSecrets", "serviceAccountName")
"""What decides how names resolve, which images can be pulled, and who a pod is to a service mesh."""


def pod_name(caller: str) -> str:
    """Return a new name for a probe pod in place of ``caller``; it ends in letters, for reasons given above."""
    ending = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"cx-conformance-{caller[:36].rstrip('-.')}-{ending}".replace(".", "-")


def labels_of(caller: Json) -> dict[str, str]:
    """Return the caller's labels without those that controllers stamp."""
    given = text_map(mapping(caller, "metadata"), "labels")
    return {name: value for name, value in given.items() if name not in _STAMPED}


def takes_unready(services: Iterable[Service], caller: Json) -> Service | None:
    """Return the first Service that would send traffic to a pod in place of ``caller`` though it is never ready."""
    labels = labels_of(caller)
    return next((one for one in services if one.publish_not_ready and one.selects(labels)), None)


def probe_pod(name: str, caller: Json, container: dict[str, Any]) -> dict[str, Any]:
    """Return the pod ``name`` that runs ``container`` in place of the pod ``caller`` (API JSON), for a POST."""
    metadata, spec = mapping(caller, "metadata"), mapping(caller, "spec")
    owner = {"apiVersion": "v1", "kind": "Pod", "name": text(metadata, "name"), "uid": text(metadata, "uid")}
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **user_of(caller)}
    resources = {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "500m", "memory": "128Mi"},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": text(metadata, "namespace"),
            "labels": labels_of(caller),
            "annotations": {"cx-conformance/stands-for": text(metadata, "name")},
            "ownerReferences": [owner | {"controller": True}],
        },
        "spec": {
            **{field: spec[field] for field in _SAME_AS_CALLER if spec.get(field)},
            "activeDeadlineSeconds": ACTIVE_SECONDS,
            "affinity": _near(text(spec, "nodeName")),
            "automountServiceAccountToken": False,
            "containers": [container | {"resources": resources}],
            "enableServiceLinks": False,
            "readinessGates": [{"conditionType": _GATE}],
            "restartPolicy": "Never",
            "securityContext": security,
            "terminationGracePeriodSeconds": 1,
            "tolerations": list(spec.get("tolerations") or ()),
        },
    }


def _near(node: str) -> dict[str, Any]:
    """Return the wish to stand on the caller's node, where the same network plug-in and the same routes are."""
    here = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": here}]}}
