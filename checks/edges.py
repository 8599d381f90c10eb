"""Call edges: from the caller's own pod, does the callee's name lead to its Service, and does the port accept."""

from cx_conformance.blueprint.plan import Edge, Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.check import check
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.edges import EdgeFinding, EdgeObservation
from cx_conformance.vantage.callers import EdgeProbes

UNRESOLVED = (EdgeFinding.NOT_RESOLVABLE, EdgeFinding.LOOKUP_TIMED_OUT)


def _told(observation: EdgeObservation, evidence: Evidence) -> EdgeFinding:
    """Put what was seen into the evidence and return the finding; raises CouldNotLook."""
    place = observation.place
    evidence.vantage = "exec"
    evidence.seen_at = f"{observation.edge.host}:{observation.edge.port}"
    evidence.details |= {
        "from": f"{place.namespace}/{place.pod}",
        "addresses": list(observation.addresses),
        "connect_ms": observation.milliseconds,
        "tool": observation.tool,
        "resolver": observation.resolver,
    }
    found = observation.looked()
    evidence.found = str(found)
    return found


@check(
    "CX701",
    "Callee's name resolves",
    severity=Severity.CRITICAL,
    remedy="look at the cluster's DNS and the pod's dnsPolicy; kubectl exec the caller and resolve the name there",
    rests_on=("CX101", "CX103", "CX104", "callee:CX201"),
)
def check_resolves(edge: Entry[Edge], edge_probes: EdgeProbes, seen: Seen, evidence: Evidence) -> None:
    """In the caller's own pod the callee's Service name resolves to the Service's address."""
    observation = edge_probes.of(edge)
    service = seen.service(edge.of.callee).object
    expected = {pod.ip for pod in seen.pods(edge.of.callee)} if service.headless else set(service.cluster_ips)
    evidence.promised = sorted(expected)
    assert _told(observation, evidence) not in UNRESOLVED, observation.words
    if not observation.addresses:
        evidence.note("the container has no tool that tells the address; the name was good enough to connect")
        return
    evidence.found = list(observation.addresses)
    strange = sorted(set(observation.addresses) - expected)
    assert not strange, (
        f"in pod {observation.place.namespace}/{observation.place.pod} the name {observation.edge.host} resolves to "
        f"{', '.join(strange)} of promised {', '.join(sorted(expected)) or 'no address'}"
    )


@check(
    "CX702",
    "Callee accepts",
    severity=Severity.CRITICAL,
    remedy="look at the callee's endpoints and at NetworkPolicies that select caller or callee",
    rests_on=("CX101", "CX103", "CX104", "CX701", "callee:CX201", "callee:CX203", "callee:CX205", "callee:CX206"),
)
def check_accepts(edge: Entry[Edge], edge_probes: EdgeProbes, evidence: Evidence) -> None:
    """From the caller's own pod the callee's Service port accepts a connection."""
    evidence.promised = str(EdgeFinding.CONNECTS)
    observation = edge_probes.of(edge)
    found = _told(observation, evidence)
    if found is EdgeFinding.CLOSED:
        evidence.note("accepted, and ended at once by the other side")
        return
    assert found is EdgeFinding.CONNECTS, observation.words
