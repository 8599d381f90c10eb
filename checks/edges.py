"""Call edges: from the caller's own pod, does the callee's name lead to its Service, and does the port accept."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.plan import Edge, Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.mesh import proxy_of
from cx_conformance.cluster.name_service import OWN, past_dns, why_silent
from cx_conformance.cluster.own_runs import from_a_run, runs_now
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.told_addresses import heading
from cx_conformance.cluster.traffic import Traffic, called_port, dns_traffic, edge_traffic
from cx_conformance.objects.service import Service
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.looking import CouldNotLook
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.edges import UNRESOLVED, EdgeFinding, EdgeObservation
from cx_conformance.vantage.callers import EdgeProbes

ACCEPTED = (EdgeFinding.CONNECTS, EdgeFinding.CLOSED)
MOST_SHOWN: Final = 3
"""So many forbidden connections are told in full; replicas only repeat them."""


def _worst(seen: Sequence[EdgeObservation], broken: Callable[[EdgeObservation], object]) -> EdgeObservation:
    """Return the replica that decides: one that saw the promise broken, else one that could not look."""
    bad = [one for one in seen if one.finding is not None and broken(one)]
    blind = [one for one in seen if one.finding is None]
    return (bad or blind or list(seen))[0]


def _told(seen: Sequence[EdgeObservation], decides: EdgeObservation, evidence: Evidence) -> EdgeFinding:
    """Put what was seen into the evidence and return what the replica that decides found; raises CouldNotLook."""
    place = decides.place
    evidence.vantage = str(decides.vantage)
    evidence.seen_at = f"{decides.edge.host}:{decides.edge.port}"
    evidence.details |= {
        "from": f"{place.namespace}/{place.pod}",
        "addresses": list(decides.addresses),
        "connect_ms": decides.milliseconds,
        "tool": decides.tool,
        "resolver": decides.resolver,
    }
    if len(seen) > 1:
        evidence.details["replicas"] = [
            f"{one.place.namespace}/{one.place.pod}: {one.finding or f'could not look: {one.trouble}'}" for one in seen
        ]
    late = next((one for one in seen if one.at_first), None)
    if late:
        evidence.note(f"{late.at_first} among all that a run asks at once; it answered when it was asked again alone")
    if decides.instead:
        evidence.note(f"looked at by {decides.vantage}, for exec does not serve: {decides.instead}")
    wrote = list(dict.fromkeys(one for each in seen for one in each.wrote))
    if wrote:
        evidence.details["wrote to the cluster"] = wrote
    found = decides.looked()
    evidence.found = str(found)
    return found


@check(
    "CX701",
    "Callee's name resolves",
    severity=Severity.CRITICAL,
    remedy="look at the cluster's DNS and the pod's dnsPolicy; kubectl exec the caller and resolve the name there",
    rests_on=("CX101", "CX103", "CX104", "CX704", "callee:CX201"),
)
def check_resolves(edge: Entry[Edge], edge_probes: EdgeProbes, seen: Seen, evidence: Evidence) -> None:
    """In the caller's own pod the callee's Service name resolves to the Service's address."""
    _configured(edge.of, seen, evidence)
    runs_now(seen, edge.of.caller)
    service = seen.service(edge.of.callee).object
    expected = _addresses(service, seen, edge.of)
    evidence.promised = f"the addresses of {service.external_name}" if expected is None else sorted(expected)
    with from_a_run(seen, edge.of.caller):
        replicas = edge_probes.of(edge)
        observation = _worst(replicas, lambda one: one.finding in UNRESOLVED or _strange(one, expected))
        found = _told(replicas, observation, evidence)
    if found in UNRESOLVED:
        evidence.cause = edge_probes.deaf(edge) or observation.cause
    assert found not in UNRESOLVED, observation.words
    if not observation.addresses:
        evidence.note("the container has no tool that tells the address; the name was good enough to connect")
        return
    evidence.found = list(observation.addresses)
    if expected is None:
        evidence.note(
            f"Service {service.where} is an alias of {service.external_name}, whose addresses nobody promises"
        )
    strange = ", ".join(sorted(_strange(observation, expected)))
    promised = ", ".join(sorted(expected or ())) or "no address"
    wrong = f"the name {observation.edge.host} resolves to {strange} of promised {promised}"
    evidence.cause = wrong if strange else None
    assert not strange, f"{observation.stands} {wrong}"


