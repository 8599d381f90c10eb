"""What NetworkPolicies say of a connection from one pod to another.

https://kubernetes.io/docs/concepts/services-networking/network-policies/: a pod that no policy selects for a direction
is open in it; else only what a rule of one of those policies allows passes. A connection needs the way out of its
source and the way in to its target. Policies count at the pods: behind a Service that is the target port. Policies of
other kinds (of Calico, Cilium, or the cluster's administrator) are not seen here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Literal

from msgspec import Struct

from cx_conformance.objects.networkpolicy import NetworkPolicy, PolicyPeer, PolicyPort, PolicyRule
from cx_conformance.objects.pod_spec import PodSpec

Direction = Literal["egress", "ingress"]
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives each namespace: its name."""


class End(Struct, frozen=True, kw_only=True):
    """One end of a connection: a pod, or (``spec`` None) an address that is no pod's.

    ``addresses`` are all by which policies may meet it: the pod's own, and those of the Service in front, for it is not
    defined whether blocks of addresses are compared before or after the Service's is rewritten.
    """

    name: str
    """As messages call it: ``pod expertflow/ef-ccm-0``."""
    namespace: str = ""
    labels: Mapping[str, str]
    addresses: tuple[str, ...] = ()
    spec: PodSpec | None = None

    def declares(self, name: str, protocol: str, number: int) -> bool:
        """Whether a container of it calls the port ``number`` by ``name``."""
        return self.spec is not None and any(
            (port.name, port.protocol, port.number) == (name, protocol, number)
            for container in self.spec.serving_containers
            for port in container.ports
        )


class Barrier(Struct, frozen=True, kw_only=True):
    """A direction in which a connection is forbidden, and the policies that together restrict it."""

    direction: Direction
    policies: tuple[NetworkPolicy, ...]
    words: str


class Ruling(Struct, frozen=True, kw_only=True):
    """What the policies say of one connection; ``by_block`` are those that allow it by a block of addresses only."""

    barriers: tuple[Barrier, ...] = ()
    by_block: tuple[NetworkPolicy, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing forbids it."""
        return not self.barriers


class Policies:
    """The policies of a cluster, and the labels of its namespaces, by which policies know them."""

    def __init__(self, policies: Iterable[NetworkPolicy], namespaces: Mapping[str, Mapping[str, str]]) -> None:
        """Judge by ``policies``; a namespace of which no labels are given has that of its name."""
        self._by_namespace: dict[str, list[NetworkPolicy]] = defaultdict(list)
        for policy in policies:
            self._by_namespace[policy.namespace].append(policy)
        self._labels = namespaces

    def on(self, end: End, direction: Direction) -> tuple[NetworkPolicy, ...]:
        """Return the policies that restrict ``end`` in ``direction``."""
        if end.spec is None:
            return ()
        return tuple(
            policy
            for policy in self._by_namespace.get(end.namespace, ())
            if direction.capitalize() in policy.types and policy.pods.selects(end.labels)
        )

    def ruling(self, source: End, target: End, port: int, protocol: str = "TCP") -> Ruling:
        """Say whether ``source`` may connect to ``port`` of ``target``, the number on which the pod itself listens.

        A pod is never kept from itself.
        """
        if source.spec is not None and (source.namespace, source.name) == (target.namespace, target.name):
            return Ruling()
        barriers: list[Barrier] = []
        by_block: dict[str, NetworkPolicy] = {}
        ways: tuple[tuple[Direction, End, End], ...] = (("egress", source, target), ("ingress", target, source))
        for direction, own, other in ways:
            policies = self.on(own, direction)
            passing = [
                (policy, peer)
                for policy in policies
                for rule in (policy.egress if direction == "egress" else policy.ingress)
                if _names_port(rule, target, port, protocol)
                for peer in rule.peers or (None,)
                if peer is None or self._is(peer, other, policy.namespace)
            ]
            if policies and not passing:
                words = self._words(direction, policies, own, other, f"{protocol} {port}")
                barriers.append(Barrier(direction=direction, policies=policies, words=words))
            elif other.spec is not None and all(peer is not None and peer.cidr for _, peer in passing):
                by_block |= {policy.where: policy for policy, _ in passing}
        return Ruling(barriers=tuple(barriers), by_block=tuple(by_block.values()))

    def _is(self, peer: PolicyPeer, end: End, namespace: str) -> bool:
        """Whether ``peer`` of a policy in ``namespace`` stands for ``end``."""
        if peer.cidr:
            # A workload that has no pod yet has no address: whether it will be in the block nobody knows.
            return not end.addresses or any(_in_block(address, peer) for address in end.addresses)
        if end.spec is None or (peer.pods is None and peer.namespaces is None):
            return False
        if peer.namespaces is None:
            placed = end.namespace == namespace
        else:
            placed = peer.namespaces.selects(self._labels.get(end.namespace) or {NAMESPACE_NAME: end.namespace})
        return placed and (peer.pods is None or peer.pods.selects(end.labels))

    def _words(self, direction: Direction, policies: Sequence[NetworkPolicy], own: End, other: End, port: str) -> str:
        names = ", ".join(policy.where for policy in policies)
        many = len(policies) > 1
        said = (
            f"NetworkPolic{'ies' if many else 'y'} {names} restrict{'' if many else 's'} {direction} of {own.name} and "
            f"allow{'' if many else 's'} no {port} {'to' if direction == 'egress' else 'from'} {other.name}"
        )
        other_ports = {
            _port_words(one)
            for policy in policies
            for rule in (policy.egress if direction == "egress" else policy.ingress)
            if not rule.peers or any(self._is(peer, other, policy.namespace) for peer in rule.peers)
            for one in rule.ports
        }
        return f"{said}, only {', '.join(sorted(other_ports))}" if other_ports else said


def _names_port(rule: PolicyRule, target: End, port: int, protocol: str) -> bool:
    return not rule.ports or any(
        one.protocol == protocol
        and (
            one.port is None
            or (isinstance(one.port, str) and target.declares(one.port, protocol, port))
            or (isinstance(one.port, int) and one.port <= port <= (one.end or one.port))
        )
        for one in rule.ports
    )


def _port_words(port: PolicyPort) -> str:
    if port.port is None:
        return port.protocol
    return f"{port.protocol} {port.port}{f' to {port.end}' if port.end else ''}"


def _in_block(address: str, peer: PolicyPeer) -> bool:
    """Whether ``address`` is in the peer's block; what cannot be read is not."""
    try:
        found = ip_address(address)
        return found in ip_network(peer.cidr, strict=False) and not any(
            found in ip_network(block, strict=False) for block in peer.excepted
        )
    except ValueError:
        return False
