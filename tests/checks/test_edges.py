"""Call edges, judged by what probes saw and by what NetworkPolicies say."""

from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.api.refusal import kept
from cx_conformance.blueprint.plan import Edge, Entry, Plan
from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import root_causes, shared_causes
from cx_conformance.probes import edges
from cx_conformance.probes.edges import EdgeFinding, EdgeObservation
from tests.checks.installation import Installation, notes
from tests.checks.test_variations import policy

EDGE = "agent-manager -> ccm:8081"


Ended = EdgeFinding | CouldNotLook


class EdgesSeen:
    """Every edge ends in one way, or in one way for each replica of the caller."""

    def __init__(self, *ended: Ended, addresses: tuple[str, ...] = ()) -> None:
        """Let each end so, its name resolved to ``addresses``."""
        self._ended = ended
        self._addresses = addresses

    def of(self, entry: Entry[Edge]) -> tuple[EdgeObservation, ...]:
        """Return what was seen."""
        seen = (_observed(entry, f"pod-{number}", ended) for number, ended in enumerate(self._ended))
        return tuple(replace(one, addresses=self._addresses) for one in seen)

    def deaf(self, entry: Entry[Edge]) -> str:
        """Blame DNS for whatever does not resolve."""
        return f"no callee's name resolves for {entry.component}"


def _observed(entry: Entry[Edge], pod: str, ended: Ended) -> EdgeObservation:
    tried = edges.Edge(caller=entry.component, callee=entry.callee or "", host="ef-ccm-svc", port=8081)
    place = ContainerPlace(namespace="expertflow", pod=pod)
    if isinstance(ended, CouldNotLook):
        return EdgeObservation(edge=tried, place=place, trouble=ended)
    return EdgeObservation(edge=tried, place=place, finding=ended)


def accepts(installation: Installation, *ended: Ended) -> Outcome:
    """Judge whether ccm accepts agent-manager's call, from as many replicas as ways to end are given."""
    installation.probes["edge_probes"] = EdgesSeen(*ended)
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


def of_cilium(namespace: str, **spec: Any) -> dict[str, Any]:
    """Make a CiliumNetworkPolicy, or one of the whole cluster."""
    kind = "CiliumNetworkPolicy" if namespace else "CiliumClusterwideNetworkPolicy"
    return {"kind": kind, "metadata": {"name": "own", "namespace": namespace}, "spec": spec}


def by_action(kind: str, action: str = "Allow", namespace: str = "", **spec: Any) -> dict[str, Any]:
    """Make a policy of Calico, or of the cluster's administrator."""
    rules = {"ingress": [{"action": action}]} | spec
    return {"kind": kind, "metadata": {"name": "own", "namespace": namespace}, "spec": rules}


@pytest.mark.parametrize(
    ("other", "perhaps"),
    [
        (of_cilium("expertflow", ingress=[{"fromEndpoints": [{}]}]), True),
        (of_cilium("", ingress=[{}]), True),
        (of_cilium("expertflow", egress=[{}]), False),
        (of_cilium("expertflow", ingressDeny=[{}]), False),
        (of_cilium("ef-external", ingress=[{}]), False),
        (by_action("CalicoNetworkPolicy", namespace="expertflow"), True),
        (by_action("GlobalNetworkPolicy"), True),
        (by_action("GlobalNetworkPolicy", types=["Egress"]), False),
        (by_action("GlobalNetworkPolicy", "Deny"), False),
        (by_action("AdminNetworkPolicy"), True),
    ],
)
def test_a_policy_of_another_kind_may_allow_what_networkpolicies_do_not(other: dict[str, Any], perhaps: bool) -> None:
    """Cilium and Calico add their own to them; what exactly those allow the call itself tells."""
    installation = Installation()
    installation.inject("policy-forbids-call")
    installation.add_live(other)
    ended = installation.outcome("CX703", "agent-manager", EDGE)
    assert ended.result is (Result.PASS if perhaps else Result.FAIL)
    if perhaps:
        (noted,) = notes(ended)
        assert noted.startswith("NetworkPolicy expertflow/another-only restricts ingress of pod expertflow/ef-ccm-")
        where = f"{other['metadata']['namespace']}/own".lstrip("/")
        assert f"; {other['kind']} {where} may allow it all the same" in noted
        assert accepts(installation, EdgeFinding.CONNECTS).result is Result.PASS
        assert accepts(installation, EdgeFinding.TIMED_OUT).result is Result.FAIL


