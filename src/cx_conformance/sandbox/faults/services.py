"""What goes wrong with Services."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


@fault("CX201", "ccm")
def absent_service(installation: Installation, component: str) -> None:
    """The component's Service was never applied."""
    installation.remove(installation.service(component))


@fault("CX202", "ccm")
def wrong_service_type(installation: Installation, component: str) -> None:
    """The Service is a NodePort: open to the outside."""
    installation.service(component)["spec"]["type"] = "NodePort"


@fault("CX203", "ccm")
def wrong_service_port(installation: Installation, component: str) -> None:
    """The Service listens on another port than its callers use."""
    installation.service_port(component)["port"] += 1000


@fault("CX204", "ccm")
def wrong_service_port_name(installation: Installation, component: str) -> None:
    """The Service's port has another name than documented."""
    installation.service_port(component)["name"] = "http-other"


@fault("CX205", "ccm")
def dangling_target_port(installation: Installation, component: str) -> None:
    """The Service's targetPort is a name that no container has."""
    installation.service_port(component)["targetPort"] = "no-such-port"


@fault("CX207", "ccm")
def selector_of_nobody(installation: Installation, component: str) -> None:
    """The Service's selector matches no pod."""
    installation.service(component)["spec"]["selector"] = {"ef.service": "nobody"}


@fault("CX207", "ccm")
def selector_of_another(installation: Installation, component: str) -> None:
    """The Service's selector matches the pods of another component too."""
    other = "bot-framework" if component != "bot-framework" else "ccm"
    service, stranger = installation.service(component), installation.template(other)
    shared = {"shared-by-mistake": "yes"}
    service["spec"]["selector"] = shared
    for template in (installation.template(component), stranger):
        template["metadata"]["labels"] |= shared


FAULTS = (
    absent_service,
    wrong_service_type,
    wrong_service_port,
    wrong_service_port_name,
    dangling_target_port,
    selector_of_nobody,
    selector_of_another,
)
