"""Which distribution a cluster looks like, and what says so."""

from typing import Any

import pytest

from cx_conformance.api.identity import guess_distribution
from cx_conformance.objects.node import node
from tests.objects.recordings import recorded_items


def node_with(**changes: Any) -> dict[str, Any]:
    """Return the recorded node with labels, annotations, provider ID, OS image or kubelet version changed."""
    source = recorded_items("/api/v1/nodes")[0]
    source["metadata"]["labels"].update(changes.get("labels", {}))
    source["metadata"]["annotations"].update(changes.get("annotations", {}))
    source["spec"]["providerID"] = changes.get("provider", "")
    source["status"]["nodeInfo"]["osImage"] = changes.get("os", "Debian")
    source["status"]["nodeInfo"]["kubeletVersion"] = changes.get("kubelet", "v1.30.0")
    return source


@pytest.mark.parametrize(
    ("version", "changes", "name", "evidence"),
    [
        ("v1.28.12+rke2r1", {}, "rke2", "server version v1.28.12+rke2r1"),
        ("v1.24.7+k3s1", {}, "k3s", "server version v1.24.7+k3s1"),
        ("v1.30.5-gke.1014001", {}, "gke", "server version v1.30.5-gke.1014001"),
        ("v1.31.0-eks-a737599", {}, "eks", "server version v1.31.0-eks-a737599"),
        ("v1.27.5+vmware.1", {}, "tanzu", "server version v1.27.5+vmware.1"),
        ("v1.30.0", {"kubelet": "v1.30.0+rke2r1"}, "rke2", "kubelet version v1.30.0+rke2r1 of node rk8s-node"),
        ("v1.30.0", {"labels": {"microk8s.io/cluster": "true"}}, "microk8s", "microk8s.io/cluster on node rk8s-node"),
        ("v1.30.0", {"labels": {"kubernetes.azure.com/cluster": "x"}}, "aks", "kubernetes.azure.com/cluster on node"),
        ("v1.30.0", {"annotations": {"kubeadm.alpha.kubernetes.io/cri-socket": "x"}}, "kubeadm", "kubeadm.alpha"),
        ("v1.30.0", {"provider": "kind://docker/kind/x"}, "kind", "provider ID of node rk8s-node"),
        ("v1.30.0", {"os": "Talos (v1.8.0)"}, "talos", "OS image of node rk8s-node"),
        ("v1.30.0", {}, "unknown", "nothing in server version v1.30.0"),
        ("", {}, "unknown", "nothing in server version (not seen)"),
    ],
)
def test_a_distribution_is_guessed_with_its_evidence(
    version: str, changes: dict[str, Any], name: str, evidence: str
) -> None:
    """Never without saying why."""
    found = guess_distribution(version, [node(node_with(**changes))])
    assert found.name == name
    assert evidence in found.evidence
