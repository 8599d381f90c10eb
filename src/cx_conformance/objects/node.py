"""Nodes: whether they work, what they run, how much they hold."""

from collections.abc import Mapping

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, flag, mapping, objects, quantities, text
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, find_condition, metadata

_OF_IP = ("InternalIP", "ExternalIP")
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


class Taint(Struct, frozen=True, kw_only=True):
    """A taint; ``effect`` is NoSchedule, PreferNoSchedule or NoExecute."""

    key: str
    value: str
    effect: str


class Node(ApiObject, frozen=True, kw_only=True):
    """A node; capacities are quantities as they are written."""

    conditions: tuple[Condition, ...]
    addresses: tuple[str, ...]
    """Its IP addresses, internal and external; of both families where it has them."""
    capacity: Mapping[str, str]
    allocatable: Mapping[str, str]
    kubelet_version: str
    os_image: str
    architecture: str
    runtime: str
    kernel: str
    provider_id: str
    unschedulable: bool
    taints: tuple[Taint, ...]

    @property
    def ready(self) -> bool:
        """Whether the kubelet reports Ready; Unknown (it went silent) is not ready."""
        return (found := find_condition(self.conditions, "Ready")) is not None and found.is_true

    @property
    def pressures(self) -> tuple[Condition, ...]:
        """The pressure conditions that hold."""
        return tuple(item for item in self.conditions if item.type in _PRESSURES and item.is_true)


def node(source: Json) -> Node:
    """Read a Node."""
    spec, status = mapping(source, "spec"), mapping(source, "status")
    info = mapping(status, "nodeInfo")
    return Node(
        **metadata(source),
        conditions=conditions(status),
        addresses=tuple(text(item, "address") for item in objects(status, "addresses") if text(item, "type") in _OF_IP),
        capacity=quantities(status, "capacity"),
        allocatable=quantities(status, "allocatable"),
        kubelet_version=text(info, "kubeletVersion"),
        os_image=text(info, "osImage"),
        architecture=text(info, "architecture"),
        runtime=text(info, "containerRuntimeVersion"),
        kernel=text(info, "kernelVersion"),
        provider_id=text(spec, "providerID"),
        unschedulable=flag(spec, "unschedulable") or False,
        taints=tuple(
            Taint(key=text(item, "key"), value=text(item, "value"), effect=text(item, "effect"))
            for item in objects(spec, "taints")
        ),
    )
