"""NetworkPolicies as typed rules."""

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, number, objects, port, text, texts
from cx_conformance.objects.metadata import ApiObject, LabelSelector, label_selector, metadata


class PolicyPort(Struct, frozen=True, kw_only=True):
    """A port that a rule allows: a number, a container port's name, or None for all; ``end`` closes a range."""

    protocol: str
    port: int | str | None
    end: int | None


class PolicyPeer(Struct, frozen=True, kw_only=True):
    """Who a rule allows: pods (of the policy's namespace unless ``namespaces`` selects), or a block of addresses."""

    pods: LabelSelector | None
    namespaces: LabelSelector | None
    cidr: str
    excepted: tuple[str, ...]


class PolicyRule(Struct, frozen=True, kw_only=True):
    """Peers and ports that are allowed together; no peers means anybody, no ports means every port."""

    peers: tuple[PolicyPeer, ...]
    ports: tuple[PolicyPort, ...]


class NetworkPolicy(ApiObject, frozen=True, kw_only=True):
    """A policy on the pods that ``pods`` selects; ``types`` says which directions it restricts."""

    pods: LabelSelector
    types: tuple[str, ...]
    ingress: tuple[PolicyRule, ...]
    egress: tuple[PolicyRule, ...]


def network_policy(source: Json) -> NetworkPolicy:
    """Read a NetworkPolicy; without policyTypes it restricts ingress, and egress when it has egress rules."""
    spec = mapping(source, "spec")
    inferred = ("Ingress", "Egress") if objects(spec, "egress") else ("Ingress",)
    return NetworkPolicy(
        **metadata(source),
        pods=label_selector(spec, "podSelector") or LabelSelector(match_labels={}),
        types=texts(spec, "policyTypes") or inferred,
        ingress=tuple(_rule(item, "from") for item in objects(spec, "ingress")),
        egress=tuple(_rule(item, "to") for item in objects(spec, "egress")),
    )


def _rule(source: Json, direction: str) -> PolicyRule:
    return PolicyRule(
        peers=tuple(
            PolicyPeer(
                pods=label_selector(item, "podSelector"),
                namespaces=label_selector(item, "namespaceSelector"),
                cidr=text(mapping(item, "ipBlock"), "cidr"),
                excepted=texts(mapping(item, "ipBlock"), "except"),
            )
            for item in objects(source, direction)
        ),
        ports=tuple(
            PolicyPort(protocol=text(item, "protocol") or "TCP", port=port(item, "port"), end=number(item, "endPort"))
            for item in objects(source, "ports")
        ),
    )
