"""Kinds that come with an extension of the API: listed where one of the API's own leaves something open."""

from typing import Final

from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.other_policy import (
    AdminNetworkPolicy,
    CalicoNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CiliumNetworkPolicy,
    GlobalNetworkPolicy,
    OtherPolicy,
)
from cx_conformance.objects.other_route import HTTPRoute, IngressRoute, TLSStore

OTHER_ROUTES: Final[tuple[type[ApiObject], ...]] = (HTTPRoute, IngressRoute)
"""Where no Ingress leads some path."""
OTHER_POLICIES: Final[tuple[type[OtherPolicy], ...]] = (
    CiliumNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    CalicoNetworkPolicy,
    GlobalNetworkPolicy,
    AdminNetworkPolicy,
)
"""Where NetworkPolicies restrict somebody."""
CERTIFICATES: Final[tuple[type[ApiObject], ...]] = (TLSStore,)
"""Where Traefik serves an Ingress without a certificate."""
EXTENSIONS: Final = (*OTHER_ROUTES, *OTHER_POLICIES, *CERTIFICATES)
