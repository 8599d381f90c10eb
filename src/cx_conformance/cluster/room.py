"""How much room the nodes have for pods that are yet to be installed.

The scheduler goes by requests, not by use: what a node can give is its allocatable amounts less the requests of the
pods on it (https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/). A node that is cordoned,
not Ready, or tainted so that ordinary pods keep away gives nothing.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.objects.json_fields import whole
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import PodSpec

_KEEPS_AWAY: Final = frozenset({"NoSchedule", "NoExecute"})
NONE: Final = Decimal(0)


class Amount(Struct, frozen=True, kw_only=True):
    """CPU in cores and memory in bytes."""

    cpu: Decimal = NONE
    memory: Decimal = NONE

    def __add__(self, other: "Amount") -> "Amount":
        """Return both together."""
        return Amount(cpu=self.cpu + other.cpu, memory=self.memory + other.memory)

    def __sub__(self, other: "Amount") -> "Amount":
        """Return what is left without ``other``."""
        return Amount(cpu=self.cpu - other.cpu, memory=self.memory - other.memory)

    def times(self, factor: Decimal) -> "Amount":
        """Return so many times as much."""
        return Amount(cpu=self.cpu * factor, memory=self.memory * factor)

    def holds(self, other: "Amount") -> bool:
        """Whether ``other`` fits into this."""
        return self.cpu >= other.cpu and self.memory >= other.memory

    def __str__(self) -> str:
        """Show it as an engineer would say it: ``2.5 CPU, 6.3 GiB``."""
        return f"{float(self.cpu):.3g} CPU, {float(self.memory) / 2**30:.3g} GiB"


def amount(cpu: str | None, memory: str | None) -> Amount:
    """Return two quantities as they are written; what cannot be read counts as nothing."""
    return Amount(cpu=_value(cpu), memory=_value(memory))


def _value(text: str | None) -> Decimal:
    try:
        return Quantity.parse(text).value if text else NONE
    except ValueError:
        return NONE


def requested(spec: PodSpec) -> Amount:
    """Return what a pod requests: the sum of its serving containers, or its largest init container if that is more.

    What is requested for the pod as a whole takes the place of both, of CPU and of memory each.
    """
    total = sum((_of(one.requests, one.limits) for one in spec.serving_containers), Amount())
    first = [_of(one.requests, one.limits) for one in spec.init_containers if not one.is_sidecar]
    of_pod = amount(spec.requests.get("cpu"), spec.requests.get("memory"))
    return Amount(
        cpu=of_pod.cpu if "cpu" in spec.requests else max([total.cpu, *(one.cpu for one in first)]),
        memory=of_pod.memory if "memory" in spec.requests else max([total.memory, *(one.memory for one in first)]),
    )


def _of(requests: Mapping[str, str], limits: Mapping[str, str]) -> Amount:
    """Return a container's requests; one that is not given is its limit."""
    given = {**limits, **requests}
    return amount(given.get("cpu"), given.get("memory"))


def takes_pods(node: Node) -> bool:
    """Whether an ordinary pod may be scheduled to the node now."""
    return node.ready and not node.unschedulable and not any(one.effect in _KEEPS_AWAY for one in node.taints)


def free(nodes: Iterable[Node], pods: Iterable[Pod], leaving: frozenset[str]) -> dict[str, Amount]:
    """Return what each node that takes pods has left; pods of the namespaces ``leaving`` make room for the new ones."""
    left = {
        one.name: amount(one.allocatable.get("cpu"), one.allocatable.get("memory")) for one in nodes if takes_pods(one)
    }
    for pod in pods:
        if pod.node in left and not pod.finished and pod.namespace not in leaving:
            left[pod.node] -= requested(pod.spec)
    return left


def free_places(nodes: Iterable[Node], pods: Iterable[Pod], leaving: frozenset[str]) -> int | None:
    """Return how many pods the nodes take beside those that they have, counted as ``free``; None: a node says no limit.

    A kubelet takes 110 by default (https://kubernetes.io/docs/setup/best-practices/cluster-large/).
    """
    taking = {one.name: whole(one.allocatable.get("pods")) for one in nodes if takes_pods(one)}
    there = sum(pod.node in taking and not pod.finished and pod.namespace not in leaving for pod in pods)
    limits = [limit for limit in taking.values() if limit is not None]
    return sum(limits) - there if len(limits) == len(taking) else None
