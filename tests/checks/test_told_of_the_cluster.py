"""What is told of the cluster itself: its clock, version, nodes, load balancer and limits."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.api.refusal import kept
from cx_conformance.cluster.kinds import WORKLOADS
from cx_conformance.cluster.snapshot import Listing, Snapshot
from cx_conformance.outcome.looking import Forbidden
from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, blueprint, notes
from tests.checks.test_breaking import busy_pod


def seen(change: Callable[[Snapshot], Snapshot]) -> Installation:
    """Return the reference installation of which a look shows something else."""
    installation = Installation()
    installation.change_seen(change)
    return installation


def version(text: str) -> Installation:
    """Let the server tell this version; none where the account may not ask."""
    return seen(lambda snapshot: replace(snapshot, identity=replace(snapshot.identity, version=text)))


def platform(check: str, installation: Installation) -> Outcome:
    """Judge a check of the whole cluster."""
    return installation.outcome(check, "platform")


@pytest.mark.parametrize(("seconds", "words"), [(30, "30 s behind"), (-30, "30 s ahead of"), (4000, "4000 s behind")])
def test_a_clock_that_differs_by_half_a_minute_is_noted(seconds: float, words: str) -> None:
    """On this side or on that: certificates and ages are judged by the server's."""
    ended = platform("CX000", seen(lambda snapshot: replace(snapshot, clock_skew=seconds)))
    assert (ended.result, notes(ended)) == (
        Result.PASS,
        [f"this machine's clock is {words} the API server's; ages and dates are judged by the server's"],
    )


@pytest.mark.parametrize("seconds", [None, 0, 29.9, -29.9])
def test_a_clock_that_differs_by_less_is_nobodys_business(seconds: float | None) -> None:
    """Nor is one that was not told."""
    assert notes(platform("CX000", seen(lambda snapshot: replace(snapshot, clock_skew=seconds)))) == []


def test_a_version_that_may_not_be_asked_for_is_an_error_of_what_needs_it() -> None:
    """The server answers all the same."""
    answers = platform("CX000", version(""))
    assert (answers.result, answers.evidence["found"]) == (Result.PASS, "an answer")
    for check in ("CX002", "CX005"):
        ended = platform(check, version(""))
        assert ended.result is Result.ERROR
        assert " get /version" in ended.message


def test_a_version_that_is_none_of_kubernetes_is_found() -> None:
    """Its words are told."""
    assert platform("CX002", version("banana")).message == "the server's version 'banana' is not one of Kubernetes"


@pytest.mark.parametrize(("text", "result"), [("v1.21.0", Result.PASS), ("v1.20.15", Result.FAIL)])
def test_the_oldest_version_is_new_enough_and_the_one_before_is_not(text: str, result: Result) -> None:
    """The bound itself is allowed."""
    assert platform("CX002", version(text)).result is result


def test_a_namespace_that_is_being_deleted_is_found() -> None:
    """It exists, and what is in it goes."""
    installation = Installation()
    installation.live("Namespace", "ef-external", lambda one: one["status"].update(phase="Terminating"))
    ended = installation.outcome("CX001", "platform", "ef-external")
    assert (ended.result, ended.message, ended.evidence["found"]) == (
        Result.FAIL,
        "namespace ef-external is being deleted",
        "Terminating",
    )


def without(*kinds: str) -> Installation:
    """Leave nothing of these kinds of what was installed into the first namespace."""
    installation = Installation()
    installation.manifests = [
        one
        for one in installation.manifests
        if one["kind"] not in kinds or one["metadata"].get("namespace") != "expertflow"
    ]
    return installation


def test_a_namespace_that_holds_nothing_promised_is_found() -> None:
    """One Service is something, and so is one workload."""
    ended = without("Deployment", "StatefulSet", "Service").outcome("CX008", "platform", "expertflow")
    assert ended.message == (
        "namespace expertflow exists, but of the 21 components that are promised there it holds "
        "not one workload or Service"
    )
    assert ended.evidence["found"] == "none of them"
    services = without("Deployment", "StatefulSet").outcome("CX008", "platform", "expertflow")
    assert (services.result, services.evidence["found"]) == (Result.PASS, "Service expertflow/ef-360-connector-svc")
    assert without("Service").outcome("CX008", "platform", "expertflow").result is Result.PASS


