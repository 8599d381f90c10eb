"""What is told of call edges, judged on observations that were made up and on policies of the installation."""

from types import SimpleNamespace
from typing import Any

import pytest

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes import edges
from cx_conformance.probes.edges import EdgeFinding, EdgeObservation, Vantage
from tests.checks.installation import Installation, Object

EDGE = "agent-manager -> ccm:8081"
SERVICE = "127.64.1.3"
"""The address of ccm's Service."""
SEEN_ALREADY = {"service": "Service expertflow/ef-ccm-svc", "ready endpoints": 1}


def observed(pod: str = "a", finding: EdgeFinding | None = EdgeFinding.CONNECTS, **more: Any) -> EdgeObservation:
    """Return what one replica of agent-manager saw."""
    tried = edges.Edge(caller="agent-manager", callee="ccm", host="ef-ccm-svc", port=8081)
    return EdgeObservation(edge=tried, place=ContainerPlace(namespace="expertflow", pod=pod), finding=finding, **more)


def judged(check: str, *seen: EdgeObservation, installation: Installation | None = None) -> Outcome:
    """Judge the edge as these replicas saw it."""
    made = installation or Installation()
    made.probes["edge_probes"] = SimpleNamespace(of=lambda _: seen, deaf=lambda _: None)
    return made.outcome(check, "agent-manager", EDGE)


def test_who_looked_at_what_by_which_means_is_told() -> None:
    """Of one replica no list of replicas is made, and nothing is said of writing where nothing was written."""
    ended = judged(
        "CX702", observed(addresses=(SERVICE,), milliseconds=4, tool="bash", resolver="getent", vantage=Vantage.EXEC)
    )
    assert ended.evidence == {
        "promised": "connects",
        "found": "connects",
        "object": "ef-ccm-svc:8081",
        **SEEN_ALREADY,
        "from": "expertflow/a",
        "addresses": [SERVICE],
        "connect_ms": 4,
        "tool": "bash",
        "resolver": "getent",
    }
    assert (ended.result, ended.vantage) == (Result.PASS, "exec")


def test_a_probe_pod_and_what_was_written_for_it_are_told() -> None:
    """Each thing written once, whichever replica it was for."""
    probed: dict[str, Any] = {
        "vantage": Vantage.PROBE_POD,
        "instead": "pod a has no shell",
        "wrote": ("Pod expertflow/probe",),
    }
    ended = judged("CX702", observed(**probed), observed("b", **probed))
    assert ended.evidence["notes"] == ["looked at by probe-pod, for exec does not serve: pod a has no shell"]
    assert ended.evidence["wrote to the cluster"] == ["Pod expertflow/probe"]
    assert ended.evidence["replicas"] == ["expertflow/a: connects", "expertflow/b: connects"]
    assert ended.vantage == "probe-pod"


def test_the_first_replica_decides_where_all_fared_alike() -> None:
    """Of two that are refused the first is named, and of two that could not look as well."""
    refused = judged("CX702", *(observed(pod, EdgeFinding.REFUSED) for pod in "ab"))
    assert "in pod expertflow/a is refused" in refused.message
    blind = judged("CX701", *(observed(pod, None, trouble=NoVantage(f"no shell in {pod}")) for pod in "ab"))
    assert (blind.result, blind.message) == (Result.ERROR, "no shell in a")


def test_a_connection_that_the_other_side_ends_at_once_is_noted() -> None:
    """It is accepted, as promised; one that stays open is no news."""
    closed, open_ = judged("CX702", observed(finding=EdgeFinding.CLOSED)), judged("CX702", observed())
    assert (closed.result, closed.evidence["notes"]) == (
        Result.PASS,
        ["accepted, and ended at once by the other side"],
    )
    assert "notes" not in open_.evidence


def test_a_name_that_resolves_to_the_service_passes_and_the_address_is_told() -> None:
    """Both what was promised and what was found."""
    ended = judged("CX701", observed(addresses=(SERVICE,)))
    assert ended.result is Result.PASS
    assert (ended.evidence["promised"], ended.evidence["found"]) == ([SERVICE], [SERVICE])
    assert not {"notes", "cause"} & set(ended.evidence)


def test_a_name_that_resolves_elsewhere_is_found_in_whichever_replica() -> None:
    """A stale entry of /etc/hosts leads one pod astray."""
    ended = judged("CX701", observed(addresses=(SERVICE,)), observed("b", addresses=("10.9.9.9", SERVICE)))
    assert (ended.result, ended.message) == (
        Result.FAIL,
        f"in pod expertflow/b the name ef-ccm-svc resolves to 10.9.9.9 of promised {SERVICE}",
    )
    assert ended.evidence["cause"] == f"the name ef-ccm-svc resolves to 10.9.9.9 of promised {SERVICE}"


@pytest.mark.parametrize("finding", [EdgeFinding.NOT_RESOLVABLE, EdgeFinding.LOOKUP_TIMED_OUT])
def test_a_name_that_one_replica_does_not_resolve_is_found(finding: EdgeFinding) -> None:
    """No such name, and no answer of the DNS."""
    ended = judged("CX701", observed(), observed("b", finding))
    assert ended.result is Result.FAIL
    assert "expertflow/b" in ended.message


