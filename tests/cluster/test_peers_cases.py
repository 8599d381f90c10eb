"""What peers test themselves with, judged by the rules here: facts of their cases, and where we differ, why.

Rollouts: the health resources of Argo CD, the cases of kstatus and the lint data of Popeye. NetworkPolicies: those of
Cyclonus and of Popeye. Each is told by its counters, or its rules, alone.
"""

from typing import Any

import pytest

from cx_conformance.cluster.policies import End
from cx_conformance.cluster.readiness import rollout
from cx_conformance.objects.pod import pod
from cx_conformance.objects.workload import Workload, daemon_set, deployment, stateful_set
from tests.cluster.test_policies import Object, egress, end, ingress, ruling

READ = {"Deployment": deployment, "StatefulSet": stateful_set, "DaemonSet": daemon_set}
FULL = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
LATE = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
NODES = {
    "observedGeneration": 1,
    "desiredNumberScheduled": 4,
    "currentNumberScheduled": 4,
    "updatedNumberScheduled": 4,
    "numberAvailable": 4,
    "numberReady": 4,
}
FOUR = {"observedGeneration": 1, "currentReplicas": 4, "readyReplicas": 4, "replicas": 4}
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}
REVISION = {"currentRevision": "redis-master-1", "updateRevision": "redis-master-1"}

Case = tuple[str, str, dict[str, Any], dict[str, Any], bool]
CASES: list[Case] = [
    ("Argo CD: surging", "Deployment", {}, FULL | {"replicas": 2, "unavailableReplicas": 1}, False),
    ("Argo CD: surging, paused", "Deployment", {"paused": True}, FULL | {"replicas": 2}, False),
    ("Argo CD: past its deadline", "Deployment", {}, FULL | {"replicas": 2, "conditions": LATE}, False),
    (
        "Argo CD: OnDelete, an old server",
        "StatefulSet",
        ON_DELETE,
        {"observedGeneration": 1, "replicas": 1, "currentReplicas": 1, "readyReplicas": 1, **REVISION},
        True,
    ),
    (
        "Argo CD: OnDelete on each node",
        "DaemonSet",
        ON_DELETE,
        {
            "observedGeneration": 4,
            "currentNumberScheduled": 1,
            "desiredNumberScheduled": 1,
            "numberAvailable": 1,
            "numberReady": 1,
        },
        True,
    ),
    ("kstatus: a Deployment of which nothing is told", "Deployment", {}, {}, False),
    ("kstatus: a Deployment that is there", "Deployment", {}, FULL, True),
    ("kstatus: a StatefulSet of which nothing is told", "StatefulSet", {}, {}, False),
    ("kstatus: of which only the current pods are told", "StatefulSet", {}, {"observedGeneration": 1}, False),
    ("kstatus: a StatefulSet that is there", "StatefulSet", {"replicas": 4}, FOUR, True),
    ("kstatus: fewer ready", "StatefulSet", {"replicas": 4}, FOUR | {"readyReplicas": 2}, False),
    ("kstatus: fewer current", "StatefulSet", {"replicas": 4}, FOUR | {"currentReplicas": 2}, False),
    ("kstatus: extra pods", "StatefulSet", {"replicas": 4}, FOUR | {"replicas": 8}, False),
    ("kstatus: a DaemonSet of which nothing is told", "DaemonSet", {}, {}, False),
    ("kstatus: a DaemonSet that is there", "DaemonSet", {}, NODES, True),
    ("kstatus: an older generation", "DaemonSet", {}, NODES | {"observedGeneration": 0}, False),
    ("kstatus: ready on fewer nodes", "DaemonSet", {}, NODES | {"numberReady": 2}, False),
    ("kstatus: available on fewer nodes", "DaemonSet", {}, NODES | {"numberAvailable": 2}, False),
    (
        "Popeye: a StatefulSet that is there",
        "StatefulSet",
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
        {"observedGeneration": 1, "currentReplicas": 1, "readyReplicas": 1, "replicas": 1, "updatedReplicas": 1},
        True,
    ),
    (
        "Popeye: a StatefulSet that is not ready",
        "StatefulSet",
        {},
        {"observedGeneration": 1, "currentReplicas": 1, "readyReplicas": 0, "replicas": 1, "updatedReplicas": 1},
        False,
    ),
    # kstatus waits for the condition Available as well; the counters say the same, and they are what counts here.
    (
        "kstatus: not available by its condition alone",
        "Deployment",
        {},
        FULL | {"conditions": [{"type": "Available", "status": "False"}]},
        True,
    ),
]


@pytest.mark.parametrize(("name", "kind", "spec", "status", "complete"), CASES, ids=[one[0] for one in CASES])
def test_a_peers_rollout_is_judged_as_the_peer_does(
    name: str, kind: str, spec: dict[str, Any], status: dict[str, Any], complete: bool
) -> None:
    """Complete there is complete here."""
    source = {"metadata": {"name": "x", "generation": 1}, "spec": spec, "status": status}
    workload: Workload = READ[kind](source)
    ready = pod({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    assert rollout(workload, [ready] * workload.replicas).complete is complete, name


A, B, C = end("cx", "a", "10.1.0.5"), end("cx", "b", "10.1.0.6"), end("ext", "a", "10.2.0.7")
ELSEWHERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ext"}}}
APP_A = {"podSelector": {"matchLabels": {"app": "a"}}}
TCP_80_TO_103 = {"port": 80, "endPort": 103, "protocol": "TCP"}
NAMES_ONLY = {"ports": [{"port": 53, "protocol": "UDP"}]}


@pytest.mark.parametrize(
    ("name", "specs", "way", "allowed"),
    [
        ("Cyclonus: one pod of one namespace", [egress({"to": [ELSEWHERE | APP_A]}, app="b")], (B, C, 80), True),
        ("Cyclonus: and no other", [egress({"to": [ELSEWHERE | APP_A]}, app="b")], (B, A, 80), False),
        ("Popeye: either of two peers", [egress({"to": [ELSEWHERE, APP_A]}, app="b")], (B, A, 80), True),
        (
            "Cyclonus: the last of a range of ports",
            [egress({"to": [ELSEWHERE | APP_A], "ports": [TCP_80_TO_103]}, NAMES_ONLY)],
            (A, C, 103),
            True,
        ),
        (
            "Cyclonus: one beyond the range",
            [egress({"to": [ELSEWHERE | APP_A], "ports": [TCP_80_TO_103]}, NAMES_ONLY)],
            (A, C, 104),
            False,
        ),
        ("Cyclonus: names only", [egress(NAMES_ONLY)], (A, B, 53), False),
        ("Cyclonus: nobody in", [ingress()], (A, B, 80), False),
        ("Cyclonus: everybody in, where another says nobody", [ingress(), ingress({})], (A, B, 80), True),
        ("Popeye: everybody out", [egress({})], (A, C, 80), True),
        (
            "Cyclonus: a block that holds nobody",
            [ingress({"from": [{"ipBlock": {"cidr": "0.0.0.0/24"}}]})],
            (A, B, 80),
            False,
        ),
    ],
)
def test_a_peers_policy_is_read_as_the_peer_does(
    name: str, specs: list[Object], way: tuple[End, End, int], *, allowed: bool
) -> None:
    """What passes there passes here; policies stand in the source's namespace."""
    found = ruling([("cx", one) for one in specs], *way)
    assert (not found.barriers) is allowed, name
