"""Ready: whether the platform can be installed here, asked before anything of it is (``cx-conformance ready``).

The file is long because an area is one file: whoever asks what an installation needs reads it in one place.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.prerequisite import Prerequisite
from cx_conformance.blueprint.promise import Severity
from cx_conformance.cluster.admission import (
    ENFORCED,
    RESTRICTED,
    beyond_limits,
    deaf_webhooks,
    defaults_of,
    over_quota,
)
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.own_addresses import spelt
from cx_conformance.cluster.provisioning import why_not_alive
from cx_conformance.cluster.requirements import Requirements
from cx_conformance.cluster.room import Amount, free, free_places, takes_pods
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.ingress import IngressClass
from cx_conformance.objects.lease import Lease
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.quota import LimitRange, ResourceQuota
from cx_conformance.objects.service import Service
from cx_conformance.objects.storage import StorageClass
from cx_conformance.outcome.check import NotApplicable, Stage, check
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.edges import Vantage
from cx_conformance.probes.packets import Packets
from cx_conformance.vantage.before import BeforeProbes
from cx_conformance.vantage.entrance import OUTSIDE
from cx_conformance.vantage.host_name import HostName
from cx_conformance.vantage.node_seen import CLUSTER_NAME, NodeSeen, resolved
from cx_conformance.vantage.reach import DIRECT

HEADROOM: Final = Decimal("1.2")
"""The vendor's guides ask for 20 to 30 % more than the sum of what is requested."""
FUTURE: Final = dt.timedelta(seconds=5)
PAST: Final = dt.timedelta(seconds=60)
"""A lease is renewed every ten seconds and lost after forty (Kubernetes' node-monitor-grace-period)."""
VALID: Final = dt.timedelta(days=30)
"""A certificate that ends sooner is to be renewed before the platform is handed over."""
PROBE_POD: Final = Vantage.PROBE_POD.value