def _addresses(service: Service, seen: Seen, edge: Edge) -> frozenset[str] | None:
    """Return what a Service's name may resolve to; None where that is not the cluster's to say."""
    if service.type == "ExternalName":
        return None
    if service.headless:
        # DNS gives all that it selects, be they of several workloads: a store's replicas beside its master.
        pods = (*seen.pods(edge.callee), *seen.snapshot.pods_behind(service))
        return _spelt(ip for pod in pods for ip in pod.ips)
    return _spelt(service.cluster_ips)


def _strange(seen: EdgeObservation, expected: frozenset[str] | None) -> frozenset[str]:
    """Return the addresses that a name should not have resolved to."""
    return _spelt(seen.addresses) - expected if expected is not None else frozenset()


def _spelt(addresses: Iterable[str]) -> frozenset[str]:
    """Return addresses in one spelling; some resolvers show an IPv4 address in IPv6's clothes."""
    known = map(ipaddress.ip_address, addresses)
    return frozenset(str((one.version == 6 and one.ipv4_mapped) or one) for one in known)


@check(
    "CX702",
    "Callee accepts",
    severity=Severity.CRITICAL,
    remedy="look at the callee's endpoints and at NetworkPolicies that select caller or callee",
    rests_on=(
        *("CX101", "CX103", "CX104", "CX701"),
        *("callee:CX201", "callee:CX203", "callee:CX205", "callee:CX206"),
        "CX703",
    ),
    follows=("callee:CX603", "callee:CX801"),
)
def check_accepts(edge: Entry[Edge], edge_probes: EdgeProbes, seen: Seen, evidence: Evidence) -> None:
    """From the caller's own pod the callee's Service port accepts a connection."""
    evidence.promised = str(EdgeFinding.CONNECTS)
    forbidden = _configured(edge.of, seen, evidence)
    runs_now(seen, edge.of.caller)
    with from_a_run(seen, edge.of.caller):
        replicas = edge_probes.of(edge)
        observation = _worst(replicas, lambda one: one.finding not in ACCEPTED)
        found = _told(replicas, observation, evidence)
    evidence.cause = observation.cause or None
    assert found in ACCEPTED, "; ".join((observation.words, *forbidden[:MOST_SHOWN]))
    before, behind = _proxy(edge.of.caller, seen), _proxy(edge.of.callee, seen)
    if any(one.finding is EdgeFinding.CLOSED for one in replicas):
        as_a_mesh = ", as a mesh's proxy does where it does not reach the callee" if before else ""
        evidence.note(f"accepted, and ended at once by the other side{as_a_mesh}")
    elif before:
        evidence.note(
            f"accepted by the mesh's proxy of the caller ({before}), which takes every connection before it is known "
            "whether the callee does"
        )
    elif behind:
        evidence.note(
            f"accepted by the mesh's proxy of the callee ({behind}); the caller is in no mesh, whose calls it turns "
            "away where mutual TLS is wanted of all (Istio: STRICT)"
        )


def _proxy(planned: Planned, seen: Seen) -> str:
    """Return the mesh's proxy before the component's pods; empty where none is seen."""
    try:
        return next((proxy for pod in seen.visible_pods(planned) if (proxy := proxy_of(pod))), "")
    except Absent:
        return ""


def _configured(edge: Edge, seen: Seen, evidence: Evidence) -> tuple[str, ...]:
    """Put into the evidence what the API says of an edge, seen or not; return what policies forbid of it."""
    try:
        service = seen.service(edge.callee).object
        evidence.details["service"] = f"Service {service.where}"
        port = called_port(service, edge)
        evidence.details["ready endpoints"] = len(seen.endpoints(service, port)) if port else 0
        traffic = edge_traffic(seen, edge)
    except (Absent, CouldNotLook) as reason:
        evidence.details["configuration"] = str(reason)
        return ()
    evidence.details |= _restricting(traffic)
    return traffic.forbidden


