"""What goes wrong between a caller and its callee, while both look fine."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.annotations import BRIDGE, DNS
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


@fault("edges", "ccm")
def edge_refused(installation: Installation, component: str) -> None:
    """Connections to the component's Service are refused, though it has ready endpoints."""
    _annotate(installation, component, BRIDGE, "refuse")


@fault("edges", "ccm")
def edge_hang(installation: Installation, component: str) -> None:
    """Nothing answers connections to the component's Service, as where a firewall drops them."""
    _annotate(installation, component, BRIDGE, "drop")


@fault("edges", "ccm", found_as="note")
def edge_reset(installation: Installation, component: str) -> None:
    """Connections to the component's Service are accepted and reset."""
    _annotate(installation, component, BRIDGE, "reset")


@fault("edges", "ccm")
def port_closed(installation: Installation, component: str) -> None:
    """The component's pod is Ready, but nothing listens on its port."""
    installation.misbehave(component, "closed")


@fault("edges", "ccm")
def name_not_resolvable(installation: Installation, component: str) -> None:
    """The cluster's DNS does not know the component's Service."""
    _annotate(installation, component, DNS, "nxdomain")


@fault("edges", "ccm")
def wrong_address(installation: Installation, component: str) -> None:
    """The cluster's DNS answers an address that is not the Service's."""
    _annotate(installation, component, DNS, "127.255.255.254")


@fault("edges", "ccm", found_as="note")
def lookup_slow(installation: Installation, component: str) -> None:
    """The cluster's DNS takes two seconds for the component's Service: a second less than is waited for."""
    _annotate(installation, component, DNS, "slow:2")


@fault("edges", "ccm")
def lookup_too_slow(installation: Installation, component: str) -> None:
    """The cluster's DNS takes four seconds for the component's Service: a second more than is waited for."""
    _annotate(installation, component, DNS, "slow:4")


def _annotate(installation: Installation, component: str, name: str, value: str) -> None:
    installation.service(component)["metadata"].setdefault("annotations", {})[name] = value


FAULTS = (
    edge_refused,
    edge_hang,
    edge_reset,
    port_closed,
    name_not_resolvable,
    wrong_address,
    lookup_slow,
    lookup_too_slow,
)
