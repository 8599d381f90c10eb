"""Whether pods ask the cluster's DNS, which alone knows the names of Services.

https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#pod-s-dns-policy
"""

from typing import Final

from cx_conformance.objects.pod_spec import PodSpec

_OF_THE_NODE: Final = "Default"
_CLUSTER_FIRST: Final = "ClusterFirst"
OWN: Final = "None"


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
