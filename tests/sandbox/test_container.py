"""A pod's command runs as in a container: account, volumes, names, and no place to write but its volumes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster, SandboxFailed

SCRIPT = """
cd /var/run/secrets/kubernetes.io/serviceaccount
cat namespace; echo
cat /etc/shop/greeting; echo
cat /kept/nights 2>/dev/null
echo night >> /kept/nights
echo x > /tmp/scratch && echo "may write /tmp"
for place in /etc/x /x /run/x /etc/shop/x; do
  { echo x > $place; } 2>/dev/null && echo "may write $place"
done
api=https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT
curl -sS --cacert ca.crt -H "Authorization: Bearer $(cat token)" \
  $api/api/v1/namespaces/jobs/pods/run -o /dev/null -w '%{http_code}\\n'
curl -sS --cacert ca.crt https://kubernetes.default.svc/version -o /dev/null -w '%{http_code}\\n'
echo $GREETING $IMAGE >&2
exit 5
"""


def manifests() -> Iterator[dict[str, Any]]:
    """Yield an account that may look at its own pod, what the pod mounts, and the pod."""
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    subject = {"kind": "ServiceAccount", "name": "runner", "namespace": "jobs"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "look"}

    def made(version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
        return {"apiVersion": version, "kind": kind, "metadata": {"namespace": "jobs", "name": name}, **content}

    yield made("v1", "ServiceAccount", "runner")
    yield made("rbac.authorization.k8s.io/v1", "Role", "look", rules=rules)
    yield made("rbac.authorization.k8s.io/v1", "RoleBinding", "look", roleRef=role, subjects=[subject])
    yield made("v1", "ConfigMap", "words", data={"greeting": "hello"})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    yield made("v1", "PersistentVolumeClaim", "nights", spec=claim)
    mounts = {"words": "/etc/shop", "nights": "/kept", "scratch": "/tmp"}  # noqa: S108 - a container's own
    container = {
        "name": "run",
        "image": "none",
        "args": ["-c", SCRIPT],
        "env": [{"name": "GREETING", "valueFrom": {"configMapKeyRef": {"name": "words", "key": "greeting"}}}],
        "securityContext": {"readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }
    volumes = [
        {"name": "words", "configMap": {"name": "words"}},
        {"name": "nights", "persistentVolumeClaim": {"claimName": "nights"}},
        {"name": "scratch", "emptyDir": {}},
    ]
    pod = {"serviceAccountName": "runner", "restartPolicy": "Never", "containers": [container], "volumes": volumes}
    yield made("v1", "Pod", "run", spec=pod)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may put a layer over the file system")
def test_a_command_runs_as_in_a_container() -> None:
    """It knows its namespace, asks the API by its mounted token, and a claim keeps what the night before wrote."""
    with EmbeddedCluster(list(manifests())) as cluster:
        first = cluster.run("jobs/run", ["/bin/sh"], {"IMAGE": "image"})
        second = cluster.run("jobs/run", ["/bin/sh"])
        with pytest.raises(SandboxFailed, match="no Pod other"):
            cluster.run("jobs/other", ["/bin/sh"])

    told = "jobs\nhello\nmay write /tmp\n200\n200\n"
    assert (first.code, first.stdout) == (5, told), first.stderr
    assert "hello image" in first.stderr
    assert second.stdout == told.replace("hello\n", "hello\nnight\n")
    assert not Path("/kept").exists()
