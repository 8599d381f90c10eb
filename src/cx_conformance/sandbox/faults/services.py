"""What goes wrong with Services."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation, paths


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
    """The Service, and the Ingress before it, use another port than the callers do."""
    port = installation.service_port(component)
    old, port["port"] = port["port"], port["port"] + 1000
    name = installation.service(component)["metadata"]["name"]
    for ingress in installation.of("Ingress"):
        for backend in (path["backend"]["service"] for path in paths(ingress)):
            if backend["name"] == name and backend["port"].get("number") == old:
                backend["port"]["number"] = port["port"]


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
