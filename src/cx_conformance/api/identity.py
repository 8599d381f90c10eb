"""Which cluster it is: its UID, its versions, and the distribution it looks like."""

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from cx_conformance.objects.node import Node

# What the server's version says; the first that matches wins.
_VERSION_SIGNS = (
    (r"\+rke2", "rke2"),
    (r"\+k3s", "k3s"),
    (r"-gke\.", "gke"),
    (r"-eks-", "eks"),
    (r"\+vmware", "tanzu"),
    (r"\+k0s", "k0s"),
    (r"-aliyun", "ack"),
)
# What labels and annotations of a node say.
_NODE_SIGNS = (
    ("microk8s.io/cluster", "microk8s"),
    ("eks.amazonaws.com/nodegroup", "eks"),
    ("cloud.google.com/gke-nodepool", "gke"),
    ("kubernetes.azure.com/cluster", "aks"),
    ("kubernetes.azure.com/agentpool", "aks"),
    ("run.tanzu.vmware.com/kubernetesDistributionVersion", "tanzu"),
    ("node.openshift.io/os_id", "openshift"),
    ("minikube.k8s.io/name", "minikube"),
    ("doks.digitalocean.com/node-id", "doks"),
    ("kubeadm.alpha.kubernetes.io/cri-socket", "kubeadm"),
)


class Distribution(Struct, frozen=True, kw_only=True):
    """The distribution a cluster looks like, and what says so; ``unknown`` when nothing does."""

    name: str
    evidence: str


class ClusterIdentity(Struct, frozen=True, kw_only=True):
    """Which cluster it is. ``uid`` is that of namespace kube-system, the usual stand-in for a cluster ID.

    ``uid`` and ``version`` are empty, and ``kubelet_versions`` too, when the account may not see them.
    """

    uid: str
    version: str
    platform: str
    kubelet_versions: Mapping[str, str]
    distribution: Distribution


def guess_distribution(version: str, nodes: Iterable[Node]) -> Distribution:
    """Guess the distribution from the server's version, then from what the nodes carry."""
    for pattern, name in _VERSION_SIGNS:
        if re.search(pattern, version):
            return Distribution(name=name, evidence=f"server version {version}")
    for node in nodes:
        # A k3s or rke2 server behind a rewritten version still has its own kubelets.
        for pattern, name in _VERSION_SIGNS:
            if re.search(pattern, node.kubelet_version):
                return Distribution(name=name, evidence=f"kubelet version {node.kubelet_version} of node {node.name}")
        for key, name in _NODE_SIGNS:
            if key in node.labels or key in node.annotations:
                return Distribution(name=name, evidence=f"{key} on node {node.name}")
        if node.provider_id.startswith("kind://"):
            return Distribution(name="kind", evidence=f"provider ID of node {node.name}")
        if node.os_image.startswith("Talos"):
            return Distribution(name="talos", evidence=f"OS image of node {node.name}")
    return Distribution(name="unknown", evidence=f"nothing in server version {version or '(not seen)'} or on the nodes")
