"""The cluster itself: namespaces, version, nodes, load balancer, limits.

The file is long because an area is one file: whoever asks what is checked of the cluster itself reads it in one place.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from cx_conformance.api.version import OLDEST, Version
from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.platform import Platform
from cx_conformance.blueprint.promise import Severity, Source
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.ailments import ailments, ailments_of_pod
from cx_conformance.cluster.chart_errata import shown
from cx_conformance.cluster.coverage import coverage
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.helm_history import histories, undeployed
from cx_conformance.cluster.passing_nodes import in_passing
from cx_conformance.cluster.recognition import recognise
from cx_conformance.cluster.replacement import homeless, refused
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.helm import HelmRevision
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.node import Node
from cx_conformance.objects.placement import tells_state
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import Service
from cx_conformance.outcome.check import NotApplicable, Stage, check
from cx_conformance.outcome.looking import CouldNotLook, Forbidden
from cx_conformance.outcome.outcome import ABOUT, Evidence

NOTICEABLE_SKEW_SECONDS: Final = 30
"""Clocks that differ by less are kept by the same means, and nobody's business here."""
VIRTUAL: Final = "virtual-kubelet"
"""How a node is labelled (``type``) behind which a provider runs pods without a kubelet."""
_SAYING: Final = {
    "variable": "which says",
    "repeated": "which has it",
    "port": "leading to",
    "route": "leading to",
    "selector": "selecting the pods of CronJob",
    "class": "naming class",
    "claim": "shared with",
}
"""How each kind of mistake of the charts is told."""
_HTTP: Final = frozenset({80, 443})
"""Ports by which an ingress controller is entered."""