def test_each_way_that_is_shut_needs_a_policy_that_may_open_it() -> None:
    """One for what comes in opens no way out."""
    installation = Installation()
    installation.manifests.append(policy("nothing-out", "expertflow", policyTypes=["Egress"]))
    installation.manifests.append(policy("nothing-in", "expertflow", policyTypes=["Ingress"]))
    installation.add_live(of_cilium("expertflow", ingress=[{}]))
    assert installation.outcome("CX703", "agent-manager", EDGE).result is Result.FAIL
    installation.add_live(of_cilium("", egress=[{}]))
    assert installation.outcome("CX703", "agent-manager", EDGE).result is Result.PASS
    assert installation.outcome("CX704", "agent-manager").result is Result.PASS


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
    installation.probes["edge_probes"] = EdgesSeen(NoVantage("pod pod-0 has no shell"))
    for check in ("CX701", "CX702"):
        outcome = installation.outcome(check, "agent-manager", EDGE)
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


GKE, AKS = "v1.33.2-gke.1240000", "v1.37.0"


@pytest.mark.parametrize("pods", [True, False])
@pytest.mark.parametrize(
    ("server", "address", "result"),
    [
        (GKE, "169.254.169.254/32", Result.NOT_APPLICABLE),
        (GKE, "169.254.20.10/32", Result.NOT_APPLICABLE),
        (GKE, "169.254.10.11/32", Result.FAIL),
        (AKS, "169.254.10.0/24", Result.NOT_APPLICABLE),
        (AKS, "169.254.169.254/32", Result.FAIL),
        ("v1.36.2", "169.254.169.254/32", Result.FAIL),
    ],
)
def test_a_resolver_that_nodes_have_may_be_asked_in_the_place_of_pods(
    server: str, address: str, result: Result, *, pods: bool
) -> None:
    """Pods of the DNS may be there all the same, and are not asked; where none is, nobody can tell of others."""
    installation = Installation()
    installation.version = server
    if server == AKS:
        installation.live(
            "Node", "", lambda one: one["metadata"]["labels"].update({"kubernetes.azure.com/cluster": "a"})
        )
    rule = {"to": [{"ipBlock": {"cidr": address}}], "ports": [{"protocol": "UDP", "port": 53}]}
    installation.manifests.append(policy("out", "expertflow", policyTypes=["Egress"], egress=[rule]))
    if not pods:
        installation.change_live(
            lambda objects: objects.__setitem__(
                slice(None), [one for one in objects if one["metadata"].get("namespace") != "kube-system"]
            )
        )
    ended = installation.outcome("CX704", "agent-manager")
    assert ended.result is (Result.ERROR if result is Result.FAIL and not pods else result)
    if result is Result.NOT_APPLICABLE:
        assert "is on the node's network, where it is not defined how NetworkPolicies apply" in ended.message


@pytest.mark.parametrize(("compute", "result"), [("auto", Result.NOT_APPLICABLE), ("ec2", Result.ERROR)])
def test_on_eks_auto_mode_nodes_answer_themselves(compute: str, result: Result) -> None:
    """No pod of the DNS is there, and none is missed."""
    installation = Installation()
    installation.manifests.append(policy("out", "expertflow", policyTypes=["Egress"], egress=[]))
    label = {"eks.amazonaws.com/compute-type": compute}
    installation.live("Node", "", lambda one: one["metadata"]["labels"].update(label))
    installation.change_live(
        lambda objects: objects.__setitem__(
            slice(None), [one for one in objects if one["metadata"].get("namespace") != "kube-system"]
        )
    )
    assert installation.outcome("CX704", "agent-manager").result is result


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


