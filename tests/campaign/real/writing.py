"""Objects written to a cluster: created, replaced where the API allows it, else made anew, deleted."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from cx_conformance.api.client import Cluster
from cx_conformance.outcome.looking import CouldNotLook, NotServed
from tests.campaign.real.own import Difference
from tests.checks.installation import Object

PLURALS: Final = {
    "ConfigMap": "/api/v1/{}configmaps",
    "Deployment": "/apis/apps/v1/{}deployments",
    "Ingress": "/apis/networking.k8s.io/v1/{}ingresses",
    "Namespace": "/api/v1/namespaces",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/{}networkpolicies",
    "PersistentVolumeClaim": "/api/v1/{}persistentvolumeclaims",
    "Secret": "/api/v1/{}secrets",
    "Service": "/api/v1/{}services",
    "StatefulSet": "/apis/apps/v1/{}statefulsets",
}
"""The kinds that the campaign writes; nothing that belongs to the whole cluster but its own namespaces."""
GONE_SECONDS: Final = 120.0


class Writer:
    """Writes to one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        """Write by ``cluster``'s connection."""
        self._cluster = cluster

    def exists(self, kind: str, name: str, namespace: str = "") -> bool:
        """Tell whether an object is there; raises CouldNotLook."""
        return self._cluster.read(_path(kind, namespace, name)) is not None

    def create(self, one: Object) -> None:
        """Create an object; raises CouldNotLook where the API refuses it."""
        namespace = one["metadata"].get("namespace", "")
        self._cluster.write("POST", _path(one["kind"], namespace), body=one)

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Delete an object and wait until it is gone; one that is gone already is no trouble."""
        until = time.monotonic() + GONE_SECONDS
        with suppress(NotServed):
            self._cluster.write("DELETE", _path(kind, namespace, name), seconds=GONE_SECONDS)
        while self.exists(kind, name, namespace):
            if time.monotonic() > until:
                raise TimeoutError(f"{kind} {namespace}/{name} is still there {GONE_SECONDS:g} s after its deletion")
            time.sleep(0.2)

    def bring(self, found: Difference) -> None:
        """Write a difference: first what goes, then what changes, then what comes."""
        for one in found.gone:
            self.delete(one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", ""))
        for one in found.changed:
            self._replace(one)
        for one in found.new:
            self.create(one)

    def apply(self, objects: Iterable[Object]) -> None:
        """Create every object, in the order in which they stand."""
        for one in objects:
            self.create(one)

    def _replace(self, one: Object) -> None:
        """Replace an object; where the API holds a field for immutable, delete it and make it anew."""
        namespace, name = one["metadata"].get("namespace", ""), one["metadata"]["name"]
        try:
            self._cluster.write("PUT", _path(one["kind"], namespace, name), body=_kept(self._cluster, one))
        except CouldNotLook:
            self.delete(one["kind"], name, namespace)
            self.create(one)


def _kept(cluster: Cluster, one: Object) -> Object:
    """Return an object with what the API server gave the one that it replaces: version and addresses."""
    metadata = one["metadata"]
    live = cluster.read(_path(one["kind"], metadata.get("namespace", ""), metadata["name"]))
    made = one | {"metadata": metadata | {"resourceVersion": live["metadata"].get("resourceVersion")}}
    if one["kind"] == "Service" and one["spec"].get("type") != "ExternalName" and "clusterIP" not in one["spec"]:
        given = {key: live["spec"][key] for key in ("clusterIP", "clusterIPs") if key in live["spec"]}
        made["spec"] = one["spec"] | given
    return made


def _path(kind: str, namespace: str, name: str = "") -> str:
    collection = PLURALS[kind].format(f"namespaces/{quote(namespace)}/" if namespace else "")
    return f"{collection}/{quote(name)}" if name else collection
