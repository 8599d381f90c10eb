"""What is told beside a promise that is broken: what was found instead, and the cause where it is not its own."""

from typing import Any

import pytest

from tests.checks.installation import FQDN, Installation
from tests.checks.test_breaking import BROKEN, Break

ABSENT = {"found": "absent"}
CCM = {"object": "Deployment expertflow/ef-ccm"}
SERVICE = {"object": "Service expertflow/ef-ccm-svc"}
INGRESS = {"object": "Ingress expertflow/ef-ccm"}
TOLD: dict[tuple[str, str], dict[str, Any]] = {
    ("CX001", "namespace ef-external does not exist"): ABSENT,
    ("CX002", "Kubernetes 1.19.4 is older"): {"found": "v1.19.4"},
    ("CX003", "1 of 1 nodes not Ready"): {"found": 0, "object": "Node node-1"},
    ("CX004", "DiskPressure (so it is)"): {"found": ["node-1: DiskPressure (so it is)"], "object": "Node node-1"},
    ("CX005", "kubelets outside"): {"found": ["node-1 v1.29.0"]},
    ("CX101", "Deployment expertflow/ef-ccm does not exist"): ABSENT,
    ("CX102", "is a Deployment of promised StatefulSet"): {
        "found": "Deployment",
        "object": "Deployment ef-external/redis",
    },
    ("CX103", "desires 0 replicas"): CCM | {"found": 0},
    ("CX104", "Deployment expertflow/ef-ccm: "): CCM | {"found": "0 of 1 pods are ready"},
    ("CX108", "has restartPolicy OnFailure"): CCM | {"found": "OnFailure"},
    ("CX109", "declares ports 8082"): CCM | {"found": ["8082 (http-ccm-8081)"]},
    ("CX109", "names port 8081 http of"): CCM | {"found": ["8081 (http)"]},
    ("CX109", "gives port 8081 no name"): CCM | {"found": ["8081"]},
    ("CX110", "requests.cpu absent"): {
        "found": {"requests": {}, "limits": {}},
        "object": "Deployment expertflow/ef-ccm, container ccm",
        "cause": "no requests.cpu, requests.memory, limits.cpu, limits.memory in the pod template",
    },
    ("CX111", "pull secret expertflow-reg-cred"): CCM
    | {
        "found": {"missing": ["expertflow-reg-cred"]},
        "cause": "Secret expertflow/expertflow-reg-cred does not exist",
    },
    ("CX201", "Service expertflow/ef-ccm-svc does not exist"): ABSENT,
    ("CX202", "has type NodePort"): SERVICE | {"found": "NodePort"},
    ("CX203", "serves ports 8080/TCP"): SERVICE | {"found": [8080]},
    ("CX204", "names port 8081 http of"): SERVICE | {"found": "http"},
    ("CX205", "leads to targetPort nowhere"): {
        "object": "Service expertflow/ef-ccm-svc port 8081",
        "found": {"targetPort": "nowhere", "container port": None},
    },
    ("CX205", "leads to container port 8080"): {
        "object": "Service expertflow/ef-web-widget-svc port 8080",
        "found": {"targetPort": 8080, "container port": 8080},
    },
    ("CX206", "has no ready endpoint"): SERVICE | {"found": 0},
    ("CX207", "selects ef.service=ef-nobody"): SERVICE | {"found": {"ef.service": "ef-nobody"}},
    ("CX301", "ConfigMap expertflow/ef-ccm-cm does not exist"): ABSENT
    | {"cause": "ConfigMap expertflow/ef-ccm-cm does not exist"},
    ("CX302", "does not use ConfigMap"): CCM | {"found": "not used"},
    ("CX303", "does not exist"): ABSENT
    | {"cause": "Secret ef-external/ef-grafana-dashboard-provider-secret does not exist"},
    ("CX304", "does not use Secret"): {"found": "not used", "object": "Deployment ef-external/grafana"},
    ("CX305", "key not-there"): CCM
    | {
        "found": ["key not-there of ConfigMap ef-ccm-cm (env in ccm)"],
        "cause": "key not-there of ConfigMap expertflow/ef-ccm-cm does not exist",
    },
    ("CX306", "devops.ef.com"): {
        "found": ["ConfigMap ef-ccm-cm key URL"],
        "cause": "ConfigMap expertflow/ef-ccm-cm key URL holds devops.ef.com",
    },
    ("CX402", "is Pending"): {"found": {"minio": "Pending"}, "object": "Deployment ef-external/minio"},
    ("CX403", "8Gi of promised 32Gi"): {
        "found": {"data-ef-postgresql-0": "8Gi"},
        "object": "StatefulSet ef-external/ef-postgresql",
    },
    ("CX404", "no StorageClass"): {"found": "none"},
    ("CX405", "of no provider"): {"found": {"longhorn": "kubernetes.io/no-provisioner: not listed"}},
    ("CX501", "no Ingress in"): {"found": "no rule"},
    ("CX501", "of promised Service ef-ccm-svc"): INGRESS
    | {"found": f"{FQDN}/ccm(/|$)(.*) to ef-license-manager-svc:8081"},
    ("CX501", "apisix-gateway of APISIX"): {
        "found": "*.example.com/ to apisix-gateway:80",
        "object": "Ingress ef-external/apisix",
        "seen": "Ingress ef-external/apisix leads / to Service ef-external/apisix-gateway of APISIX, "
        "which does not exist",
    },
    ("CX502", "names class haproxy"): INGRESS
    | {
        "found": {"class": "haproxy", "controller": "absent"},
        "cause": "IngressClass haproxy does not exist; there are: nginx",
    },
    ("CX502", "is of controller haproxy.org/ingress"): INGRESS
    | {"found": {"class": "nginx", "controller": "haproxy.org/ingress"}},
    ("CX503", "names TLS Secret"): INGRESS
    | {
        "found": "Secret expertflow/ef-ingress-tls-secret",
        "cause": "Secret expertflow/ef-ingress-tls-secret does not exist",
    },
    ("CX503", "has no TLS for"): INGRESS | {"found": "no tls section for the host"},
    ("CX505", "for host other.example.com"): INGRESS | {"found": "other.example.com"},
    ("CX506", "is claimed by"): INGRESS | {"found": ["expertflow/rival to ef-license-manager-svc:8888"]},
}
"""By check and by how the words that ``test_breaking`` wants begin or go on."""


