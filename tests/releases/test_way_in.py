"""Calls from outside arrive as they were made at APISIX, and policies let in whoever passes them on."""

from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.api.refusal import kept
from cx_conformance.cluster.snapshot import Listing
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import Forbidden
from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation
from tests.checks.test_told_of_ingress import controller
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

Object = dict[str, Any]
OWN: Object = {"podSelector": {}}
"""A peer: every pod of the policy's own namespace."""


def fenced(release: str, namespace: str, *peers: Object, egress: bool = False) -> Installation:
    """Return an installation in one namespace of which pods talk to these peers alone."""
    installation = installed(release)
    rules: Object = {"egress": [{"to": list(peers)}]} if egress else {"ingress": [{"from": list(peers)}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress" if egress else "Ingress"], **rules}
    about = {"name": "fence", "namespace": namespace}
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    installation.manifests.append({**kind, "metadata": about, "spec": spec})
    return installation


def of_namespace(name: str) -> Object:
    """Return a peer: every pod of a namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


@pytest.mark.parametrize("release", ["4.9", "5.1"])
def test_a_namespace_that_lets_in_its_own_pods_alone_keeps_apisix_out(release: str) -> None:
    """It stands in another; the components call each other all the same, and no path from outside answers."""
    installation = fenced(release, "expertflow", OWN)
    broken = [one for one in installation.outcomes("CX522") if one.result is Result.FAIL]
    assert len(broken) > 30
    assert {one.evidence["cause"] for one in broken} == {"NetworkPolicies allow too little: expertflow/fence (ingress)"}
    words = installation.outcome("CX522", "ccm").message
    begun = (
        "APISIX leads /ccm to Service expertflow/ef-cx-ccm-svc, but NetworkPolicy expertflow/fence restricts ingress"
    )
    assert words.startswith(f"{begun} of pod expertflow/ef-cx-ccm-")
    assert " and allows no TCP 8081 from pod ef-external/apisix-" in words


@pytest.mark.parametrize(
    "peer",
    [
        of_namespace("ef-external"),
        {"namespaceSelector": {}},
        {"ipBlock": {"cidr": "0.0.0.0/0"}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "apisix"}}},
    ],
    ids=["its namespace", "every namespace", "every address", "its pods"],
)
def test_apisix_may_be_let_in_in_several_ways(peer: Object) -> None:
    """By its namespace, its labels or its addresses."""
    assert fenced("5.1", "expertflow", OWN, peer).outcome("CX522", "ccm").result is Result.PASS


def test_apisix_that_may_not_go_out_is_found() -> None:
    """A policy on its own namespace does the same."""
    installation = fenced("5.1", "ef-external", OWN, egress=True)
    assert "NetworkPolicy ef-external/fence restricts egress of pod ef-external/apisix-" in (
        installation.outcome("CX522", "ccm").message
    )


def behind_nginx(release: str, *peers: Object, **spec: Any) -> Installation:
    """Return a fenced installation whose Ingresses a running ingress-nginx serves."""
    installation = fenced(release, "expertflow" if release == "4.7" else "ef-external", OWN, *peers)
    pod = controller()
    pod["metadata"]["labels"] = {"app.kubernetes.io/name": "ingress-nginx"}
    pod["spec"] |= spec
    installation.add_live(pod)
    return installation


def test_the_controller_of_ingresses_that_is_kept_out_is_found() -> None:
    """Of each component before APISIX came, and of APISIX since."""
    for release, service in (("4.7", "expertflow/ef-cx-ccm-svc"), ("5.1", "ef-external/apisix-gateway")):
        words = behind_nginx(release).outcome("CX501", "ccm").message
        assert f" leads to Service {service}, but NetworkPolicy " in words
        assert " from pod kube-system/controller-x" in words


def test_a_controller_that_is_let_in_or_on_its_nodes_network_or_unseen_is_not_missed() -> None:
    """How policies meet a node's own network is not defined."""
    assert behind_nginx("4.7", of_namespace("kube-system")).outcome("CX501", "ccm").result is Result.PASS
    assert behind_nginx("4.7", hostNetwork=True).outcome("CX501", "ccm").result is Result.PASS
    assert fenced("4.7", "expertflow", OWN).outcome("CX501", "ccm").result is Result.PASS


def test_one_controller_of_several_that_is_let_in_is_enough() -> None:
    """Another of the same class may serve other hosts."""
    installation = behind_nginx("4.7", {"namespaceSelector": {}, "podSelector": {"matchLabels": {"let": "in"}}})
    assert installation.outcome("CX501", "ccm").result is Result.FAIL
    other = controller("--v=3", name="controller-y")
    other["metadata"]["labels"] = {"let": "in"}
    installation.add_live(other)
    assert installation.outcome("CX501", "ccm").result is Result.PASS


def rewritten(target: str, path: str = "/", **annotations: str) -> Installation:
    """Return an installation whose Ingress in front of APISIX has been given annotations of ingress-nginx."""
    installation = installed("5.1")
    ingress = installation.find("Ingress", "apisix")
    told = {"rewrite-target": target, **annotations} if target else annotations
    ingress["metadata"]["annotations"] |= {f"nginx.ingress.kubernetes.io/{key}": told[key] for key in told}
    for rule in ingress["spec"]["rules"]:
        rule["http"]["paths"][0]["path"] = path
    return installation


@pytest.mark.parametrize(
    ("target", "path", "made"),
    [("/$2", "/", "/"), ("/", "/", "/"), ("/$1", "/(.*)/(.*)", "/ccm"), ("/api/$1", "/(.*)", "/api/ccm/below")],
)
def test_an_ingress_that_changes_paths_keeps_them_from_apisix(target: str, path: str, made: str) -> None:
    """The annotation is left from the Ingresses that components had of their own, and no route takes what it makes."""
    installation = rewritten(target, path)
    assert installation.outcome("CX501", "ccm").message == (
        f"Ingress ef-external/apisix: rewrite-target {target} with path {path} makes {made} of /ccm/below; "
        "APISIX is to get /ccm/below as it was called"
    )
    causes = {one.evidence["cause"] for one in installation.outcomes("CX501") if one.result is Result.FAIL}
    assert causes == {"Ingress ef-external/apisix does not lead all paths to APISIX"}


@pytest.mark.parametrize(("target", "path"), [("", "/"), ("/$1", "/(.*)"), ("/$1$2", "/(.*?)(/.*|$)")])
def test_an_ingress_that_passes_paths_on_as_they_are_is_kept(target: str, path: str) -> None:
    """With expressions or without."""
    assert rewritten(target, path, **{"use-regex": "true"}).outcome("CX501", "ccm").result is Result.PASS


def test_pods_that_may_not_be_listed_keep_no_path_from_being_judged() -> None:
    """Who is let in is not known then, and what the Ingress says is."""
    refused = Listing(refusal=kept(Forbidden("list", "pods")))
    installation = behind_nginx("4.7")
    installation.change_seen(lambda one: replace(one, listings={**one.listings, Pod: refused}))
    assert installation.outcome("CX501", "ccm").result is Result.PASS