def test_the_worst_replica_decides_and_is_named() -> None:
    """One pod that is refused breaks the promise, whatever the others reach or could not look at."""
    blind = NoVantage("no shell")
    outcome = accepts(Installation(), EdgeFinding.CONNECTS, blind, EdgeFinding.REFUSED)
    assert outcome.result is Result.FAIL
    assert "in pod expertflow/pod-2 is refused" in outcome.message
    assert outcome.evidence["from"] == "expertflow/pod-2"
    assert outcome.evidence["replicas"] == [
        "expertflow/pod-0: connects",
        "expertflow/pod-1: could not look: no shell",
        "expertflow/pod-2: refused",
    ]


def test_a_replica_that_could_not_look_keeps_the_edge_from_passing() -> None:
    """What was not looked at is not kept."""
    installation = Installation()
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.CONNECTS, NoVantage("pod pod-1 has no shell"))
    outcome = installation.outcome("CX701", "agent-manager", EDGE)
    assert (outcome.result, outcome.message) == (Result.ERROR, "pod pod-1 has no shell")


def test_an_edge_that_every_replica_reaches_is_kept() -> None:
    """One that the other side ends at once is reached, too."""
    assert accepts(Installation(), EdgeFinding.CONNECTS, EdgeFinding.CLOSED).result is Result.PASS


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (
            EdgeFinding.CONNECTS,
            "accepted by the mesh's proxy of the caller (container linkerd-proxy), which takes every",
        ),
        (
            EdgeFinding.CLOSED,
            "ended at once by the other side, as a mesh's proxy does where it does not reach the callee",
        ),
    ],
)
def test_who_accepts_a_call_in_a_mesh_is_noted(ended: EdgeFinding, words: str) -> None:
    """The proxy beside the caller does, whatever becomes of the call."""
    installation = Installation()
    assert "mesh" not in str(notes(accepts(installation, ended)))
    proxy = {"name": "linkerd-proxy", "image": "cr.l5d.io/linkerd/proxy"}
    installation.live("Pod", "ef-agent-manager-", lambda pod: pod["spec"]["containers"].append(proxy))
    (noted,) = notes(accepts(installation, ended))
    assert words in noted


def test_a_caller_outside_of_the_callees_mesh_is_noted() -> None:
    """That its connection is accepted says nothing where mutual TLS is wanted."""
    installation = Installation()
    proxy = {"name": "istio-proxy", "image": "istio/proxyv2"}
    installation.live("Pod", "ef-ccm-", lambda pod: pod["spec"]["containers"].append(proxy))
    (noted,) = notes(accepts(installation, EdgeFinding.CONNECTS))
    assert noted.startswith(
        "accepted by the mesh's proxy of the callee (container istio-proxy); the caller is in no mesh"
    )


def test_a_callee_that_refuses_everybody_is_one_cause_for_all_of_its_callers() -> None:
    """Reports tell it once, with the callers, and not as many times as it is called."""
    installation = Installation()
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.REFUSED)
    callers = ("agent-manager", "unified-admin", "360-connector")
    refused = [installation.outcome("CX702", one, f"{one} -> ccm:8081") for one in callers]
    (cause,) = shared_causes(root_causes(refused))
    assert cause.components == tuple(sorted(callers))
    assert cause.words.startswith("ef-ccm-svc:8081 refuses connections: nobody stands behind the Service")


def resolves(installation: Installation, *addresses: str) -> Outcome:
    """Judge what ccm's name resolves to for agent-manager."""
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.CONNECTS, addresses=addresses)
    return installation.outcome("CX701", "agent-manager", EDGE)