def test_whether_a_namespace_is_empty_is_not_judged_by_who_may_not_list() -> None:
    """What may not be listed may be there."""
    refused = Listing(refusal=kept(Forbidden("list", "deployments.apps")))
    hidden: dict[Any, Listing] = dict.fromkeys(WORKLOADS.values(), refused)
    ended = seen(lambda snapshot: replace(snapshot, listings={**snapshot.listings, **hidden})).outcome(
        "CX008", "platform", "expertflow"
    )
    assert ended.result is Result.NOT_APPLICABLE
    assert ended.message.startswith("n/a: whether it is empty is not known: ")


def node(name: str, *, kubelet: str = "v1.36.2", **ready: str) -> Object:
    """Return a node; without ``ready`` its kubelet never reported."""
    told = [{"type": "Ready", **ready}] if ready else []
    status = {"nodeInfo": {"kubeletVersion": kubelet}, "conditions": told}
    return {"kind": "Node", "metadata": {"name": name}, "spec": {}, "status": status}


def with_nodes(*nodes: Object) -> Installation:
    """Add nodes to the one that is there."""
    installation = Installation()
    installation.add_live(*nodes)
    return installation


def test_nodes_that_are_not_ready_are_each_told_with_what_is_known_of_them() -> None:
    """A reason and a message, else the status, else that nothing was ever heard."""
    ended = platform(
        "CX003",
        with_nodes(
            node("node-2", status="False", reason="KubeletNotReady", message="no network"),
            node("node-3", status="Unknown", message="silent"),
            node("node-4"),
        ),
    )
    assert ended.message == (
        "3 of 4 nodes not Ready: node-2 (KubeletNotReady: no network), node-3 (Unknown: silent), "
        "node-4 (never reported)"
    )
    assert (ended.evidence["found"], ended.evidence["promised"]) == (1, 4)


def ago(minutes: float) -> str:
    """Return the moment so many minutes ago."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize("minutes", [2, 20])
@pytest.mark.parametrize(
    ("meta", "taints", "why"),
    [
        ({"creationTimestamp": "AGO"}, (), "it was added at "),
        (
            {"deletionTimestamp": "AGO", "creationTimestamp": "2026-01-01T00:00:00Z"},
            (),
            "it is being taken away, since ",
        ),
        ({}, ("ToBeDeletedByClusterAutoscaler",), "it is being taken away, since "),
        ({}, ("karpenter.sh/disrupted",), "it is being taken away, since "),
    ],
)
def test_a_node_that_an_autoscaler_adds_or_takes_away_is_noted_for_some_minutes(
    minutes: int, meta: dict[str, str], taints: tuple[str, ...], why: str
) -> None:
    """Then it should be Ready, or gone."""
    passing = node("node-2", status="False", reason="KubeletNotReady", lastTransitionTime=ago(minutes))
    passing["metadata"] |= {key: value.replace("AGO", ago(minutes)) for key, value in meta.items()}
    passing["spec"]["taints"] = [{"key": key, "effect": "NoSchedule"} for key in taints]
    ended = platform("CX003", with_nodes(passing))
    if minutes < 10:
        (told,) = notes(ended)
        assert (ended.result, told.startswith(f"node node-2 is not Ready: {why}")) == (Result.PASS, True)
    else:
        assert ended.message == "1 of 2 nodes not Ready: node-2 (KubeletNotReady: )"


@pytest.mark.parametrize(
    "ready",
    [
        {"status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": "AGO 4"},
        {"status": "False", "reason": "KubeletNotReady", "lastTransitionTime": "AGO 1"},
        {"status": "False", "reason": "KubeletNotReady"},
    ],
)
def test_a_new_node_that_was_lost_is_no_node_that_begins(ready: dict[str, str]) -> None:
    """It went silent, was Ready before, or does not say since when it is not."""
    lost = node(
        "node-2", **{key: ago(float(said[4:])) if said.startswith("AGO") else said for key, said in ready.items()}
    )
    lost["metadata"]["creationTimestamp"] = ago(4)
    assert platform("CX003", with_nodes(lost)).result is Result.FAIL


def test_where_no_node_is_ready_new_ones_are_no_excuse() -> None:
    """Nothing runs."""
    installation = Installation()
    installation.live("Node", "", lambda one: one["metadata"].update(creationTimestamp=ago(1)))
    installation.live("Node", "", lambda one: one["status"].update(conditions=[]))
    assert platform("CX003", installation).message == "1 of 1 nodes not Ready: node-1 (never reported)"


def test_a_cordoned_node_is_noted_and_no_other() -> None:
    """Whoever cordoned it knows; whoever wonders why nothing is scheduled may not."""
    cordoned = node("node-2", status="True")
    cordoned["spec"]["unschedulable"] = True
    ended = platform("CX009", with_nodes(cordoned))
    assert (ended.result, notes(ended)) == (Result.PASS, ["node node-2 is cordoned"])
    assert ended.evidence["found"] == 1


@pytest.mark.parametrize(
    ("key", "effect", "result"),
    [
        ("node-role.kubernetes.io/control-plane", "NoSchedule", Result.FAIL),
        ("node.kubernetes.io/disk-pressure", "NoSchedule", Result.PASS),
        ("dedicated", "PreferNoSchedule", Result.PASS),
        (None, "", Result.PASS),
    ],
)
def test_the_only_nodes_that_take_pods_must_not_all_be_cordoned(key: str | None, effect: str, result: Result) -> None:
    """One that somebody keeps the platform's pods off helps nobody; one in trouble is still one."""
    other = node("node-2", status="True")
    other["spec"]["taints"] = [{"key": key, "effect": effect}] if key else []
    installation = with_nodes(other)
    installation.live("Node", "node-1", lambda one: one["spec"].update(unschedulable=True))
    assert platform("CX009", installation).result is result