def _restricting(traffic: Traffic) -> dict[str, list[str]]:
    return {f"policies on {direction}": names for direction, names in traffic.restricting.items()}


@check(
    "CX703",
    "No policy forbids the call",
    severity=Severity.CRITICAL,
    remedy="allow the call in a NetworkPolicy on the caller (egress) or the callee (ingress), at the pod's own port",
    rests_on=("CX101", "callee:CX101", "callee:CX201", "callee:CX203", "callee:CX205", "callee:CX207"),
)
def check_allowed(edge: Entry[Edge], seen: Seen, evidence: Evidence) -> None:
    """NetworkPolicies let the caller out and in to the callee; a network plug-in may enforce them from today on."""
    evidence.promised = "allowed"
    _judge(edge_traffic(seen, edge.of), evidence)


@check(
    "CX704",
    "Cluster DNS in reach",
    severity=Severity.CRITICAL,
    remedy="mend the DNS pods, or the dnsPolicy; or allow egress to UDP and TCP 53 of pods k8s-app=kube-dns in"
    " kube-system",
    rests_on=("CX101",),
)
def check_dns_allowed(component: Entry[Component], seen: Seen, evidence: Evidence) -> None:
    """NetworkPolicies let a component that calls others ask the cluster's DNS, and its own dnsPolicy leads it there.

    Nor are all pods of the DNS unready. It finds no callee's name otherwise. Whether resolvers that it names itself
    know the cluster's names is not seen.
    """
    if component.component not in seen.plan.callers:
        raise NotApplicable("it is promised to call nobody")
    evidence.promised = "allowed"
    live = seen.workload(component.planned).object
    evidence.found = past_dns(live.template.spec) or None
    assert evidence.found is None, f"{live.kind} {live.where}: {evidence.found}"
    if live.template.spec.dns_policy == OWN:
        evidence.note(f"it names its own resolvers (dnsPolicy None): {', '.join(live.template.spec.dns_servers)}")
    elif silent := why_silent(seen.snapshot):
        evidence.found = evidence.cause = silent
        raise AssertionError(f"{live.kind} {live.where} finds no callee's name: {silent}")
    _judge(dns_traffic(seen, component.planned), evidence)


def _judge(traffic: Traffic, evidence: Evidence) -> None:
    evidence.details |= _restricting(traffic)
    evidence.found = list(traffic.forbidden) or "allowed"
    evidence.cause = traffic.cause
    if not traffic.connections:
        raise NotApplicable(
            f"{', '.join(traffic.on_node)} is on the node's network, where it is not defined how NetworkPolicies apply"
        )
    if traffic.by_block:
        evidence.note(
            f"{', '.join(traffic.by_block)} allow it by a block of addresses, which not every network plug-in applies "
            "to pods; a podSelector is certain"
        )
    more = len(traffic.forbidden) - MOST_SHOWN
    told = "; ".join((*traffic.forbidden[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else ())))
    if traffic.perhaps:
        evidence.note(
            f"{told}; {', '.join(traffic.perhaps)} may allow it all the same, which is not read: what comes of a call "
            "is seen where it is tried"
        )
        return
    assert not traffic.forbidden, told


@check(
    "CX705",
    "Caller is told the callee's address",
    severity=Severity.MAJOR,
    remedy="write the name and port of the callee's Service into the variable, then restart the caller",
    rests_on=("CX101", "callee:CX201", "callee:CX308"),
)
def check_told(edge: Entry[Edge], seen: Seen, evidence: Evidence) -> None:
    """The variables by which a caller is configured lead to the callee's Service, and to a port that it has."""
    if not edge.of.via:
        raise NotApplicable("no variable is documented that this call is configured by")
    service = seen.service(edge.of.callee).object
    evidence.promised = f"{service.name}.{service.namespace}.svc, by {', '.join(edge.of.via)}"
    led = heading(seen, edge.of)
    evidence.found = led.found or "none of them is set"
    for words in led.notes:
        evidence.note(words)
    if led.wrong:
        evidence.cause = "; ".join(dict.fromkeys(led.wrong.values()))
    assert not led.wrong, "; ".join(led.wrong)
