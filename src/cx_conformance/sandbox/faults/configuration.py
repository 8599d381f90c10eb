"""What goes wrong with ConfigMaps and Secrets."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from collections.abc import Iterator

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation

SAMPLE_HOST = "devops.ef.com"


@fault("CX301", "ccm")
def absent_configmap(installation: Installation, component: str) -> None:
    """The component's ConfigMap was never created (CreateContainerConfigError)."""
    installation.remove(_config_map(installation, component))


@fault("CX302", "ccm")
def unused_configmap(installation: Installation, component: str) -> None:
    """The component's ConfigMap is there, but its pod does not read it."""
    name = _config_map(installation, component)["metadata"]["name"]
    container = installation.container(component)
    container["envFrom"] = [
        source for source in container["envFrom"] if source.get("configMapRef", {}).get("name") != name
    ]


@fault("CX303", "grafana")
def absent_secret(installation: Installation, component: str) -> None:
    """A Secret that the component's pod needs was never created."""
    installation.remove(_secret(installation, component))


@fault("CX305", "ccm")
def absent_reference(installation: Installation, component: str) -> None:
    """The pod reads a variable from a ConfigMap that does not exist."""
    variable = {"name": "EXTRA", "valueFrom": {"configMapKeyRef": {"name": "no-such-configmap", "key": "extra"}}}
    installation.container(component).setdefault("env", []).append(variable)


@fault("CX306", "ccm")
def sample_host(installation: Installation, component: str) -> None:
    """The vendor's sample host name was left in the component's ConfigMap."""
    _config_map(installation, component).setdefault("data", {})["FQDN"] = SAMPLE_HOST


@fault("CX307", "ef-ingress-tls-secret")
def stale_tls_secret(installation: Installation, name: str) -> None:
    """The TLS Secret was renewed in one namespace only."""
    from cx_conformance.sandbox.faults.certificates import renew

    renew(installation.named("Secret", name, "ef-external"))


def _config_map(installation: Installation, component: str) -> Object:
    namespace = installation.workload(component)["metadata"]["namespace"]
    for source in installation.container(component).get("envFrom", []):
        if "configMapRef" in source:
            return installation.named("ConfigMap", source["configMapRef"]["name"], namespace)
    raise CannotApply(f"component {component!r} reads no ConfigMap by envFrom")


def _secret(installation: Installation, component: str) -> Object:
    namespace = installation.workload(component)["metadata"]["namespace"]
    for name in _secret_names(installation.template(component)["spec"]):
        return installation.named("Secret", name, namespace)
    raise CannotApply(f"component {component!r} needs no Secret")


def _secret_names(spec: Object) -> Iterator[str]:
    for volume in spec.get("volumes", []):
        if "secret" in volume:
            yield volume["secret"]["secretName"]
    for variable in spec["containers"][0].get("env", []):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            yield variable["valueFrom"]["secretKeyRef"]["name"]


FAULTS = (absent_configmap, unused_configmap, absent_secret, absent_reference, sample_host, stale_tls_secret)