def test_a_name_of_which_no_tool_tells_the_address_passes_with_a_note() -> None:
    """What it resolved to was good enough to connect to."""
    ended = judged("CX701", observed())
    told = "the container has no tool that tells the address; the name was good enough to connect"
    assert (ended.result, ended.evidence["notes"], ended.evidence["found"]) == (Result.PASS, [told], "connects")


def test_the_name_of_a_headless_service_resolves_to_its_pods() -> None:
    """It has no address of its own."""

    def headless() -> Installation:
        installation = Installation()
        installation.find("Service", "ef-ccm-svc")["spec"]["clusterIP"] = "None"
        installation.live(
            "Pod", "ef-ccm-", lambda pod: pod["status"].update(podIP="10.0.0.7", podIPs=[{"ip": "10.0.0.7"}])
        )
        return installation

    assert judged("CX701", observed(addresses=("10.0.0.7",)), installation=headless()).result is Result.PASS
    ended = judged("CX701", observed(addresses=(SERVICE,)), installation=headless())
    assert ended.message.endswith(f"resolves to {SERVICE} of promised 10.0.0.7")


def test_what_keeps_the_configuration_from_being_told_is_told_instead() -> None:
    """The Service does not exist, or has no such port; the observation stands all the same."""
    without = Installation()
    without.remove("Service", "ef-ccm-svc")
    told = judged("CX702", observed(), installation=without)
    assert told.result is Result.PASS
    assert told.evidence["configuration"].startswith("Service expertflow/ef-ccm-svc does not exist")
    other = Installation()
    other.find("Service", "ef-ccm-svc")["spec"]["ports"][0]["port"] = 8000
    told = judged("CX702", observed(), installation=other)
    assert told.evidence["ready endpoints"] == 0
    assert told.evidence["configuration"] == "Service expertflow/ef-ccm-svc does not serve port 8081"


def policy(name: str, **spec: Any) -> Object:
    """Return a NetworkPolicy of the components' namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "expertflow"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"], **spec},
    }


def with_replicas(number: int) -> Installation:
    """Let agent-manager have so many pods, and shut everything in the namespace."""
    installation = Installation(site={"overrides": {"agent-manager": {"replicas": number}}})
    installation.find("Deployment", "ef-agent-manager")["spec"]["replicas"] = number
    installation.manifests.append(policy("nothing-in"))
    return installation


@pytest.mark.parametrize(("number", "more"), [(3, ""), (4, "; and 1 more"), (5, "; and 2 more")])
def test_three_connections_that_are_forbidden_are_told_and_the_rest_counted(number: int, more: str) -> None:
    """Replicas only repeat them; all are in the evidence, with the policies."""
    ended = with_replicas(number).outcome("CX703", "agent-manager", EDGE)
    told, _, rest = ended.message.partition("; and ")
    assert ended.result is Result.FAIL
    assert told == "; ".join(ended.evidence["found"][:3])
    assert (told.count("NetworkPolicy expertflow/nothing-in"), rest) == (3, more.removeprefix("; and "))
    assert len(ended.evidence["found"]) == number
    assert ended.evidence["policies on ingress"] == ["expertflow/nothing-in"]


def test_a_call_that_fails_is_told_with_three_ways_that_policies_shut() -> None:
    """Not with all, and never without the observation."""
    ended = judged("CX702", observed(finding=EdgeFinding.REFUSED), installation=with_replicas(4))
    assert ended.result is Result.BLOCKED
    assert ended.evidence["seen"].count("NetworkPolicy expertflow/nothing-in") == 3
    assert ended.evidence["seen"].count("; NetworkPolicy expertflow/nothing-in") == 3
    assert ended.evidence["seen"].startswith("agent-manager in pod expertflow/a is refused by ef-ccm-svc:8081")


def test_an_edge_that_no_policy_forbids_is_allowed() -> None:
    """So is one that a policy allows by its pods."""
    ended = Installation().outcome("CX703", "agent-manager", EDGE)
    assert (ended.result, ended.evidence) == (Result.PASS, {"promised": "allowed", "found": "allowed"})


def test_an_edge_that_a_block_of_addresses_allows_is_noted() -> None:
    """Not every network plug-in applies blocks to pods."""
    installation = Installation()
    installation.manifests.append(policy("by-block", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]))
    ended = installation.outcome("CX703", "agent-manager", EDGE)
    assert (ended.result, len(ended.evidence["notes"])) == (Result.PASS, 1)
    assert "expertflow/by-block" in ended.evidence["notes"][0]
    assert "allow it by a block of addresses, which not every network plug-in applies" in ended.evidence["notes"][0]


def test_a_component_on_its_nodes_network_is_not_judged_by_policies() -> None:
    """The API does not define how they apply there."""
    installation = Installation()
    installation.find("Deployment", "ef-ccm")["spec"]["template"]["spec"]["hostNetwork"] = True
    installation.manifests.append(policy("nothing-in"))
    ended = installation.outcome("CX703", "agent-manager", EDGE)
    assert ended.result is Result.NOT_APPLICABLE
    assert "is on the node's network, where it is not defined how NetworkPolicies apply" in ended.message


def test_dns_is_looked_at_for_who_calls_somebody() -> None:
    """Who calls nobody needs no name."""
    caller, other = Installation().outcome("CX704", "agent-manager"), Installation().outcome("CX704", "mongo")
    assert (caller.result, caller.evidence) == (Result.PASS, {"promised": "allowed", "found": "allowed"})
    assert other.message == "n/a: it is promised to call nobody"
