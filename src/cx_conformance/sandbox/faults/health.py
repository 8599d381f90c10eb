"""What goes wrong with the documented health endpoints, while the pods look fine."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


@fault("health", "ccm")
def health_503(installation: Installation, component: str) -> None:
    """The component answers 503 to everything."""
    installation.misbehave(component, "status:503")


@fault("health", "ccm")
def health_hang(installation: Installation, component: str) -> None:
    """The component accepts connections and never answers."""
    installation.misbehave(component, "hang")


@fault("health", "ccm", found_as="note")
def health_slow(installation: Installation, component: str) -> None:
    """The component answers after three seconds."""
    installation.misbehave(component, "slow:3")


@fault("health", "ccm")
def health_reset(installation: Installation, component: str) -> None:
    """The component resets every connection."""
    installation.misbehave(component, "reset")


@fault("health", "ccm", found_as="note")
def health_endless(installation: Installation, component: str) -> None:
    """The component answers with a body that never ends."""
    installation.misbehave(component, "endless")


@fault("health", "file-engine")
def plain_http(installation: Installation, component: str) -> None:
    """The component answers plain HTTP where HTTPS is promised."""
    installation.misbehave(component, "plain")


FAULTS = (health_503, health_hang, health_slow, health_reset, health_endless, plain_http)