def test_a_cluster_without_a_node_is_found() -> None:
    """Nothing can run."""
    installation = Installation()
    installation.change_live(
        lambda objects: objects.__setitem__(slice(None), [o for o in objects if o["kind"] != "Node"])
    )
    assert platform("CX003", installation).message == "the cluster has no node"


@pytest.mark.parametrize(
    ("kubelet", "found"),
    [
        ("v1.33.0", "within"),
        ("v1.36.9", "within"),
        ("v1.32.9", ["node-2 v1.32.9"]),
        ("v1.37.0", ["node-2 v1.37.0"]),
        ("unknown", "within"),
    ],
)
def test_a_kubelet_may_be_three_versions_older_and_none_newer(kubelet: str, found: Any) -> None:
    """One that tells no version of Kubernetes is no kubelet; those before and behind it are looked at all the same."""
    ended = platform("CX005", with_nodes(node("node-2", kubelet=kubelet, status="True")))
    assert ended.evidence["found"] == found
    assert ended.result is (Result.PASS if found == "within" else Result.FAIL)


@pytest.mark.parametrize(("kubelet", "says"), [("kwok-v0.6.0", "kwok-v0.6.0"), ("", "nothing")])
def test_a_node_without_a_kubelet_is_noted(kubelet: str, says: str) -> None:
    """Virtual nodes tell a version of their own, or none."""
    ended = platform("CX005", with_nodes(node("node-2", kubelet=kubelet, status="True")))
    assert notes(ended) == [f"node node-2 has no kubelet of Kubernetes: it says {says}"]


