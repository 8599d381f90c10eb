"""The addresses by which a cluster is reached from outside, as far as its own objects tell.

Nodes and load balancers tell theirs. kube-vip, which many bare clusters have, holds one more on a node, which the
status of no object shows: its container is told it by the variable ``address``
(https://kube-vip.io/docs/installation/flags/).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service

_VIP_IMAGE: Final = "kube-vip"
_VIP_VARIABLES: Final = ("address", "vip_address")


def own_addresses(snapshot: Snapshot) -> Mapping[str, str]:
    """Return each address, or host name of a load balancer, and whose it is: ``node node-1``.

    Raises CouldNotLook where nodes, Services or pods could not be listed.
    """
    found: dict[str, str] = {}
    for address, whose in (*_of_services(snapshot), *_of_nodes(snapshot), *_of_kube_vip(snapshot)):
        found.setdefault(spelt(address), whose)
    return found


def spelt(address: str) -> str:
    """Return an address as Python spells it, so that two spellings of one IPv6 address are the same."""
    with suppress(ValueError):
        return str(ip_address(address))
    return address.lower().rstrip(".")


def _of_nodes(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for node in snapshot.list(Node):
        for address in node.addresses:
            yield address, f"node {node.name}"


def _of_services(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for service in snapshot.list(Service):
        for address in (*service.load_balancer, *service.external_ips):
            yield address, f"Service {service.where}"


def _of_kube_vip(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for pod in snapshot.list(Pod):
        for container in pod.spec.containers:
            if _VIP_IMAGE in container.image:
                for variable in container.env:
                    if variable.name in _VIP_VARIABLES and variable.value:
                        yield variable.value, f"kube-vip in pod {pod.where}"
