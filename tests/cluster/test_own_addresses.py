"""The addresses of a cluster, from its own objects."""

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.own_addresses import own_addresses
from tests.checks.installation import Installation, blueprint


def test_nodes_load_balancers_and_kube_vip_tell_their_addresses() -> None:
    """Of both families, and by name where a load balancer has only that."""
    cluster = Installation()
    cluster.live(
        "Node",
        "node-1",
        lambda node: node["status"].update(
            addresses=[
                {"type": "InternalIP", "address": "192.0.2.7"},
                {"type": "InternalIP", "address": "2001:DB8::7"},
                {"type": "ExternalIP", "address": "198.51.100.7"},
                {"type": "Hostname", "address": "node-1"},
            ]
        ),
    )
    ports = [{"name": "https", "port": 443, "protocol": "TCP"}]
    balancer = {"ingress": [{"ip": "192.0.2.80"}, {"hostname": "A1.elb.example.com"}]}
    vip = {
        "name": "kube-vip",
        "image": "ghcr.io/kube-vip/kube-vip:v1.0",
        "env": [{"name": "address", "value": "192.0.2.1"}],
    }
    cluster.add_live(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "ingress", "namespace": "expertflow"},
            "spec": {"type": "LoadBalancer", "ports": ports, "externalIPs": ["192.0.2.81"]},
            "status": {"loadBalancer": balancer},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "kube-vip-node-1", "namespace": "expertflow"},
            "spec": {"nodeName": "node-1", "containers": [vip]},
            "status": {"phase": "Running"},
        },
    )
    assert own_addresses(cluster.snapshot(Plan(blueprint(), cluster.site))) == {
        "192.0.2.80": "Service expertflow/ingress",
        "a1.elb.example.com": "Service expertflow/ingress",
        "192.0.2.81": "Service expertflow/ingress",
        "192.0.2.7": "node node-1",
        "2001:db8::7": "node node-1",
        "198.51.100.7": "node node-1",
        "192.0.2.1": "kube-vip in pod expertflow/kube-vip-node-1",
    }
