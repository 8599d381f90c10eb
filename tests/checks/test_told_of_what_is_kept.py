"""What is told beside a promise that is kept: what was looked at, what was found, what is promised."""

from typing import Any

import pytest

from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import FQDN, Installation

DATED = {"CX307", "CX503", "CX504"}
"""Checks that tell of certificates, which are made anew each day; their own tests hold what they tell."""
CCM = {"object": "Deployment expertflow/ef-ccm"}
SERVICE = {"object": "Service expertflow/ef-ccm-svc"}
INGRESS = {"object": "Ingress expertflow/ef-ccm"}
MINIO = {"object": "Deployment ef-external/minio"}
NO_TROUBLE = {"found": "1 pod without such trouble"}
TOLD: list[tuple[str, str, dict[str, Any]]] = [
    ("CX000", "platform", {"found": "v1.36.2"}),
    ("CX001", "platform", {"found": "Active", "promised": "expertflow"}),
    ("CX002", "platform", {"found": "v1.36.2", "promised": "1.21 or later"}),
    ("CX003", "platform", {"found": 1, "promised": 1}),
    ("CX009", "platform", {"found": 1, "promised": "at least 1 of 1"}),
    ("CX004", "platform", {"found": "none", "promised": "none"}),
    ("CX005", "platform", {"found": "within", "promised": "1.33 to 1.36"}),
    (
        "CX006",
        "platform",
        {
            "found": {"load balancer": "none; distribution unknown", "with address": 0},
            "promised": "an address for every Service of type LoadBalancer",
        },
    ),
    (
        "CX007",
        "platform",
        {
            "found": {"nodes": 1, "pods": 30, "containers": 30, "pods on a node": 30},
            "promised": {"nodes": 5000, "pods": 150_000, "containers": 300_000, "pods on a node": 110},
        },
    ),
    (
        "CX008",
        "platform",
        {"found": "Deployment expertflow/ef-360-connector", "promised": "workloads and Services of 21 components"},
    ),
    ("CX101", "ccm", CCM | {"found": "Deployment expertflow/ef-ccm", "promised": "Deployment ef-ccm"}),
    ("CX102", "ccm", CCM | {"found": "Deployment", "promised": "Deployment"}),
    ("CX103", "ccm", CCM | {"found": 1, "promised": "1"}),
    ("CX104", "ccm", CCM | {"found": "its pod is updated, ready and available", "promised": "complete"}),
    ("CX105", "ccm", NO_TROUBLE | {"promised": "every container started"}),
    ("CX106", "ccm", NO_TROUBLE | {"promised": "no crash loop"}),
    ("CX107", "ccm", NO_TROUBLE | {"promised": "none"}),
    ("CX116", "ccm", {}),
    ("CX108", "ccm", CCM | {"found": "Always", "promised": "Always"}),
    ("CX109", "ccm", CCM | {"found": ["8081 (http-ccm-8081)"], "promised": "8081 (http-ccm-8081)"}),
    (
        "CX110",
        "ccm",
        {
            "object": "Deployment expertflow/ef-ccm, container ccm",
            "found": {
                "requests": {"cpu": "50m", "memory": "256Mi"},
                "limits": {"cpu": "100m", "memory": "1Gi"},
            },
            "promised": {
                "requests": {"cpu": "50m", "memory": "256Mi"},
                "limits": {"cpu": "100m", "memory": "1Gi"},
            },
        },
    ),
    ("CX111", "ccm", CCM | {"found": {"missing": []}, "promised": ["expertflow-reg-cred"]}),
    ("CX112", "ccm", NO_TROUBLE | {"promised": "every container configured"}),
    ("CX113", "ccm", NO_TROUBLE | {"promised": "every pod on a node that is Ready"}),
    ("CX201", "ccm", SERVICE | {"found": "Service expertflow/ef-ccm-svc", "promised": "Service ef-ccm-svc"}),
    ("CX202", "ccm", SERVICE | {"found": "ClusterIP", "promised": "ClusterIP"}),
    ("CX203", "ccm", SERVICE | {"found": [8081], "promised": 8081}),
    ("CX204", "ccm", SERVICE | {"found": "http-ccm-8081", "promised": "http-ccm-8081"}),
    (
        "CX205",
        "ccm",
        {
            "object": "Service expertflow/ef-ccm-svc port 8081",
            "found": {"targetPort": "http-ccm-8081", "container port": 8081},
            "promised": 8081,
        },
    ),
    ("CX206", "ccm", SERVICE | {"found": 1, "promised": "at least 1"}),
    (
        "CX207",
        "ccm",
        SERVICE
        | {
            "found": {"ef": "expertflow", "ef.service": "ef-ccm"},
            "promised": "the pods of expertflow/ef-ccm, no others",
        },
    ),
    (
        "CX301",
        "ccm",
        {
            "object": "ConfigMap expertflow/ef-ccm-cm",
            "found": "ConfigMap expertflow/ef-ccm-cm",
            "promised": "ef-ccm-cm",
            "keys": 5,
        },
    ),
    ("CX302", "ccm", CCM | {"found": ["envFrom in ccm"], "promised": "used by expertflow/ef-ccm"}),
    (
        "CX303",
        "grafana",
        {
            "object": "Secret ef-external/ef-grafana-dashboard-provider-secret",
            "found": "Secret ef-external/ef-grafana-dashboard-provider-secret",
            "promised": "ef-grafana-dashboard-provider-secret",
        },
    ),
    (
        "CX304",
        "grafana",
        {
            "object": "Deployment ef-external/grafana",
            "found": ["volume in secret-ef-grafana-dashboard-provider-secret"],
            "promised": "used by ef-external/grafana",
        },
    ),
    ("CX305", "ccm", CCM | {"found": "all exist", "promised": "3 references exist"}),
    ("CX306", "ccm", {"found": "none", "promised": "none"}),
    (
        "CX308",
        "minio",
        {
            "found": {"ENDPOINT in ConfigMap expertflow/ef-file-engine-cm": "https://minio.ef-external.svc:9000"},
            "promised": "minio.ef-external.svc, ports 9000",
        },
    ),
    (
        "CX309",
        "minio",
        {
            "found": {"BUCKETNAME in ConfigMap expertflow/ef-file-engine-cm": "default"},
            "promised": {"BUCKETNAME": "default"},
        },
    ),
    ("CX310", "ccm", CCM | {"found": "all do", "promised": "each leads to a Service"}),
    (
        "CX401",
        "minio",
        MINIO
        | {
            "found": ["minio at /data"],
            "promised": {"volume": "any", "at": "/data"},
        },
    ),
    ("CX402", "minio", MINIO | {"found": {"minio": "Bound"}, "promised": {"minio": "Bound"}}),
    ("CX403", "minio", MINIO | {"found": {"minio": "8Gi"}, "promised": "at least 8Gi"}),
    ("CX404", "platform", {"found": ["longhorn"], "promised": "exactly one"}),
    (
        "CX405",
        "platform",
        {
            "found": {"longhorn": "driver.longhorn.io: Longhorn, tested"},
            "promised": ["Longhorn", "GlusterFS", "NFS", "openEBS", "AWS", "GCE", "hostpath", "Rook-Ceph"],
        },
    ),
    ("CX406", "platform", {"found": {"nodes": 1, "on the node": []}, "promised": "none, or one node"}),
    ("CX407", "platform", {"found": "none", "promised": "none"}),
    (
        "CX501",
        "ccm",
        INGRESS | {"found": f"{FQDN}/ccm(/|$)(.*) to ef-ccm-svc:8081", "promised": "/ccm to ef-ccm-svc"},
    ),
    (
        "CX502",
        "ccm",
        INGRESS
        | {
            "found": {"class": "nginx", "controller": "k8s.io/ingress-nginx"},
            "promised": ["Traefik", "ingress-nginx"],
        },
    ),
    ("CX010", "platform", {}),
    (
        "CX011",
        "platform",
        {
            "found": "4.5.3: names by the manifests' pattern of 17 of 17 components",
            "promised": "every image of 4.5.3",
        },
    ),
    (
        "CX012",
        "platform",
        {
            "found": "29 of 29 workloads are promised; the others are well",
            "promised": "every workload well, whether or not a promise knows it",
        },
    ),
    ("CX013", "platform", {}),
    ("CX115", "platform", {"found": "none", "promised": "completed"}),
    ("CX505", "ccm", INGRESS | {"found": FQDN, "promised": FQDN}),
    ("CX506", "ccm", INGRESS | {"found": "no other", "promised": "no other"}),
    ("CX703", "agent-manager", {"found": "allowed", "promised": "allowed"}),
    ("CX704", "agent-manager", {"found": "allowed", "promised": "allowed"}),
    ("CX705", "360-connector", {}),
]


@pytest.mark.parametrize(("check", "component", "told"), TOLD, ids=[f"{one[0]}-{one[1]}" for one in TOLD])
def test_what_was_found_and_what_is_promised_is_told_of_the_reference_installation(
    check: str, component: str, told: dict[str, Any]
) -> None:
    """All of it, and nothing else: no note where nothing is to be noted."""
    ended = Installation(site={"fqdn": FQDN}).outcome(check, component)
    assert dict(ended.evidence) == told


def test_every_check_of_objects_is_held_to_what_it_tells() -> None:
    """A new one belongs into the table; the gateway's say nothing where each component has an Ingress of its own."""
    gateway = {one.id for one in all_checks() if one.area == "gateway"}
    assert {one[0] for one in TOLD} | DATED | gateway == {one.id for one in all_checks() if not one.live}
