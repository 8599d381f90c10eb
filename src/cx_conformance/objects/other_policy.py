"""Policies of other kinds than the API's own: whether one of them may allow what a NetworkPolicy does not.

Cilium lets pass what any of its own policies, or of the API's, allows; Calico what the first one allows that says
anything, its own before or behind the API's; and the cluster's administrator decides before all of them. Sources:
https://docs.cilium.io/en/stable/network/kubernetes/policy/,
https://docs.tigera.io/calico/latest/network-policy/policy-tiers/tiered-policy and
https://network-policy-api.sigs.k8s.io/api-overview/.
"""

from typing import Any, Final

from cx_conformance.objects.json_fields import Json, mapping, objects, text, texts
from cx_conformance.objects.metadata import ApiObject, metadata

_DIRECTIONS: Final = ("ingress", "egress")


class OtherPolicy(ApiObject, frozen=True, kw_only=True):
    """A policy that says of some ``allows`` (``ingress``, ``egress``) what passes; what exactly is not read."""

    allows: tuple[str, ...]


class CiliumNetworkPolicy(OtherPolicy, frozen=True, kw_only=True):
    """Cilium's, of a namespace."""


class CiliumClusterwideNetworkPolicy(OtherPolicy, frozen=True, kw_only=True):
    """Cilium's, of the cluster."""


class CalicoNetworkPolicy(OtherPolicy, frozen=True, kw_only=True):
    """Calico's NetworkPolicy, of a namespace; of the same name as the API's own."""


class GlobalNetworkPolicy(OtherPolicy, frozen=True, kw_only=True):
    """Calico's, of the cluster."""


class AdminNetworkPolicy(OtherPolicy, frozen=True, kw_only=True):
    """The cluster administrator's."""


def cilium_policy(source: Json) -> CiliumNetworkPolicy:
    """Read a CiliumNetworkPolicy."""
    return CiliumNetworkPolicy(**metadata(source), allows=_of_cilium(source))


def cilium_clusterwide_policy(source: Json) -> CiliumClusterwideNetworkPolicy:
    """Read a CiliumClusterwideNetworkPolicy."""
    return CiliumClusterwideNetworkPolicy(**metadata(source), allows=_of_cilium(source))


def calico_policy(source: Json) -> CalicoNetworkPolicy:
    """Read a NetworkPolicy of ``crd.projectcalico.org``."""
    return CalicoNetworkPolicy(**metadata(source), allows=_by_action(source))


def global_policy(source: Json) -> GlobalNetworkPolicy:
    """Read a GlobalNetworkPolicy of ``crd.projectcalico.org``."""
    return GlobalNetworkPolicy(**metadata(source), allows=_by_action(source))


def admin_policy(source: Json) -> AdminNetworkPolicy:
    """Read an AdminNetworkPolicy."""
    return AdminNetworkPolicy(**metadata(source), allows=_by_action(source))


def _of_cilium(source: Json) -> tuple[str, ...]:
    """Return the directions in which a rule allows something: what is denied stands under names of its own."""
    specs: list[Any] = [mapping(source, "spec"), *objects(source, "specs")]
    return tuple(one for one in _DIRECTIONS if any(objects(spec, one) for spec in specs))


def _by_action(source: Json) -> tuple[str, ...]:
    spec = mapping(source, "spec")
    kinds = texts(spec, "types") or tuple(one.capitalize() for one in _DIRECTIONS)
    return tuple(
        one
        for one in _DIRECTIONS
        if one.capitalize() in kinds and any(text(rule, "action") == "Allow" for rule in objects(spec, one))
    )
