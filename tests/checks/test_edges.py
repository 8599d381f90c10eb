"""Call edges, judged by what probes saw and by what NetworkPolicies say."""

from dataclasses import replace

import pytest

from cx_conformance.blueprint.plan import Edge, Entry, Plan
from cx_conformance.cluster.exec import ContainerPlace
from cx_conformance.cluster.networkpolicy import NetworkPolicy
from cx_conformance.cluster.refusal import kept
from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes import edges
from cx_conformance.probes.edges import EdgeFinding, EdgeObservation
from tests.checks.installation import Installation

EDGE = "agent-manager -> ccm:8081"


class EdgesSeen:
    """Every edge ends in one way."""

    def __init__(self, ended: EdgeFinding | CouldNotLook) -> None:
        """Let each end so."""
        self._ended = ended

    def of(self, entry: Entry[Edge]) -> EdgeObservation:
        """Return what was seen."""
        if isinstance(self._ended, CouldNotLook):
            raise self._ended
        tried = edges.Edge(caller=entry.component, callee=entry.callee or "", host="ef-ccm-svc", port=8081)
        place = ContainerPlace(namespace="expertflow", pod="a-pod")
        return EdgeObservation(edge=tried, place=place, finding=self._ended)


def accepts(installation: Installation, ended: EdgeFinding | CouldNotLook) -> Outcome:
    """Judge whether ccm accepts agent-manager's call."""
    installation.probes["edge_probes"] = EdgesSeen(ended)
    return installation.outcome("CX702", "agent-manager", EDGE)


@pytest.mark.parametrize("ended", [EdgeFinding.REFUSED, EdgeFinding.TIMED_OUT])
def test_a_call_that_a_policy_forbids_names_the_policy(ended: EdgeFinding) -> None:
    """The policy is the cause that is told, and it is named in the words of the call that failed, too."""
    installation = Installation()
    installation.inject("policy-forbids-call")
    outcome = accepts(installation, ended)
    assert (outcome.result, outcome.root) == (Result.BLOCKED, "CX703 agent-manager")
    assert (
        "NetworkPolicy expertflow/another-only restricts ingress of pod expertflow/ef-ccm-" in outcome.evidence["seen"]
    )
    assert outcome.evidence["policies on ingress"] == ["expertflow/another-only"]


def test_a_call_that_fails_without_a_policy_is_a_failure_of_its_own() -> None:
    """No policy is blamed for what none forbids."""
    outcome = accepts(Installation(), EdgeFinding.REFUSED)
    assert outcome.result is Result.FAIL
    assert "NetworkPolic" not in outcome.message


def test_a_policy_that_is_not_enforced_is_a_finding_all_the_same() -> None:
    """The call connects today; the policy stands as its own failure."""
    installation = Installation()
    installation.inject("policy-forbids-call")
    assert accepts(installation, EdgeFinding.CONNECTS).result is Result.PASS
    assert installation.outcome("CX703", "agent-manager", EDGE).result is Result.FAIL


def test_what_the_api_shows_of_a_call_is_told_although_nobody_could_try_it() -> None:
    """Service, endpoints and policies are in the evidence without a shell to stand in."""
    installation = Installation()
    installation.inject("policy-forbids-call")
    outcome = accepts(installation, NoVantage("pod a-pod has no shell"))
    shown = {name: outcome.evidence[name] for name in ("service", "ready endpoints", "policies on ingress")}
    assert shown == {
        "service": "Service expertflow/ef-ccm-svc",
        "ready endpoints": 1,
        "policies on ingress": ["expertflow/another-only"],
    }


def test_a_name_that_a_policy_keeps_from_being_asked_for_is_the_policys_doing() -> None:
    """DNS that a policy forbids is the cause; that the names do not resolve follows from it."""
    installation = Installation()
    installation.inject("policy-forbids-dns:agent-manager")
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.LOOKUP_TIMED_OUT)
    outcome = installation.outcome("CX701", "agent-manager", EDGE)
    assert (outcome.result, outcome.root) == (Result.BLOCKED, "CX704 agent-manager")
    assert installation.outcome("CX703", "agent-manager", EDGE).result is Result.PASS


class Unprivileged(Installation):
    """Looked at with an account that may not list NetworkPolicies."""

    def snapshot(self, plan: Plan) -> Snapshot:
        """Return what a look shows, without them."""
        seen = super().snapshot(plan)
        refusal = kept(Forbidden("list", "networkpolicies.networking.k8s.io"))
        return replace(seen, listings={**seen.listings, NetworkPolicy: Listing(refusal=refusal)})


def test_policies_that_may_not_be_listed_are_an_error_that_names_the_permission() -> None:
    """A refusal is neither absence nor permission."""
    installation = Unprivileged()
    outcome = installation.outcome("CX703", "agent-manager", EDGE)
    assert outcome.result is Result.ERROR
    assert "may not list networkpolicies" in outcome.message