def installed(break_it: Break = lambda _: None) -> Installation:
    """Return the reference installation, broken."""
    installation = Installation(site={"fqdn": FQDN})
    break_it(installation)
    return installation


@pytest.mark.parametrize(("check", "words"), TOLD, ids=[f"{check}: {words}" for check, words in TOLD])
def test_what_was_found_instead_is_told(check: str, words: str) -> None:
    """The object where there is one, and no cause but one that others share."""
    identity, component, entry, break_it, _ = next(one for one in BROKEN if one[0] == check and words in one[4])
    evidence = dict(installed(break_it).outcome(identity, component, entry).evidence)
    evidence.pop("promised", None)
    assert evidence == TOLD[check, words]


COUNTED = {"CX111", "CX305"}
"""What these promise is what the pods refer to, and that is what was broken."""


@pytest.mark.parametrize(
    "broken", [one for one in BROKEN if one[0] not in COUNTED], ids=lambda one: f"{one[0]}-{one[1]}"
)
def test_what_is_promised_does_not_depend_on_what_is_found(broken: tuple[str, str, str | None, Break, str]) -> None:
    """It is told in either case."""
    identity, component, entry, break_it, _ = broken
    ended, usual = (one.outcome(identity, component, entry).evidence for one in (installed(break_it), installed()))
    assert ended["promised"] == usual["promised"]
