"""Pods that call others ask the cluster's DNS for their names."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed


def asking(release: str = "5.1", name: str = "ccm", **fields: Any) -> Outcome:
    """Judge a component whose pods have these fields, too."""
    installation = installed(release)
    installation.find("Deployment", f"ef-cx-{name}")["spec"]["template"]["spec"] |= fields
    return installation.outcome("CX704", name)


@pytest.mark.parametrize("release", ["4.7", "5.1"])
def test_pods_that_ask_the_resolvers_of_their_node_find_nobody(release: str) -> None:
    """They are told names of Services."""
    words = "asks the resolvers of the node, which do not know the names of Services"
    ended = asking(release, dnsPolicy="Default")
    assert (ended.result, ended.message) == (
        Result.FAIL,
        f"Deployment expertflow/ef-cx-ccm: dnsPolicy Default {words}",
    )
    assert asking(release, hostNetwork=True).message == (
        f"Deployment expertflow/ef-cx-ccm: on the node's network dnsPolicy ClusterFirst {words}; "
        "ClusterFirstWithHostNet asks the cluster's DNS"
    )


@pytest.mark.parametrize(
    "fields",
    [{}, {"dnsPolicy": "ClusterFirst"}, {"dnsConfig": {"nameservers": ["192.0.2.53"], "options": [{"name": "ndots"}]}}],
)
def test_pods_that_ask_the_clusters_dns_first_are_kept(fields: dict[str, Any]) -> None:
    """It is the default, and what else they ask is their own choice."""
    assert (asking(**fields).result, notes(asking(**fields))) == (Result.PASS, [])


def test_pods_of_the_nodes_network_may_ask_the_clusters_dns() -> None:
    """By a policy that is made for them."""
    assert asking(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet").result is Result.PASS


def test_resolvers_that_pods_name_themselves_are_noted() -> None:
    """NodeLocal DNSCache is one, and whether another knows the cluster's names is not to be seen."""
    ended = asking(dnsPolicy="None", dnsConfig={"nameservers": ["169.254.20.10"]})
    assert (ended.result, notes(ended)) == (
        Result.PASS,
        ["it names its own resolvers (dnsPolicy None): 169.254.20.10"],
    )


def test_who_calls_nobody_may_ask_whom_he_likes() -> None:
    """It needs no names."""
    assert asking(name="customer-widget", dnsPolicy="Default").result is Result.NOT_APPLICABLE
