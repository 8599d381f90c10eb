"""Pods that call others ask the cluster's DNS for their names."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, notes
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


def unready(pod: dict[str, Any]) -> None:
    """Let a pod say that it is not ready."""
    for one in pod["status"]["conditions"]:
        one["status"] = "False" if one["type"] == "Ready" else one["status"]


def without_dns(distribution: str = "", **fields: Any) -> Installation:
    """Return an installation whose cluster's DNS is scaled to zero."""
    installation = installed("5.1")
    installation.find("Deployment", "ef-cx-ccm")["spec"]["template"]["spec"] |= fields
    installation.inject("dns-scaled-to-zero")
    if distribution:
        installation.version = f"v1.33.4-{distribution}.1036000"
    return installation


def test_names_are_found_by_nobody_while_no_pod_of_the_clusters_dns_is_ready() -> None:
    """It is one cause for whoever calls others."""
    installation = installed("5.1")
    installation.live("Pod", "coredns", unready)
    ended = [one for one in installation.outcomes("CX704") if one.result is Result.FAIL]
    assert len({one.component for one in ended}) > 10
    assert len({cause for one in ended for cause in one.causes}) == 1
    assert all(
        "finds no callee's name: no pod of the cluster's DNS is ready: kube-system/coredns-" in one.message
        for one in ended
    )


def test_a_dns_that_is_scaled_to_zero_is_named() -> None:
    """No policy has to forbid what nobody answers."""
    assert without_dns().outcome("CX704", "ccm").message == (
        "Deployment expertflow/ef-cx-ccm finds no callee's name: the cluster's DNS has no pod: "
        "Deployment kube-system/coredns is scaled to zero"
    )


def test_pods_that_need_no_dns_of_the_cluster_are_not_blamed_for_it() -> None:
    """GKE's Cloud DNS answers without pods, which are scaled to zero then; and some pods name their own resolvers."""
    own = without_dns(dnsPolicy="None", dnsConfig={"nameservers": ["169.254.20.10"]})
    assert without_dns("gke").outcome("CX704", "ccm").result is Result.PASS
    assert own.outcome("CX704", "ccm").result is Result.PASS


def test_a_dns_of_which_nothing_is_seen_is_not_judged() -> None:
    """Nodes may serve it, as EKS' do in Auto Mode; and an account may be kept from kube-system."""
    installation = without_dns()
    installation.change_live(lambda found: found.remove(next(one for one in found if is_coredns(one))))
    assert installation.outcome("CX704", "ccm").result is Result.PASS


def is_coredns(one: dict[str, Any]) -> bool:
    """Whether an object is the Deployment of the cluster's DNS."""
    return (one["kind"], one["metadata"]["name"]) == ("Deployment", "coredns")