@check(
    "CX900",
    "Nothing is installed yet",
    severity=Severity.MINOR,
    remedy="cx-conformance run judges what is installed",
    stage=Stage.BEFORE,
)
def check_empty(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """No workload of the platform is there. Where one is, that is noted, and what it requests counts as room."""
    there = _installed(seen)
    evidence.found, evidence.promised = there or "nothing", "nothing"
    if there:
        evidence.note(
            f"the platform is there already: {len(there)} of the workloads of {len(seen.plan.components)} components; "
            "cx-conformance run judges it"
        )


def _installed(seen: Seen) -> list[str]:
    """Return the workloads of the platform that are there already."""
    there = []
    for planned in seen.plan.components.values():
        with suppress(Absent):
            there.append(seen.workload(planned).object.where)
    return there


@check(
    "CX901",
    "Distribution supported",
    severity=Severity.MINOR,
    remedy="use RKE2, which the vendor recommends and tests, or another certified distribution",
    stage=Stage.BEFORE,
)
def check_distribution(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The cluster is of a distribution that the vendor names; any other certified one will do, which is noted."""
    found = snapshot.identity.distribution.name
    evidence.found, evidence.promised = found, [one.name for one in platform.of.distributions]
    known = next((one for one in platform.of.distributions if one.name.lower() == found.lower()), None)
    if known is None:
        evidence.note(f"{found} is not among the distributions that the vendor names; any certified one is supported")
    elif not known.needs_load_balancer:
        evidence.note(f"{known.name} is supported for other than production use only")
    elif known.support != "recommended":
        evidence.note(f"{known.name} is supported; recommended is RKE2")


@check(
    "CX902",
    "Room for all pods",
    severity=Severity.MAJOR,
    remedy="add nodes, or CPU and memory to them; or stop what else requests them",
    rests_on=("platform:CX003",),
    stage=Stage.BEFORE,
)
def check_room(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """The nodes have what the release's pods request together, and a fifth more, and take so many pods at all."""
    wanted = Requirements(seen.plan)
    left = _room(seen)
    total = sum(left.values(), Amount())
    evidence.found, evidence.promised = str(total), f"{wanted.total} and 20 % more"
    if wanted.silent:
        evidence.note(
            f"{wanted.silent} of {len(seen.plan.components)} components promise no requests, and are not counted"
        )
    assert left, "no node takes pods: all are cordoned, tainted or not Ready"
    needed = wanted.total.times(HEADROOM)
    assert total.holds(needed), f"{len(left)} nodes have {total} left of promised {needed}"
    snapshot = seen.snapshot
    places = free_places(snapshot.list(Node), snapshot.list(Pod), frozenset(seen.plan.namespaces))
    assert places is None or places >= wanted.pods, (
        f"{len(left)} nodes take {max(places, 0)} pods more, as their kubelets are set, of promised {wanted.pods}"
    )


def _room(seen: Seen) -> dict[str, Amount]:
    snapshot = seen.snapshot
    return free(snapshot.list(Node), snapshot.list(Pod), frozenset(seen.plan.namespaces))


@check(
    "CX903",
    "Room for the largest pod",
    severity=Severity.MAJOR,
    remedy="one node must hold the pod whole; many small nodes do not help",
    rests_on=("platform:CX902",),
    stage=Stage.BEFORE,
)
def check_largest(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """Some node has room for the pod that requests the most."""
    component, largest = Requirements(seen.plan).largest
    left = _room(seen)
    evidence.found, evidence.promised = {name: str(one) for name, one in left.items()}, f"{component}: {largest}"
    if not component:
        raise NotApplicable("no component of this release promises requests")
    assert any(one.holds(largest) for one in left.values()), (
        f"no node has room for a pod of {component}, which requests {largest}; "
        f"the roomiest has {max(left.values(), key=lambda one: one.memory, default=Amount())}"
    )


@check(
    "CX904",
    "Nodes of the images' architecture",
    severity=Severity.CRITICAL,
    remedy="add nodes of amd64; the vendor publishes no images of another architecture",
    stage=Stage.BEFORE,
)
def check_architecture(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The nodes are of amd64; nothing tells a pod's architecture to the scheduler, so that others are noted."""
    found = {node.name: node.architecture or "unknown" for node in snapshot.list(Node) if takes_pods(node)}
    evidence.found, evidence.promised = found, "amd64"
    others = sorted(f"{name} ({kind})" for name, kind in found.items() if kind not in ("amd64", "unknown"))
    assert not found or len(others) < len(found), f"no node is of amd64: {', '.join(others)}"
    if others:
        evidence.note(f"nodes of another architecture take pods too, which cannot run there: {', '.join(others)}")


@check(
    "CX905",
    "Clocks of the nodes agree",
    severity=Severity.MAJOR,
    remedy="let chrony or ntpd run on every node; tokens and certificates are refused by clocks that differ",
    rests_on=("platform:CX003",),
    stage=Stage.BEFORE,
)
def check_clocks(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Each kubelet has lately renewed its node's lease, by its own clock; one far from the server's is told."""
    renewed = {one.name: one.renewed for one in snapshot.list(Lease) if one.renewed}
    nodes = [node.name for node in snapshot.list(Node) if node.ready]
    apart = {name: renewed[name] - snapshot.now for name in nodes if name in renewed}
    evidence.found = {name: f"{gap.total_seconds():+.0f} s" for name, gap in apart.items()}
    evidence.promised = "renewed within the last minute, and not in the future"
    if not apart:
        raise NotApplicable("no lease of a node was seen")
    # The look begins at its moment, and a lease may be renewed until it ends.
    latest = FUTURE + dt.timedelta(seconds=snapshot.seconds)
    off = sorted(f"{name} ({gap.total_seconds():+.0f} s)" for name, gap in apart.items() if not -PAST <= gap <= latest)
    assert not off, f"the clocks of {len(off)} of {len(nodes)} nodes differ from the API server's: {', '.join(off)}"


@check(
    "CX906",
    "Storage provisioner alive",
    severity=Severity.CRITICAL,
    remedy="kubectl get pods of the storage provider; until it runs, no claim is bound",
    rests_on=("platform:CX404",),
    stage=Stage.BEFORE,
)
def check_provisioner_alive(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Somebody makes the volumes of the default StorageClass: its driver is registered, or its pod is ready."""
    for used in (one for one in snapshot.list(StorageClass) if one.is_default):
        evidence.found = evidence.promised = used.provisioner
        try:
            reason = why_not_alive(used.provisioner, snapshot)
        except LookupError as unknown:
            evidence.note(f"whether the provisioner is alive cannot be told: {unknown}")
            continue
        assert reason is None, f"StorageClass {used.name}: {reason}"


@check(
    "CX907",
    "Ingress controller ready",
    severity=Severity.CRITICAL,
    remedy="install ingress-nginx or Traefik, and see that its pods are ready",
    stage=Stage.BEFORE,
)
def check_ingress_controller(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """There is an IngressClass of a supported controller; the way in is an Ingress in every release."""
    classes = snapshot.list(IngressClass)
    supported = [
        one.name
        for one in classes
        if any(
            fnmatchcase(one.controller, known) for each in platform.of.ingress_controllers for known in each.controllers
        )
    ]
    evidence.found = {one.name: one.controller for one in classes} or "none"
    evidence.promised = [one.name for one in platform.of.ingress_controllers]
    shown = ", ".join(f"{one.name} ({one.controller})" for one in classes) or "none"
    assert supported, f"no IngressClass is of a controller that the page supports; there are: {shown}"
    pods = [pod for pod in snapshot.list(Pod) if not pod.finished and _is_controller(pod)]
    if not pods:
        evidence.note("no pod is recognised as the controller's, so that nothing is known of it")
        return
    assert any(pod.ready for pod in pods), f"no pod of the ingress controller is ready: {pods[0].where}"


_CONTROLLERS: Final = ("ingress-nginx", "nginx-ingress-controller", "traefik")


def _is_controller(pod: Pod) -> bool:
    return any(
        part in one.image and not one.image_name.endswith(_BESIDE)
        for one in pod.spec.containers
        for part in _CONTROLLERS
    )


_BESIDE: Final = ("defaultbackend", "certgen")
"""Images that come with a controller and are none: its page for lost calls, and its webhook's certificate."""


@check(
    "CX908",
    "Way in",
    severity=Severity.MAJOR,
    remedy="install MetalLB with an address pool, or lead the host name to the nodes themselves",
    stage=Stage.BEFORE,
)
def check_way_in(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """No Service of type LoadBalancer waits for an address; without one the nodes are the way in, which is noted.

    One that serves no HTTP is another application's, and no way in to this platform: it is only noted.
    """
    balanced = [one for one in snapshot.list(Service) if one.type == "LoadBalancer"]
    without = sorted(
        (one for one in balanced if not (one.load_balancer or one.external_ips)), key=lambda one: one.where
    )
    waiting = [one.where for one in without if not _HTTP.isdisjoint(port.number for port in one.ports)]
    for one in without:
        if one.where not in waiting:
            evidence.note(f"Service {one.where}, which is no way in, waits for an address")
    existing = {one.name for one in snapshot.list(Namespace)}
    known = [one.name for one in platform.of.load_balancers if existing.intersection(one.namespaces)]
    evidence.found = {"load balancer": known or "none known", "waiting": waiting or "none"}
    evidence.promised = "an address for every Service of type LoadBalancer"
    assert not waiting, f"these Services wait for an address: {', '.join(waiting)}"
    if not balanced and not known:
        evidence.note("no load balancer is known here: the host name must lead to the nodes themselves")


_HTTP: Final = frozenset({80, 443})
"""Ports by which an ingress controller is entered."""


@check(
    "CX909",
    "Cluster DNS ready",
    severity=Severity.CRITICAL,
    remedy="kubectl -n kube-system get pods -l k8s-app=kube-dns; without it no component finds another",
    stage=Stage.BEFORE,
)
def check_dns(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Pods of the cluster's DNS are ready."""
    services = [
        one
        for one in snapshot.list(Service, "kube-system")
        if "dns" in one.name and any(port.number == 53 for port in one.ports)
    ]
    evidence.found, evidence.promised = [one.where for one in services] or "none", "a Service of DNS with ready pods"
    if not services:
        evidence.note("no Service of DNS is known in kube-system; some distributions serve it from the nodes")
        return
    ready = [pod for one in services for pod in snapshot.pods_behind(one) if pod.ready]
    # One without a selector has endpoints by hand.
    assert ready or not any(one.selector for one in services), f"no pod behind {services[0].where} is ready"


@check(
    "CX910",
    "No policy cuts the namespace off",
    severity=Severity.MAJOR,
    remedy="let the platform's namespaces talk to each other and to DNS, or take the policy away before installing",
    rests_on=("CX001",),
    stage=Stage.BEFORE,
)
def check_policies(namespace: Entry[str], snapshot: Snapshot, evidence: Evidence) -> None:
    """The NetworkPolicies that select every pod of the namespace let something in, and out more than questions to DNS.

    They add up: what one of them lets pass the others do not shut. Whether those of some pods only let the platform's
    pass is not known yet, and noted.
    """
    found: list[str] = []
    for direction in ("Ingress", "Egress"):
        own = [one for one in snapshot.list(NetworkPolicy, namespace.id) if direction in one.types]
        shut = [one for one in own if one.pods.selects({})]
        if any(_lets_pass(one, direction) for one in shut):
            continue
        some = [one.where for one in own if one not in shut and _lets_pass(one, direction)]
        words = [f"{one.where} ({direction.lower()})" for one in shut]
        if words and some:
            evidence.note(
                f"{', '.join(words)} lets nothing pass but what {', '.join(some)} allow, which select some pods only: "
                "see that the platform's are among them"
            )
        else:
            found += words
    evidence.found, evidence.promised = found or "none", "none"
    assert not found, f"NetworkPolicy {', '.join(found)} lets no connection pass, of every pod in {namespace.id}"


def _lets_pass(policy: NetworkPolicy, direction: str) -> bool:
    """Tell whether a policy lets anything pass, but for questions to DNS, which calls nobody yet."""
    rules = policy.ingress if direction == "Ingress" else policy.egress
    return any(not rule.ports or any(port.port not in _DNS for port in rule.ports) for rule in rules)


_DNS: Final = (53, "dns", "dns-tcp")


@check(
    "CX911",
    "Quota suffices",
    severity=Severity.MAJOR,
    remedy="raise the ResourceQuota, or give the namespace a LimitRange with defaults",
    rests_on=("CX001",),
    stage=Stage.BEFORE,
)
def check_quota(namespace: Entry[str], seen: Seen, evidence: Evidence) -> None:
    """What the namespace may use is enough for what will be installed in it."""
    wanted = Requirements(seen.plan, namespace.id)
    quotas = seen.snapshot.list(ResourceQuota, namespace.id)
    defaults = defaults_of(seen.snapshot.list(LimitRange, namespace.id))
    evidence.found = {one.where: dict(one.hard) for one in quotas} or "no quota"
    evidence.promised = f"{wanted.total}, {wanted.pods} pods, {wanted.claims} claims"
    beside = False  # where that may not be seen what is used may be the platform's own
    with suppress(CouldNotLook):
        beside = not any(one.startswith(f"{namespace.id}/") for one in _installed(seen))
    short = list(over_quota(quotas, wanted, defaults, beside=beside))
    assert not short, "; ".join(short)


@check(
    "CX912",
    "Limits admit the largest container",
    severity=Severity.MAJOR,
    remedy="raise the LimitRange's max",
    rests_on=("CX001",),
    stage=Stage.BEFORE,
)
def check_limit_range(namespace: Entry[str], seen: Seen, evidence: Evidence) -> None:
    """No LimitRange of the namespace refuses what a component requests or is limited to."""
    wanted = Requirements(seen.plan, namespace.id)
    ranges = seen.snapshot.list(LimitRange, namespace.id)
    evidence.found, evidence.promised = [one.where for one in ranges] or "no LimitRange", str(wanted.largest_limit)
    short = list(beyond_limits(ranges, wanted.largest_limit))
    assert not short, "; ".join(short)


@check(
    "CX913",
    "Pod Security admits the pods",
    severity=Severity.CRITICAL,
    remedy="label the namespace pod-security.kubernetes.io/enforce=baseline; the charts' pods say nothing of users and"
    " capabilities, which the restricted profile wants",
    rests_on=("CX001",),
    stage=Stage.BEFORE,
)
def check_pod_security(namespace: Entry[str], snapshot: Snapshot, evidence: Evidence) -> None:
    """The namespace does not enforce a profile that the vendor's pods do not keep to."""
    live = snapshot.get(Namespace, None, namespace.id)
    enforced = (live.labels if live else {}).get(ENFORCED, "")
    evidence.found, evidence.promised = enforced or "none enforced", "privileged or baseline"
    assert enforced != RESTRICTED, f"namespace {namespace.id} enforces the profile restricted, which refuses the pods"


@check(
    "CX914",
    "Webhooks answer",
    severity=Severity.CRITICAL,
    remedy="mend the webhook's pods, or delete its configuration; it fails closed, so that nothing can be made",
    rests_on=("CX001",),
    stage=Stage.BEFORE,
)
def check_webhooks(namespace: Entry[str], snapshot: Snapshot, evidence: Evidence) -> None:
    """No admission webhook that must answer before something is made in the namespace is without pods."""
    live = snapshot.get(Namespace, None, namespace.id)
    deaf = sorted(deaf_webhooks(snapshot, live)) if live else []
    evidence.found, evidence.promised = deaf or "none", "none"
    evidence.cause = "; ".join(deaf) or None
    assert not deaf, "; ".join(deaf)


@check(
    "CX915",
    "Prerequisite exists",
    severity=Severity.CRITICAL,
    remedy="create it before installing, as the installation guide says; until then pods wait for it",
    rests_on=("namespace:CX001",),
    stage=Stage.BEFORE,
)
def check_prerequisite(prerequisite: Entry[Prerequisite], snapshot: Snapshot, evidence: Evidence) -> None:
    """The Secret or ConfigMap is there that the charts refer to and none of them makes."""
    of, where = prerequisite.of, f"{prerequisite.of.kind} {prerequisite.of.namespace}/{prerequisite.of.name}"
    found = _made(of, snapshot)
    evidence.promised, evidence.found = where, found or "absent"
    needed = f"; without it {', '.join(of.needed_by)} do not start" if of.needed_by else ""
    assert found is not None, f"{where} does not exist{needed}"
    if found != of.name:
        evidence.note(f"found as {found}, documented is {of.name}")


def _made(of: Prerequisite, snapshot: Snapshot) -> str | None:
    for name in (of.name, *of.aliases):
        if of.kind == "ConfigMap" and snapshot.get(ConfigMap, of.namespace, name) is not None:
            return name
        if of.kind == "Secret" and snapshot.secret(of.namespace, name) is not None:
            return name
    return None


@check(
    "CX916",
    "Prerequisite holds its keys",
    severity=Severity.CRITICAL,
    remedy="create it anew with these keys; a pod that mounts a key which is not there does not start",
    rests_on=("CX915",),
    stage=Stage.BEFORE,
)
def check_prerequisite_keys(prerequisite: Entry[Prerequisite], snapshot: Snapshot, evidence: Evidence) -> None:
    """It holds the keys that will be read."""
    of = prerequisite.of
    name = _made(of, snapshot)
    if name is None:
        raise Absent(f"{of.kind} {of.namespace}/{of.name} does not exist")
    if not of.keys:
        raise NotApplicable("which keys will be read is not known")
    held = _keys(of, name, snapshot)
    evidence.promised, evidence.found = list(of.keys), sorted(held)
    missing = [key for key in of.keys if key not in held]
    assert not missing, (
        f"{of.kind} {of.namespace}/{name} lacks {', '.join(missing)}; it holds {', '.join(sorted(held)) or 'nothing'}"
    )


def _keys(of: Prerequisite, name: str, snapshot: Snapshot) -> frozenset[str]:
    if of.kind == "ConfigMap":
        live = snapshot.get(ConfigMap, of.namespace, name)
        return frozenset(live.keys if live else ())
    return snapshot.secret_keys(of.namespace, name)


@check(
    "CX917",
    "Certificate covers the host name",
    severity=Severity.CRITICAL,
    remedy="request a certificate for the host name, and create the Secret anew from it and its key",
    rests_on=("CX915", "CX916"),
    stage=Stage.BEFORE,
)
def check_certificate(prerequisite: Entry[Prerequisite], seen: Seen, evidence: Evidence) -> None:
    """The certificate that will be served is for the host name, valid, and not near its end."""
    of = prerequisite.of
    if of.use != "TLS":
        raise NotApplicable("it is not served by an Ingress")
    name = _made(of, seen.snapshot)
    if name is None:
        raise Absent(f"{of.kind} {of.namespace}/{of.name} does not exist")
    certificate = Certificate.read(seen.snapshot.certificate(of.namespace, name))
    where = f"Secret {of.namespace}/{name}"
    assert certificate is not None, f"{where} holds no certificate that can be read"
    evidence.found = {"names": list(certificate.names), "until": f"{certificate.not_after:%Y-%m-%d}"}
    now = seen.snapshot.now
    assert certificate.not_before <= now, (
        f"{where}: the certificate is valid from {certificate.not_before:%Y-%m-%d} only"
    )
    assert certificate.not_after > now, f"{where}: the certificate ended on {certificate.not_after:%Y-%m-%d}"
    if certificate.not_after - now < VALID:
        evidence.note(f"{where}: the certificate ends on {certificate.not_after:%Y-%m-%d}")
    if seen.fqdn is None:
        evidence.note("for which host name it must be is not known: give --fqdn")
        return
    evidence.promised = seen.fqdn
    assert certificate.covers(seen.fqdn), (
        f"{where} is for {', '.join(certificate.names) or 'no name'} of promised {seen.fqdn}"
    )


@check(
    "CX918",
    "Host name leads here",
    severity=Severity.MAJOR,
    remedy="let DNS lead the name to a node or to the load balancer's address, and stop what else answers there",
    rests_on=("platform:CX907",),
    stage=Stage.BEFORE,
)
def check_host_name(platform: Entry[Platform], seen: Seen, before_probes: BeforeProbes, evidence: Evidence) -> None:
    """The host name leads to a node or to a load balancer of this cluster, and nothing else answers there.

    An address that none of the cluster's objects names is the cluster's all the same where both show one certificate.
    """
    if seen.fqdn is None:
        raise NotApplicable("no host name is known; give --fqdn or `fqdn` in the site file")
    found = before_probes.host_name(seen.fqdn)
    evidence.vantage = DIRECT if before_probes.inside else OUTSIDE
    evidence.promised = "an address of a node or of a load balancer, where nothing else answers"
    evidence.found = {one: found.own.get(spelt(one), "no address of this cluster") for one in found.leads_to}
    evidence.details["by"] = found.by
    assert found.leads_to, f"{found.host} has no address, {found.by}"
    for address in found.elsewhere:
        if not found.is_same(address):
            _judge_elsewhere(address, found)
        evidence.note(f"{address} is no address that this cluster tells of, but leads to it: both show one certificate")
    others = [one for one in found.there if one.seen.http.status is not None and not one.leads_nowhere]
    if others and not _installed(seen):
        words = "; ".join(f"{one.address}: {one.words}" for one in others)
        raise AssertionError(f"where {found.host} leads, something else answers already: {words}")
    for silent in (one for one in found.there if not one.anybody):
        evidence.note(f"{found.host} leads to {silent.address}, where nobody answers yet: {silent.seen.http.words}")


def _judge_elsewhere(address: str, found: HostName) -> None:
    """Say that an address is not the cluster's; raises NoVantage where that cannot be told from here."""
    (there,) = (one for one in found.there if one.address == address)
    own = ", ".join(f"{one} ({whose})" for one, whose in list(found.own.items())[:4])
    words = (
        f"{found.host} leads to {address}, {found.by}, which is no address of a node or a load balancer here;"
        f" those are {own or 'not known'}; at {address} {there.words}"
    )
    if not any(one.anybody for one in found.at_own) and (there.leads_nowhere or not there.anybody):
        raise NoVantage(
            f"{words}; whether something outside leads from there to this cluster cannot be told, for none of its own"
            " addresses answers from here: look from where the nodes can be reached"
        )
    raise AssertionError(words)


@check(
    "CX919",
    "Claim bound, written and read",
    severity=Severity.CRITICAL,
    remedy="kubectl describe a claim of the class, and look at its provisioner's pods; databases do not start without",
    rests_on=("platform:CX404", "platform:CX906", "platform:CX920"),
    stage=Stage.BEFORE,
)
def check_claim(platform: Entry[Platform], before_probes: BeforeProbes, evidence: Evidence) -> None:
    """A claim of the default StorageClass is bound, a pod writes to it and reads that back, and it is deleted again.

    With ``--allow-probe-pods IMAGE`` alone, which lets the run make such a claim, and a pod.
    """
    evidence.promised, evidence.vantage = "bound, written, read and deleted", PROBE_POD
    found = before_probes.claim()
    evidence.found, evidence.details["seconds"] = found.words, round(found.seconds, 1)
    if found.kept is None:
        raise NoVantage(found.words)
    assert found.kept, found.words


@check(
    "CX920",
    "Image pulled on every node",
    severity=Severity.CRITICAL,
    remedy="let every node reach the registry (proxy, firewall, mirror), and give it the pull secret; name an image of"
    " the registry that the platform's come from",
    stage=Stage.BEFORE,
)
def check_pulled(platform: Entry[Platform], before_probes: BeforeProbes, evidence: Evidence) -> None:
    """Every node that takes pods pulls the image of ``--allow-probe-pods IMAGE`` from its registry."""
    evidence.promised, evidence.vantage = "pulled on every node", PROBE_POD
    nodes = before_probes.nodes()
    evidence.found = {name: _pulled(one) for name, one in nodes.items()}
    refused = [f"{name}: {one.trouble}" for name, one in nodes.items() if one.pulled is False]
    assert not refused, f"the image is not pulled on {len(refused)} of {len(nodes)} nodes: {'; '.join(refused)}"
    untold = [f"{name}: {one.trouble}" for name, one in nodes.items() if one.pulled is None]
    if untold or not nodes:
        raise NoVantage("; ".join(untold) or "no node takes pods")


def _pulled(one: NodeSeen) -> str:
    return {True: "pulled", False: "not pulled", None: "not known"}[one.pulled]


@check(
    "CX921",
    "Names resolve on every node",
    severity=Severity.CRITICAL,
    remedy="look at the DNS pods' logs, and at what keeps pods of this node from them: network plug-in, firewall",
    rests_on=("platform:CX909", "platform:CX910", "platform:CX920"),
    stage=Stage.BEFORE,
)
def check_names(platform: Entry[Platform], seen: Seen, before_probes: BeforeProbes, evidence: Evidence) -> None:
    """Pods on every node resolve a name of the cluster, with ``--allow-probe-pods IMAGE``; the host name is noted."""
    evidence.promised, evidence.vantage = f"{CLUSTER_NAME} resolves on every node", PROBE_POD
    nodes = before_probes.nodes()
    asked = {name: {one.edge.host: resolved(one) for one in found.names} for name, found in nodes.items()}
    evidence.found = {name: one.get(CLUSTER_NAME) for name, one in asked.items()}
    lost = [name for name, one in asked.items() if one.get(CLUSTER_NAME) is False]
    assert not lost, f"pods on {', '.join(lost)} do not resolve {CLUSTER_NAME}"
    if seen.fqdn:
        unknown = [name for name, one in asked.items() if one.get(seen.fqdn) is False]
        if unknown:
            evidence.note(
                f"pods on {', '.join(unknown)} do not resolve {seen.fqdn}, by which components call each other's public"
                " addresses"
            )
    _refuse_untold(nodes, lambda found: any(resolved(one) is not None for one in found.names))


@check(
    "CX922",
    "Nodes reach each other",
    severity=Severity.CRITICAL,
    remedy="open the network plug-in's ports between all nodes; where only large files stick, set its MTU to the"
    " network's, less what its tunnel adds (50 for VXLAN)",
    rests_on=("platform:CX910", "platform:CX920"),
    stage=Stage.BEFORE,
)
def check_between_nodes(platform: Entry[Platform], before_probes: BeforeProbes, evidence: Evidence) -> None:
    """Pods on every node reach a pod on every other, with full-size packets, with ``--allow-probe-pods IMAGE``.

    Each fetches a byte and 64 KiB. Where only the byte comes, something in between passes smaller packets than the
    pods' network takes to be the largest.
    """
    evidence.promised, evidence.vantage = "a byte and 64 KiB from every other node", PROBE_POD
    nodes = before_probes.nodes()
    if len(nodes) == 1:
        raise NotApplicable("one node alone takes pods")
    pairs = {
        (name, other): came
        for name, one in nodes.items()
        for other, came in one.others.items()
        if isinstance(came, Packets)
    }
    evidence.found = {
        f"{name} from {other}": f"{one.small} and {one.full} bytes" for (name, other), one in pairs.items()
    }
    deaf = [f"{name} from {other}" for (name, other), one in pairs.items() if not one.reached]
    narrow = [f"{name} from {other}" for (name, other), one in pairs.items() if one.reached and not one.whole]
    words = [f"nothing comes to {', '.join(deaf)}"] if deaf else []
    words += (
        [f"small packets pass and full-size ones do not to {', '.join(narrow)}: the MTU is too large"] if narrow else []
    )
    assert not words, "; ".join(words)
    _refuse_untold(nodes, lambda found: len(found.others) == len(nodes) - 1 and not found.silent)


def _refuse_untold(nodes: Mapping[str, NodeSeen], told: Callable[[NodeSeen], bool]) -> None:
    """Raise NoVantage where a node's pods told nothing, or there was none."""
    silent = {name: one for name, one in nodes.items() if not told(one)}
    if silent or not nodes:
        words = "; ".join(
            f"{name}: {one.trouble or one.silent or 'its pod told nothing'}" for name, one in silent.items()
        )
        raise NoVantage(words or "no node takes pods")
