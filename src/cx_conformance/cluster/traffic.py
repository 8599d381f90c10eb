"""The connections that a call edge consists of, pod to pod, and what NetworkPolicies say of them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct, field

from cx_conformance.blueprint.plan import Edge
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.extensions import OTHER_POLICIES
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.name_service import is_dns
from cx_conformance.cluster.policies import Direction, End, Policies, Ruling
from cx_conformance.cluster.ports import port_reached
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.objects.node import Node
from cx_conformance.objects.other_policy import OtherPolicy
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service, ServicePort
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook, NoVantage

_NODE_LOCAL_DNS = ("node-local-dns", "nodelocaldns")
"""Labels ``k8s-app`` of NodeLocal DNSCache, which answers on the node itself."""
_ON_NODES: Final = {"gke": ("169.254.169.254", "169.254.20.10"), "aks": ("169.254.10.11", "169.254.10.10")}
"""By distribution: where its nodes have a resolver that is no pod, whatever pods of the DNS run beside. That of GKE is
Cloud DNS (https://github.com/tektoncd/operator/issues/4000) and its cache, that of AKS is LocalDNS
(https://learn.microsoft.com/azure/aks/localdns-custom)."""


class Traffic(Struct, frozen=True, kw_only=True):
    """What the policies say of all connections of one kind: an edge's, or those to the cluster's DNS.

    ``connections`` are counted without those of pods on their node's network, to which policies apply in no way that
    the API defines; ``on_node`` names these pods.
    """

    connections: int = 0
    forbidden: tuple[str, ...] = ()
    """A sentence for each way that is shut, which names the policies."""
    barring: tuple[str, ...] = ()
    """The policies that shut those ways, each with its direction: what many forbidden connections have in common."""
    perhaps: tuple[str, ...] = ()
    """Policies of other kinds that may allow all of what is forbidden: which calls they allow is not read."""
    by_block: tuple[str, ...] = ()
    """Policies that allow a connection by a block of addresses only."""
    restricting: dict[str, list[str]] = field(default_factory=dict)
    """The policies that select the caller for egress, and the callee for ingress."""
    on_node: tuple[str, ...] = ()

    @property
    def cause(self) -> str | None:
        """What many forbidden connections have in common, in words; None where none surely is forbidden."""
        return (
            None if self.perhaps or not self.barring else f"NetworkPolicies allow too little: {', '.join(self.barring)}"
        )


def edge_traffic(seen: Seen, edge: Edge) -> Traffic:
    """Say which connections of ``edge`` a policy forbids: of every caller's pod, to every pod behind the callee.

    Where there is no pod yet the workload's template speaks for it. Raises Absent where the callee's Service or port
    is, CouldNotLook where policies could not be listed.
    """
    service = seen.service(edge.callee).object
    port = called_port(service, edge)
    if port is None:
        raise Absent(f"Service {service.where} does not serve port {edge.port.port}")
    callers = _callers(seen, edge.caller)
    policies = _policies(seen, (*(one.namespace for one in callers), service.namespace))
    targets = [(end, number) for end in _behind(seen, service, edge.callee) if (number := _arrives(service, port, end))]
    if not targets:
        raise Absent(f"Service {service.where} port {port.number} leads to no pod and no address")
    return _traffic(policies, callers, targets, port.protocol, _allowing(seen))


def dns_traffic(seen: Seen, caller: Planned) -> Traffic:
    """Say whether a policy keeps ``caller`` from the cluster's DNS, over UDP as every resolver begins.

    Raises Absent where its workload is, CouldNotLook where policies could not be listed, or the DNS is not to be seen.
    """
    callers = _callers(seen, caller)
    policies = _policies(seen, [one.namespace for one in callers])
    restricting = sorted({policy.where for one in callers for policy in policies.on(one, "egress")})
    if not restricting:
        return Traffic(connections=len(callers))
    pods = seen.snapshot.visible(Pod)
    if any(pod.labels.get("k8s-app") in _NODE_LOCAL_DNS for pod in pods):
        return Traffic(restricting={"egress": restricting}, on_node=("NodeLocal DNSCache",))
    services = [one for one in seen.snapshot.visible(Service) if is_dns(one)]
    policies = _policies(seen, [*(one.namespace for one in callers), *(one.namespace for one in services)])
    targets = [
        (_of_pod(pod, service), reached.number)
        for service in services
        for port in service.ports
        for pod in pods
        if (port.number, port.protocol) == (53, "UDP")
        and pod.namespace == service.namespace
        and service.selects(pod.labels)
        and not pod.finished
        and (reached := port_reached(service, port, pod))
    ]
    traffic = _traffic(policies, callers, targets, "UDP", _allowing(seen))
    resolver = "" if targets and not traffic.forbidden else _resolver_on_nodes(seen, policies, callers)
    if resolver or (not targets and _answer_themselves(seen)):
        allowed = f" {resolver}, which is allowed," if resolver else " of EKS Auto Mode"
        return Traffic(restricting={"egress": restricting}, on_node=(f"the resolver{allowed}",))
    if not targets:
        raise NoVantage(
            f"NetworkPolicies {', '.join(restricting)} restrict egress of {caller.id}, and the pods of the cluster's "
            "DNS were not to be seen; let the account list Services and Pods of kube-system"
        )
    return traffic


def _resolver_on_nodes(seen: Seen, policies: Policies, callers: Sequence[End]) -> str:
    """Return the address of a resolver that nodes of this distribution have, where policies let all callers ask it."""
    for address in _ON_NODES.get(seen.snapshot.identity.distribution.name, ()):
        there = End(name=f"address {address}", labels={}, addresses=(address,))
        if all(policies.ruling(one, there, 53, "UDP").allowed for one in callers):
            return address
    return ""


def _answer_themselves(seen: Seen) -> bool:
    """Tell whether nodes of EKS Auto Mode are the DNS (https://github.com/aws/containers-roadmap/issues/2552)."""
    with suppress(CouldNotLook):
        return any(one.labels.get("eks.amazonaws.com/compute-type") == "auto" for one in seen.snapshot.visible(Node))
    return False


def called_port(service: Service, edge: Edge) -> ServicePort | None:
    """Return the live port that the edge calls: the documented number first, then those that are accepted."""
    numbers = (edge.port.port, *edge.port.also)
    served = {port.number: port for port in service.ports if port.protocol == "TCP"}
    return next((served[number] for number in numbers if number in served), None)


def kept_out(seen: Seen, namespace: str, labels: Mapping[str, str], pod: Pod, port: int) -> str | None:
    """Say which policies keep a pod of ``namespace`` with these ``labels`` from ``port`` of ``pod``; None: none does.

    Nor is there anything to say where the policies could not be listed.
    """
    own = End(name=f"a pod of namespace {namespace}", namespace=namespace, labels=labels, spec=pod.spec)
    try:
        policies = _policies(seen, [pod.namespace, namespace])
    except CouldNotLook:
        return None
    barriers = policies.ruling(own, _of_pod(pod), port).barriers
    return "; ".join(one.words for one in barriers if one.direction == "ingress") or None


def way_in(seen: Seen, service: Service, sources: Iterable[Pod]) -> Traffic:
    """Say what keeps those that pass on calls from outside, ``sources``, out of a Service; nothing where one gets in.

    Nor is anything said where there is no pod behind it, where pods or policies could not be listed, where policies of
    another kind may allow it, or where the labels of a source's namespace are not to be seen.
    """
    shut = Traffic()
    with suppress(CouldNotLook):
        reached = [pod for pod in seen.snapshot.pods_behind(service) if not pod.finished and pod.deleted is None]
        for source in sources:
            policies = _policies(seen, (source.namespace, service.namespace))
            for port in service.ports:
                ends = [
                    (_of_pod(pod, service), on.number) for pod in reached if (on := port_reached(service, port, pod))
                ]
                ruled = _traffic(policies, [_of_pod(source)], ends, port.protocol, _allowing(seen))
                if not ruled.forbidden or ruled.perhaps or seen.snapshot.get(Namespace, None, source.namespace) is None:
                    return Traffic()
                shut = ruled
    return shut


def _traffic(
    policies: Policies,
    sources: Sequence[End],
    targets: Sequence[tuple[End, int]],
    protocol: str,
    others: Sequence[OtherPolicy],
) -> Traffic:
    pairs = [(source, target, number) for source in sources for target, number in targets]
    judged = [pair for pair in pairs if not any(_on_node(end) for end in pair[:2])]
    rulings: list[Ruling] = [policies.ruling(source, target, number, protocol) for source, target, number in judged]
    ends: tuple[tuple[Direction, list[End]], ...] = (
        ("egress", list(sources)),
        ("ingress", [target for target, _ in targets]),
    )
    restricting = {
        direction: sorted({policy.where for end in some for policy in policies.on(end, direction)})
        for direction, some in ends
    }
    barriers = [barrier for ruling in rulings for barrier in ruling.barriers]
    perhaps = [
        [
            f"{type(one).__name__} {one.where}"
            for one in others
            if barrier.direction in one.allows and one.namespace in ("", barrier.policies[0].namespace)
        ]
        for barrier in barriers
    ]
    return Traffic(
        connections=len(judged),
        perhaps=tuple(dict.fromkeys(one for some in perhaps for one in some)) if all(perhaps) else (),
        forbidden=tuple(dict.fromkeys(barrier.words for barrier in barriers)),
        barring=tuple(
            dict.fromkeys(
                f"{policy.where} ({barrier.direction})" for barrier in barriers for policy in barrier.policies
            )
        ),
        by_block=tuple(dict.fromkeys(policy.where for ruling in rulings for policy in ruling.by_block)),
        restricting={direction: names for direction, names in restricting.items() if names},
        on_node=tuple(dict.fromkeys(end.name for pair in pairs for end in pair[:2] if _on_node(end))),
    )


def _policies(seen: Seen, namespaces: Iterable[str]) -> Policies:
    """Return the policies of ``namespaces``; what they call by labels are these same namespaces."""
    wanted = tuple(dict.fromkeys(namespaces))
    found = [
        policy
        for namespace in wanted
        if namespace in seen.plan.namespaces
        for policy in seen.snapshot.list(NetworkPolicy, namespace)
    ]
    if not found:
        return Policies((), {})
    live = (seen.snapshot.get(Namespace, None, namespace) for namespace in wanted)
    return Policies(found, {one.name: one.labels for one in live if one is not None})


def _allowing(seen: Seen) -> tuple[OtherPolicy, ...]:
    """Return the policies of other kinds that were seen."""
    found: list[OtherPolicy] = []
    for kind in OTHER_POLICIES:
        with suppress(CouldNotLook):  # the cluster does not know the kind, or nobody may look
            found += seen.snapshot.visible(kind) if kind in seen.snapshot.listings else ()
    return tuple(found)


def _callers(seen: Seen, caller: Planned) -> list[End]:
    pods = [pod for pod in seen.pods(caller) if not pod.finished and pod.deleted is None]
    return [_of_pod(pod) for pod in pods] or [_of_template(seen.workload(caller).object)]


def _behind(seen: Seen, service: Service, callee: Planned) -> list[End]:
    """Return the pods behind ``service``; where it selects none, the addresses that its EndpointSlices give it."""
    pods = [pod for pod in seen.snapshot.pods_behind(service) if not pod.finished and pod.deleted is None]
    if pods:
        return [_of_pod(pod, service) for pod in pods]
    if service.selector:
        return [_of_template(seen.workload(callee).object)]
    addresses = dict.fromkeys(
        address
        for item in seen.snapshot.endpoints(service)
        for endpoint in item.endpoints
        if item.address_type != "FQDN"
        for address in endpoint.addresses
    )
    return [End(name=f"address {one}", labels={}, addresses=(one, *service.cluster_ips)) for one in addresses]


def _arrives(service: Service, port: ServicePort, end: End) -> int | None:
    """Return the number on which ``end`` is reached; a Service without pods leads to its own targetPort."""
    if end.spec is None:
        return port.target if isinstance(port.target, int) else port.number
    reached = port_reached(service, port, end.spec)
    return reached.number if reached else None


def _of_pod(pod: Pod, service: Service | None = None) -> End:
    return End(
        name=f"pod {pod.where}",
        namespace=pod.namespace,
        labels=pod.labels,
        addresses=(*pod.ips, *(service.cluster_ips if service else ())),
        spec=pod.spec,
    )


def _of_template(live: Workload) -> End:
    return End(
        name=f"the pods of {live.kind} {live.where}",
        namespace=live.namespace,
        labels=live.template.labels,
        spec=live.template.spec,
    )


def _on_node(end: End) -> bool:
    return end.spec is not None and end.spec.host_network
