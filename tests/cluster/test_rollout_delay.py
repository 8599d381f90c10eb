"""What is said beside the counts of a rollout that is not complete."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cx_conformance.api.identity import ClusterIdentity, guess_distribution
from cx_conformance.api.refusal import Refusal
from cx_conformance.cluster.rollout_delay import delays, on_lost_nodes
from cx_conformance.cluster.snapshot_record import Listing, Snapshot
from cx_conformance.objects.event import Event, event
from cx_conformance.objects.node import Node, node
from cx_conformance.objects.pod import Pod, pod
from cx_conformance.objects.workload import deployment, stateful_set
from tests.objects.recordings import recorded, recorded_items

QUOTA = 'pods "db-0" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3'
CANNOT = f"create Pod db-0 in StatefulSet db failed error: {QUOTA}"


def seen(events: Iterable[Event], nodes: Listing | None = None) -> Snapshot:
    """Return a look at nothing but these events and nodes, soon after the recordings were made."""
    return Snapshot(
        namespaces=("shop",),
        identity=ClusterIdentity(
            uid="", version="", platform="", kubelet_versions={}, distribution=guess_distribution("", ())
        ),
        listings={Event: Listing(records=tuple(events)), Node: nodes or Listing()},
        taken_at=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
    )


def warning(
    kind: str, name: str, message: str, at: str = "2026-11-23T06:29:00Z", reason: str = "FailedCreate"
) -> Event:
    """Return a warning about an object, as controllers write it."""
    about = {"kind": kind, "name": name, "namespace": "shop"}
    source = {"metadata": {"name": f"{name}.1", "namespace": "shop"}, "involvedObject": about, "type": "Warning"}
    return event({**source, "reason": reason, "message": message, "lastTimestamp": at, "count": 12})


def machine(name: str, ready: str) -> Node:
    """Return a node that says this of itself."""
    return node({"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": ready}]}})


def placed(name: str, on: str, ready: str = "False", phase: str = "Running") -> Pod:
    """Return a pod on a node."""
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}
    return pod({"metadata": {"name": name}, "spec": {"nodeName": on}, "status": status})


def workload(path: str, name: str, **status: Any) -> dict[str, Any]:
    """Return a recorded workload, raw, with another status."""
    source = next(item for item in recorded_items(path) if item["metadata"]["name"] == name)
    source["status"].update(status)
    return source


def test_a_stateful_set_without_pods_says_what_its_controller_was_refused() -> None:
    """It has no condition for that: the last warning is all there is."""
    lacking = stateful_set(workload("/apis/apps/v1/statefulsets", "db", replicas=0))
    heard = [
        warning("StatefulSet", "db", "of an earlier hour", at="2026-11-23T05:00:00Z"),
        warning("StatefulSet", "db", CANNOT),
        warning("StatefulSet", "db", "another", reason="RecreatingFailedPod"),
        warning("Service", "db", "somebody else's"),
    ]
    assert delays(lacking, (), seen(heard)) == (f"pods cannot be made: {CANNOT}",)


def test_old_warnings_of_a_workload_that_has_its_pods_are_not_told() -> None:
    """Warnings stay for an hour; the quota may have been raised since."""
    whole = stateful_set(workload("/apis/apps/v1/statefulsets", "db"))
    assert delays(whole, (), seen([warning("StatefulSet", "db", CANNOT)])) == ()


def test_a_deployment_says_it_in_its_conditions() -> None:
    """There it is part of the verdict, and is not told twice."""
    lacking = deployment(workload("/apis/apps/v1/deployments", "web", replicas=0))
    assert delays(lacking, (), seen([warning("Deployment", "web", "x")])) == ()


def test_what_the_pods_lack_is_told_for_the_first_three() -> None:
    """Pods of one workload wait for the same, and a hundred of them would say it a hundred times."""
    (unready,) = [item for item in recorded_items("/api/v1/pods") if item["metadata"]["name"].startswith("bad-unready")]
    pods: list[Pod] = []
    for number in range(4):
        unready["metadata"]["name"] = f"bad-unready-{number}"
        pods.append(pod(unready))
    told = delays(deployment(workload("/apis/apps/v1/deployments", "bad-unready")), tuple(pods), seen(recorded(Event)))
    assert [f"pod bad-unready-{number} runs" in words for number, words in enumerate(told)] == [True] * 3


def test_a_pod_of_which_no_kubelet_speaks_is_told() -> None:
    """The scheduler has given it to a node, and there it ends."""
    source = next(item for item in recorded_items("/api/v1/pods") if item["metadata"]["name"] == "db-0")
    source["status"] = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}
    told = delays(stateful_set(workload("/apis/apps/v1/statefulsets", "db")), (pod(source),), seen(()))
    assert told == ("pod db-0 was given to node rk8s-node, whose kubelet has said nothing of it yet",)


def test_where_every_pod_has_failed_the_last_one_says_why() -> None:
    """A node that has no room refuses each, and the controller makes another: none lives to be in trouble."""
    source = next(item for item in recorded_items("/api/v1/pods") if item["metadata"]["name"].startswith("web-"))
    pods = []
    for minute, said in ((10, "of old"), (20, "Node didn't have enough resource: cpu")):
        source["metadata"] |= {"name": f"web-{minute}", "creationTimestamp": f"2026-11-23T06:{minute}:00Z"}
        source["status"] = {"phase": "Failed", "reason": "OutOfcpu", "message": said}
        pods.append(pod(source))
    lacking = deployment(workload("/apis/apps/v1/deployments", "web", readyReplicas=0))
    assert delays(lacking, tuple(pods), seen(())) == (
        "pod web-20 has failed (OutOfcpu): Node didn't have enough resource: cpu",
    )


def test_pods_that_are_lost_with_their_node_are_told() -> None:
    """Not those that are ready on it all the same, nor those that have ended, nor those that found none."""
    pods = (
        placed("silent", "gone-silent"),
        placed("orphan", "taken-away"),
        placed("slow", "well"),
        placed("serving", "gone-silent", ready="True"),
        placed("evicted", "gone-silent", phase="Failed"),
        placed("pending", "", phase="Pending"),
    )
    nodes = Listing(records=(machine("gone-silent", "Unknown"), machine("well", "True")))
    assert on_lost_nodes(pods, seen((), nodes)) == [
        ("silent", "node gone-silent is not Ready"),
        ("orphan", "node taken-away does not exist"),
    ]


def test_where_nodes_may_not_be_looked_at_none_is_called_lost() -> None:
    """That the account may not is told once, by the check of the nodes."""
    refused = Listing(refusal=Refusal(reason="Forbidden", words="no", verb="list", resource="nodes"))
    assert on_lost_nodes((placed("silent", "gone-silent"),), seen((), refused)) == []


def test_what_other_checks_tell_is_not_told_here() -> None:
    """A crash loop is a broken promise of its own, on which the rollout rests."""
    crashing = tuple(one for one in recorded(Pod) if one.name.startswith("bad-crash"))
    assert crashing
    assert delays(deployment(workload("/apis/apps/v1/deployments", "bad-crash")), crashing, seen(())) == ()