def live_service(**spec: object) -> Installation:
    """Return an installation whose Service of ccm is another."""
    installation = Installation()
    installation.live("Service", "ef-ccm-svc", lambda service: service["spec"].update(spec))
    return installation


def test_a_name_that_resolves_to_another_address_is_found_although_it_connects() -> None:
    """A host alias, or a DNS of its own, leads a caller to somebody else."""
    installation = live_service(clusterIP="10.96.0.7", clusterIPs=["10.96.0.7", "fd00:10:96::7"])
    outcome = resolves(installation, "10.96.0.7", "192.0.2.1")
    assert outcome.result is Result.FAIL
    assert "resolves to 192.0.2.1 of promised 10.96.0.7, fd00:10:96::7" in outcome.message


@pytest.mark.parametrize("address", ["10.96.0.7", "::ffff:10.96.0.7", "fd00:10:96::7", "FD00:10:96:0:0:0:0:7"])
def test_an_address_is_the_same_however_a_resolver_spells_it(address: str) -> None:
    """Each of a dual-stack Service's addresses is its own, in any form."""
    installation = live_service(clusterIP="10.96.0.7", clusterIPs=["10.96.0.7", "fd00:10:96::7"])
    assert resolves(installation, address).result is Result.PASS


def test_a_headless_name_may_resolve_to_either_address_of_a_pod() -> None:
    """Dual-stack pods have two."""
    installation = live_service(clusterIP="None", clusterIPs=["None"])
    addresses = [{"ip": "10.244.0.7"}, {"ip": "fd00:10:244::7"}]
    installation.live("Pod", "ef-ccm-", lambda pod: pod["status"].update(podIP="10.244.0.7", podIPs=addresses))
    assert resolves(installation, "10.244.0.7", "fd00:10:244::7").result is Result.PASS


def test_a_headless_name_may_resolve_to_pods_of_several_workloads() -> None:
    """Of a store the charts make one Service for its master and its replicas; DNS gives the addresses of both."""
    installation = Installation()
    installation.find("Service", "ef-ccm-svc")["spec"]["clusterIP"] = "None"

    def replica(objects: list[dict[str, Any]]) -> None:
        one = next(one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("ef-ccm-"))
        status = one["status"] | {"podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}
        owner = [{"kind": "StatefulSet", "name": "replicas", "uid": "r", "controller": True}]
        metadata = one["metadata"] | {"name": "replica-0", "uid": "replica-0", "ownerReferences": owner}
        objects.append(one | {"metadata": metadata, "status": status})

    installation.change_live(replica)
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.CONNECTS, addresses=("10.9.9.9",))
    assert installation.outcome("CX701", "agent-manager", EDGE).result is Result.PASS
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.CONNECTS, addresses=("10.9.9.8",))
    assert installation.outcome("CX701", "agent-manager", EDGE).result is Result.FAIL


def test_an_alias_resolves_to_whatever_it_is_an_alias_of() -> None:
    """Where a name outside leads is not the cluster's to say; that the Service is an alias is told by CX203."""
    installation = live_service(type="ExternalName", externalName="ccm.example.com", clusterIP=None, clusterIPs=None)
    outcome = resolves(installation, "192.0.2.1")
    assert outcome.result is Result.PASS
    assert "is an alias of ccm.example.com" in " ".join(outcome.evidence["notes"])


def test_names_that_nobody_resolves_have_one_cause() -> None:
    """A dead DNS breaks every call, and is one thing to mend."""
    installation = Installation()
    installation.probes["edge_probes"] = EdgesSeen(EdgeFinding.LOOKUP_TIMED_OUT)
    outcomes = [one for one in installation.outcomes("CX701") if one.component == "agent-manager"]
    assert {one.evidence["cause"] for one in outcomes} == {"no callee's name resolves for agent-manager"}
    assert len(outcomes) > 1