def service(name: str, namespace: str, *ports: int, **more: Any) -> Object:
    """Return a Service of type LoadBalancer."""
    spec = {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "ports": [{"port": one} for one in ports], **more}
    return {"kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def with_services(*services: Object) -> Installation:
    """Add Services to those that are there."""
    return with_nodes(*services)


@pytest.mark.parametrize("port", [80, 443])
def test_a_way_in_that_waits_for_an_address_is_found_whoever_owns_it(port: int) -> None:
    """An ingress controller stands in a namespace of its own."""
    ended = platform("CX006", with_services(service("ingress", "elsewhere", port, 9000)))
    assert ended.message == (
        "no known load balancer is installed, and these Services wait for an address: elsewhere/ingress"
    )


@pytest.mark.parametrize("port", [79, 81, 442, 444, 1883])
def test_another_applications_service_that_waits_is_noted_and_counts_as_none(port: int) -> None:
    """It is no way in to this platform; what comes after it is looked at all the same."""
    ended = platform("CX006", with_services(service("other", "elsewhere", port), service("web", "elsewhere", 443)))
    assert notes(ended) == ["Service elsewhere/other, which is not the platform's, waits for an address"]
    assert ended.message.endswith("wait for an address: elsewhere/web")
    alone = platform("CX006", with_services(service("other", "elsewhere", port)))
    assert alone.message == "n/a: no Service of type LoadBalancer; the nodes themselves are the way in"
    assert notes(alone) == notes(ended)


def test_services_with_an_address_are_counted_and_a_load_balancer_that_is_known_is_named() -> None:
    """An address by hand is one, too."""
    given = service("given", "elsewhere", 80, externalIPs=["10.1.1.1"])
    made = service("made", "elsewhere", 80) | {"status": {"loadBalancer": {"ingress": [{"ip": "10.1.1.2"}]}}}
    metallb: Object = {"kind": "Namespace", "metadata": {"name": "metallb-system"}, "status": {"phase": "Active"}}
    ended = platform("CX006", with_services(given, made, metallb))
    assert (ended.result, ended.evidence["found"]) == (
        Result.PASS,
        {"load balancer": ["MetalLB"], "with address": 2},
    )
    waiting = platform("CX006", with_services(given, metallb, service("late", "expertflow", 1883)))
    assert waiting.message == "MetalLB is installed, and these Services wait for an address: expertflow/late"


def test_of_several_load_balancers_the_pages_first_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them stand in the evidence."""
    (metallb,) = blueprint().platform.load_balancers
    other = metallb.model_copy(update={"name": "Other", "namespaces": ("expertflow",)})
    both = blueprint().platform.model_copy(update={"load_balancers": (other, metallb)})
    changed = blueprint().model_copy(update={"platform": both})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    namespace: Object = {"kind": "Namespace", "metadata": {"name": "metallb-system"}, "status": {"phase": "Active"}}
    ended = platform("CX006", with_services(namespace, service("late", "expertflow", 80)))
    assert ended.message.startswith("Other is installed, ")
    assert ended.evidence["found"]["load balancer"] == ["Other", "MetalLB"]


def test_a_node_with_two_pressures_is_one_node() -> None:
    """It was counted by its conditions."""
    short = node("node-2", status="True")
    short["status"]["conditions"] += [{"type": one, "status": "True"} for one in ("MemoryPressure", "PIDPressure")]
    ended = platform("CX004", with_nodes(short))
    assert ended.message.startswith("pressure on 1 node: node-2: MemoryPressure (")
    assert ended.evidence["object"] == "Node node-2"


def test_a_node_holds_as_many_pods_as_are_tested_and_no_more() -> None:
    """Those that ended are not counted, nor is one that has no node yet counted to any."""
    ended = {**busy_pod(900), "status": {"phase": "Succeeded"}}
    waiting = busy_pod(901)
    waiting["spec"].pop("nodeName")
    full = platform("CX007", with_nodes(*(busy_pod(number) for number in range(80)), ended, waiting))
    assert (full.result, full.evidence["found"]) == (
        Result.PASS,
        {"nodes": 1, "pods": 111, "containers": 111, "pods on a node": 110},
    )
    over = platform("CX007", with_nodes(*(busy_pod(number) for number in range(81))))
    assert (over.result, over.message) == (Result.FAIL, "111 pods on a node of at most 110")


def test_a_cluster_whose_pods_all_wait_has_none_on_a_node() -> None:
    """Nothing is scheduled yet, and nothing over its limit."""
    installation = Installation()
    installation.live("Pod", "", lambda pod: pod["spec"].pop("nodeName", None))
    assert platform("CX007", installation).evidence["found"]["pods on a node"] == 0