@check(
    "CX000",
    "API server answers",
    severity=Severity.CRITICAL,
    remedy="check the kubeconfig, the network, the account",
    stage=Stage.EITHER,
)
def check_api_answers(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The API server answers; without it nothing can be looked at."""
    evidence.found = snapshot.identity.version or "an answer"
    skew = snapshot.clock_skew or 0
    if abs(skew) >= NOTICEABLE_SKEW_SECONDS:
        evidence.note(
            f"this machine's clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the API server's; "
            "ages and dates are judged by the server's"
        )


def _version(snapshot: Snapshot) -> Version:
    """Return the server's version; Forbidden when the account may not ask for it."""
    told = snapshot.identity.version
    if not told:
        raise Forbidden("get", "/version")
    version = Version.parse(told)
    assert version is not None, f"the server's version {told!r} is not one of Kubernetes"
    return version


@check(
    "CX001",
    "Namespace exists",
    severity=Severity.CRITICAL,
    remedy="create the namespace and install what belongs into it, or map it in the site file under `namespaces`",
    stage=Stage.EITHER,
)
def check_namespace(namespace: Entry[str], seen: Seen, evidence: Evidence) -> None:
    """The namespace exists and is not being deleted; everything promised lives in one."""
    live = seen.snapshot.get(Namespace, None, namespace.id)
    evidence.promised, evidence.found = namespace.id, live.phase if live else "absent"
    instead = _instead(namespace.id, seen) if live is None else ()
    if instead:
        raise NotApplicable(f"what is documented there stands in {', '.join(instead)}, which is accepted")
    assert live is not None, f"namespace {namespace.id} does not exist"
    assert live.phase != "Terminating", f"namespace {namespace.id} is being deleted"


def _instead(documented: str, seen: Seen) -> tuple[str, ...]:
    """Return the accepted namespaces in which all components of a documented one are; empty where one is in none."""
    found = set()
    for one in seen.plan.components.values():
        if one.namespaces[0] == documented:
            try:
                found.add(seen.workload(one).object.namespace)
            except (Absent, CouldNotLook):
                return ()
    return () if documented in found else tuple(sorted(found))


@check(
    "CX008",
    "Namespace is not empty",
    severity=Severity.CRITICAL,
    remedy="install what belongs into the namespace, or map the one that holds it in the site file under `namespaces`",
    rests_on=("namespace:CX001",),
)
def check_not_empty(namespace: Entry[str], seen: Seen, evidence: Evidence) -> None:
    """The namespace holds at least one of the promised workloads and Services; else nothing was installed in it.

    Of a tenant's any workload will do: no release promises which.
    """
    if namespace.id in seen.plan.site.tenants:
        _check_tenant(namespace.id, seen, evidence)
        return
    promised = [one for one in seen.plan.components.values() if one.namespaces[0] == namespace.id]
    evidence.promised = f"workloads and Services of {len(promised)} components"
    try:
        evidence.found = next(_held(promised, seen), "none of them")
    except CouldNotLook as reason:
        raise NotApplicable(f"whether it is empty is not known: {reason}") from None
    assert evidence.found != "none of them", (
        f"namespace {namespace.id} exists, but of the {len(promised)} components that are promised there it holds "
        "not one workload or Service"
    )


def _check_tenant(namespace: str, seen: Seen, evidence: Evidence) -> None:
    evidence.promised = "a workload of the tenant"
    try:
        found = seen.snapshot.workloads(namespace)
    except CouldNotLook as reason:
        raise NotApplicable(f"whether it is empty is not known: {reason}") from None
    evidence.found = [f"{one.kind} {one.where}" for one in found] or "none"
    assert found, f"namespace {namespace} of a tenant exists, and no workload is in it"


def _held(promised: Iterable[Planned], seen: Seen) -> Iterator[str]:
    for one in promised:
        with suppress(Absent):
            live = seen.workload(one).object
            yield f"{live.kind} {live.where}"
        with suppress(Absent):
            yield f"Service {seen.service(one).object.where}"


@check(
    "CX002",
    "Server version",
    severity=Severity.MAJOR,
    remedy="upgrade the cluster; EndpointSlices and Ingresses in their present form are needed",
    stage=Stage.EITHER,
)
def check_server_version(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The server is new enough for what the platform's manifests use."""
    evidence.found, evidence.promised = snapshot.identity.version, f"{OLDEST} or later"
    version = _version(snapshot)
    assert version >= OLDEST, f"Kubernetes {version} is older than {OLDEST}, the oldest that serves what is installed"


@check(
    "CX003",
    "Nodes ready",
    severity=Severity.CRITICAL,
    remedy="kubectl describe node NAME; look at the kubelet, the network plug-in and the node's clock",
    stage=Stage.EITHER,
)
def check_nodes_ready(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Every node is Ready; pods on others are not served. One that is added or taken away just now is noted."""
    nodes = snapshot.list(Node)
    unready = [node for node in nodes if not node.ready]
    evidence.found, evidence.promised = len(nodes) - len(unready), len(nodes)
    if len(unready) < len(nodes):
        passing = {node.name: words for node in unready if (words := in_passing(node, snapshot.now))}
        unready = [node for node in unready if node.name not in passing]
        for name, words in passing.items():
            evidence.note(f"node {name} is not Ready: {words}")
    evidence.seen_at = f"Node {unready[0].name}" if unready else None
    assert nodes, "the cluster has no node"
    assert not unready, f"{len(unready)} of {len(nodes)} nodes not Ready: {', '.join(_said(node) for node in unready)}"


@check(
    "CX009",
    "Pods can be made anew",
    severity=Severity.MAJOR,
    remedy="kubectl uncordon the node, take its taint away, or the namespace's label; until then no pod that ends is"
    " made anew",
)
def check_schedulable(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """Of the nodes that the platform's pods may run on at least one is not cordoned; some of several are noted.

    Nor has one that they run on been tainted, or lost its labels, so that no node would take them again; and their
    namespaces enforce no Pod Security profile that refuses what runs there.
    """
    every = seen.snapshot.list(Node)
    nodes = [node for node in every if not _keeps_pods_off(node)]
    cordoned = [node.name for node in nodes if node.unschedulable]
    evidence.found, evidence.promised = len(nodes) - len(cordoned), f"at least 1 of {len(nodes)}"
    names = ", ".join(cordoned)
    assert not nodes or len(cordoned) < len(nodes), (
        f"every node that takes pods is cordoned, so that nothing can start: {names}"
    )
    for name in cordoned:
        evidence.note(f"node {name} is cordoned")
    _find_lost(seen, every, evidence)
    if not nodes:
        raise NotApplicable("no node takes pods without being told so by tolerations")


def _find_lost(seen: Seen, nodes: Sequence[Node], evidence: Evidence) -> None:
    """Fail where pods run that would not come to be again; in a cloud, which may make nodes for them, it is noted."""
    sure = []
    with suppress(CouldNotLook):  # CX104 tells it
        for one in homeless(seen, nodes):
            words = f"no node would take the pods of {_counted(one.components)} again: {one.why}"
            if one.perhaps:
                evidence.note(f"{words}; unless the cluster makes one for them")
            else:
                sure.append(words)
        sure += refused(seen)
    evidence.found = sure or evidence.found
    assert not sure, "; ".join(sure)


def _counted(names: Sequence[str]) -> str:
    """Name some of many."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMED])} and {more} more"


_MOST_NAMED: Final = 3


def _keeps_pods_off(node: Node) -> bool:
    """Tell whether a taint of somebody's keeps pods off: those of Kubernetes' own tell the node's state."""
    return any(one.effect in ("NoSchedule", "NoExecute") and not tells_state(one) for one in node.taints)


def _said(node: Node) -> str:
    ready = next((one for one in node.conditions if one.type == "Ready"), None)
    return (
        f"{node.name} ({ready.reason or ready.status}: {ready.message})" if ready else f"{node.name} (never reported)"
    )


@check(
    "CX004",
    "Nodes without pressure",
    severity=Severity.MAJOR,
    remedy="free memory, disk or process IDs on the node, or add a node; pods are evicted until then",
    stage=Stage.EITHER,
)
def check_node_pressure(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """No node is short of memory, disk, process IDs or network; such a node evicts pods."""
    short = [node for node in snapshot.list(Node) if node.pressures]
    told = [f"{node.name}: {one.type} ({one.message})" for node in short for one in node.pressures]
    evidence.found, evidence.promised = told or "none", "none"
    evidence.seen_at = f"Node {short[0].name}" if short else None
    assert not short, f"pressure on {len(short)} node{'s' * (len(short) > 1)}: {'; '.join(told)}"


@check(
    "CX005",
    "Kubelet version skew",
    severity=Severity.MINOR,
    remedy="upgrade the kubelets one minor version at a time; none may be newer than the API server",
    stage=Stage.EITHER,
)
def check_version_skew(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """Each kubelet is no newer than the API server and at most three minor versions older (two before 1.28)."""
    server = _version(snapshot)
    evidence.promised = f"{server.oldest_kubelet} to {server.minor_only}"
    skewed = []
    for node in snapshot.list(Node):
        kubelet = Version.parse(node.kubelet_version)
        if kubelet is None or node.labels.get("type") == VIRTUAL:
            evidence.note(f"node {node.name} has no kubelet of Kubernetes: it says {node.kubelet_version or 'nothing'}")
        elif not server.oldest_kubelet <= kubelet.minor_only <= server.minor_only:
            skewed.append(f"{node.name} {node.kubelet_version}")
    evidence.found = skewed or "within"
    assert not skewed, f"kubelets outside {evidence.promised} for server {server}: {', '.join(skewed)}"


@check(
    "CX006",
    "Load balancer",
    severity=Severity.MAJOR,
    remedy="install MetalLB with an address pool, or give the Service an address; K3s needs neither",
)
def check_load_balancer(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """Every Service of type LoadBalancer has an address; on own hardware MetalLB gives it.

    One of another application, which serves no HTTP and so is no way in to this platform, is only noted.
    """
    snapshot = seen.snapshot
    waiting, served = [], 0
    for service in snapshot.visible(Service):
        if service.type != "LoadBalancer":
            continue
        if service.load_balancer or service.external_ips:
            served += 1
        elif service.namespace in seen.plan.namespaces or not _HTTP.isdisjoint(one.number for one in service.ports):
            waiting.append(service.where)
        else:
            evidence.note(f"Service {service.where}, which is not the platform's, waits for an address")
    existing = {one.name for one in snapshot.visible(Namespace)}
    known = [one.name for one in platform.of.load_balancers if existing.intersection(one.namespaces)]
    evidence.found = {
        "load balancer": known or f"none; distribution {snapshot.identity.distribution.name}",
        "with address": served,
    }
    evidence.promised = "an address for every Service of type LoadBalancer"
    if not waiting and not served:
        raise NotApplicable("no Service of type LoadBalancer; the nodes themselves are the way in")
    installed = f"{known[0]} is installed" if known else "no known load balancer is installed"
    assert not waiting, f"{installed}, and these Services wait for an address: {', '.join(waiting)}"


@check(
    "CX007",
    "Large-cluster limits",
    severity=Severity.MINOR,
    remedy="spread the load over more nodes or clusters (kubernetes.io/docs/setup/best-practices/cluster-large)",
)
def check_limits(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The cluster stays within the limits that Kubernetes is tested for, which the page refers to."""
    limits = platform.of.limits
    per_node: dict[str, int] = {}
    containers = 0
    pods = [pod for pod in snapshot.visible(Pod) if not pod.finished]
    for pod in pods:
        per_node[pod.node] = per_node.get(pod.node, 0) + 1
        containers += len(pod.spec.serving_containers)
    per_node.pop("", None)
    fullest = max(per_node.values(), default=0)
    found = {"nodes": len(snapshot.list(Node)), "pods": len(pods), "containers": containers, "pods on a node": fullest}
    promised = {
        "nodes": limits.nodes,
        "pods": limits.pods,
        "containers": limits.containers,
        "pods on a node": limits.pods_per_node,
    }
    evidence.found, evidence.promised = found, promised
    over = [f"{found[name]} {name} of at most {most}" for name, most in promised.items() if found[name] > most]
    assert not over, "; ".join(over)


@check(
    "CX010",
    "Helm releases deployed",
    severity=Severity.MAJOR,
    remedy="helm upgrade again where it failed; where it is pending Helm refuses that: do first what the message says",
)
def check_helm(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The last revision of every Helm release is deployed; after any other end objects of two revisions stand mixed."""
    listing = snapshot.listings.get(HelmRevision)
    if listing is None:
        raise NotApplicable("the snapshot was taken without Helm's records")
    for namespace in sorted(listing.refusals):
        evidence.note(f"what Helm says of namespace {namespace} is not known: its Secrets may not be listed")
    history = histories(one for one in listing.records if isinstance(one, HelmRevision))
    if not history:
        raise NotApplicable(
            f"Helm's records may not be listed in {', '.join(sorted(listing.refusals))}"
            if listing.refusals
            else "nothing in the platform's namespaces was installed by Helm"
        )
    bad = [words for one in history if (words := undeployed(one))]
    evidence.details[ABOUT] = [f"release {one[-1].release}" for one in history if undeployed(one)]
    for one in history:
        if one[-1].status == "uninstalled":
            evidence.note(f"{one[-1].release} in {one[-1].namespace} was uninstalled; its history was kept")
    evidence.found, evidence.promised = bad or f"{len(history)} releases, all deployed", "every release deployed"
    assert not bad, "; ".join(bad)


@check(
    "CX011",
    "One release",
    severity=Severity.MINOR,
    remedy="finish the upgrade, or the rollback, so that every component is of one release",
)
def check_one_release(platform: Entry[Platform], snapshot: Snapshot, evidence: Evidence) -> None:
    """The image tags of all components are of one release, but for what the vendor's charts themselves leave behind."""
    found = recognise(snapshot)
    if found.model is None:
        raise NotApplicable("no release was recognised: fewer than three of the vendor's components are there")
    evidence.found = found.mixed or f"{found.release}: {found.words}"
    evidence.promised = f"every image of {found.release}"
    named = ", ".join(found.mixed)
    assert not found.mixed, f"mixed releases: installed is {found.release}, and of another release are {named}"


def _is_there(planned: Planned, seen: Seen) -> bool:
    """Tell whether the component's workload stands where it should; where that may not be seen it may."""
    try:
        seen.workload(planned)
    except Absent:
        return False
    except CouldNotLook:
        return True
    return True


@check(
    "CX012",
    "Nothing else is broken",
    severity=Severity.MAJOR,
    remedy="mend what is named; `cx-conformance capture` describes what no promise knows, to be checked in full",
)
def check_others(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """What else stands in the platform's namespaces is well too: rollouts, pods, what they refer to, Services."""
    covered = coverage(seen)
    # One that stands where it should not is told by the promise that misses it.
    misplaced = {name for one in seen.plan.components.values() if not _is_there(one, seen) for name in one.names}
    evidence.promised = "every workload well, whether or not a promise knows it"
    broken = [
        f"{one.kind} {one.where}: {'; '.join(wrong[:3])}"
        for one in covered.others
        if one.name not in misplaced and (wrong := ailments(one, seen.snapshot))
    ]
    for pod in covered.bare:
        for words in ailments_of_pod(pod, seen.snapshot)[:1]:
            evidence.note(f"no workload is known that pod {pod.where} belongs to, and it is not well: {words}")
    evidence.found = broken or f"{covered.words} are promised; the others are well"
    if covered.not_covered:
        evidence.note(f"not covered: {', '.join(covered.not_covered)}; `cx-conformance capture` describes them")
    if covered.tenants:
        evidence.note(
            f"{', '.join(covered.tenants)}: of a tenant; name it under `tenants` in the site file to look there"
        )
    for one in covered.others:
        if one.replicas == 0 and one.kind != "CronJob":
            evidence.note(f"{one.kind} {one.where} is scaled to zero")
    if not covered.others and not covered.bare and not covered.tenants:
        raise NotApplicable("every workload in the platform's namespaces is promised")
    assert not broken, f"{len(broken)} that no promise knows: {'; '.join(broken)}"


@check(
    "CX013",
    "Known mistakes of the charts",
    severity=Severity.MINOR,
    remedy="nothing here is this installation's own doing; ask the vendor, or set the values that mend it",
    rests_on=("CX001",),
)
def check_known_mistakes(platform: Entry[Platform], seen: Seen, evidence: Evidence) -> None:
    """What the vendor's charts of this release get wrong is told once, where it is seen, and breaks no promise."""
    known = seen.plan.blueprint.chart_errata
    if not known:
        raise NotApplicable("no mistakes are known of what installs this release")
    found = list(shown(seen))
    for erratum, places in found:
        evidence.note(_mistaken(erratum, places))
    evidence.found, evidence.promised = f"{len(found)} of {len(known)} known ones", "none that is not known"


def _mistaken(erratum: ChartErratum, places: str) -> str:
    of = f"{erratum.component}: " if erratum.component else ""
    by = "; so the vendor's charts have it" if erratum.source is Source.CHARTS else ""
    return f"{of}{places}, {_SAYING[erratum.kind]} {erratum.says}: {erratum.why}{by}"
