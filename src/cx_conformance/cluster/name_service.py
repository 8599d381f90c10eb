"""Whether pods ask the cluster's DNS, which alone knows the names of Services, and whether anybody answers there.

https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
"""

from typing import Final

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.pod_spec import PodSpec
from cx_conformance.objects.service import Service
from cx_conformance.objects.workload import Deployment
from cx_conformance.outcome.looking import CouldNotLook

_OF_THE_NODE: Final = "Default"
_CLUSTER_FIRST: Final = "ClusterFirst"
OWN: Final = "None"
_NAMESPACES: Final = ("kube-system", "openshift-dns")
"""Where the cluster's DNS stands."""


def past_dns(spec: PodSpec) -> str:
    """Say why pods ask the resolvers of their node; empty where they ask the cluster's, or that is not known."""
    if spec.dns_policy == _OF_THE_NODE:
        return "dnsPolicy Default asks the resolvers of the node, which do not know the names of Services"
    if spec.dns_policy == _CLUSTER_FIRST and spec.host_network:
        return (
            "on the node's network dnsPolicy ClusterFirst asks the resolvers of the node, which do not know the names "
            "of Services; ClusterFirstWithHostNet asks the cluster's DNS"
        )
    return ""


def is_dns(service: Service) -> bool:
    """Whether it is the cluster's DNS; OpenShift calls it dns-default, all others label it kube-dns."""
    return service.labels.get("k8s-app") == "kube-dns" or service.name in ("kube-dns", "dns-default")


def why_silent(snapshot: Snapshot) -> str:
    """Say why nobody answers for the cluster's DNS; empty where somebody does, or that is not to be seen.

    GKE may answer without pods, which are scaled to zero then, and some others have a Service that selects nothing
    (https://cloud.google.com/kubernetes-engine/docs/concepts/about-cloud-dns).
    """
    if snapshot.identity.distribution.name == "gke":
        return ""
    try:
        services = [
            one
            for namespace in _NAMESPACES
            for one in snapshot.list(Service, namespace)
            if is_dns(one) and one.selector
        ]
        pods = [pod for one in services for pod in snapshot.pods_behind(one) if not pod.finished]
        deployments = [
            live
            for one in services
            for live in snapshot.list(Deployment, one.namespace)
            if one.selects(live.template.labels)
        ]
    except CouldNotLook:
        return ""
    if any(pod.ready for pod in pods):
        return ""
    if pods:
        return f"no pod of the cluster's DNS is ready: {', '.join(pod.where for pod in pods[:_MOST_SHOWN])}"
    off = next((one for one in deployments if one.replicas == 0), None)
    if off is not None:
        return f"the cluster's DNS has no pod: Deployment {off.where} is scaled to zero"
    return f"the cluster's DNS has no pod: Deployment {deployments[0].where} has none" if deployments else ""


_MOST_SHOWN: Final = 3
