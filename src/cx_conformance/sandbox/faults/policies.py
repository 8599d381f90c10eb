"""What NetworkPolicies forbid, whether or not the network enforces them."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import Installation


@fault("CX703", "ccm")
def policy_forbids_call(installation: Installation, component: str) -> None:
    """A NetworkPolicy lets nobody but an unknown application in to the component's pods."""
    stranger = {"podSelector": {"matchLabels": {"app": "another"}}}
    _add(installation, component, "another-only", {"policyTypes": ["Ingress"], "ingress": [{"from": [stranger]}]})


@fault("CX704", "ccm")
def policy_forbids_dns(installation: Installation, component: str) -> None:
    """A NetworkPolicy lets the component's pods out to other pods, but on TCP only: not to the cluster's DNS."""
    everywhere = {"to": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP"}]}
    _add(installation, component, "tcp-only", {"policyTypes": ["Egress"], "egress": [everywhere]})


def _add(installation: Installation, component: str, name: str, rules: Object) -> None:
    workload = installation.workload(component)
    installation.objects.append(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": workload["metadata"]["namespace"], "uid": f"{name}-{component}"},
            "spec": {"podSelector": workload["spec"]["selector"], **rules},
        }
    )


FAULTS = (policy_forbids_call, policy_forbids_dns)
