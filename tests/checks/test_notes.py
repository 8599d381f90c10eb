"""What is kept in another way than documented is noted, and what is kept as documented is not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation
from tests.checks.test_breaking import container
from tests.checks.test_variations import activemq_as_charted, keycloak_as_charted, renamed

Vary = Callable[[Installation], Any]


def left_behind(installation: Installation) -> None:
    """Keep a Deployment of an earlier release, whose pods bear the component's labels still."""
    old = copy.deepcopy(installation.find("Deployment", "ef-ccm"))
    old["metadata"]["name"] = "ef-ccm-old"
    installation.manifests.append(old)


NOTED: list[tuple[str, str, str | None, Vary, str]] = [
    ("CX101", "activemq", None, activemq_as_charted, "StatefulSet found as activemq, documented is ef-amq"),
    ("CX102", "keycloak", None, keycloak_as_charted, "a StatefulSet, as the charts have it"),
    ("CX201", "activemq", None, activemq_as_charted, "Service found as activemq, documented is ef-amq"),
    (
        "CX202",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["spec"].update(clusterIP="None"),
        "headless: its name resolves to the pods themselves",
    ),
    (
        "CX207",
        "ccm",
        None,
        left_behind,
        "calls also reach what no component is: the pods of Deployment ef-ccm-old",
    ),
    ("CX203", "keycloak", "keycloak:8080", keycloak_as_charted, "served on 80, which is accepted: the charts lead"),
    (
        "CX204",
        "ccm",
        None,
        lambda i: i.find("Service", "ef-ccm-svc")["spec"]["ports"][0].pop("name"),
        "the only port of a Service may go without a name",
    ),
    (
        "CX207",
        "conversation-manager",
        None,
        lambda i: i.find("Service", "ef-conversation-manager-svc")["spec"]["ports"].append(
            {"name": "ef-co-ct-5000", "port": 5000, "targetPort": "http-co-ct-5000"}
        ),
        "port 5000 leads to targetPort http-co-ct-5000, which no container has",
    ),
    (
        "CX301",
        "business-calendar",
        None,
        lambda i: renamed(i, "ConfigMap", "ef-business-calender-cm", "ef-business-calendar-cm"),
        "ConfigMap found as ef-business-calendar-cm, documented is ef-business-calender-cm",
    ),
    (
        "CX302",
        "ccm",
        "ef-ccm-cm",
        lambda i: container(i, "Deployment", "ef-ccm")["envFrom"][0].update(prefix="CX_"),
        "envFrom of ccm puts CX_ before the name of each of its keys",
    ),
    (
        "CX310",
        "unified-admin",
        None,
        lambda i: renamed(i, "Service", "ef-business-calender-svc", "ef-business-calendar-svc"),
        (
            "ConfigMap ef-unified-admin-cm key BUSINESS_CALENDAR_URL: http://ef-business-calender-svc:8443 names no "
            "Service that was seen; Service expertflow/ef-business-calendar-svc stands for it"
        ),
    ),
    (
        "CX309",
        "mongo",
        None,
        lambda i: i.find("ConfigMap", "ef-connection-env-cm")["data"].update(MONGODB_REPLICASET_ENABLED="true"),
        "MONGODB_REPLICASET_ENABLED in ConfigMap expertflow/ef-connection-env-cm is true, documented is false",
    ),
    (
        "CX501",
        "file-engine",
        "/file-engine",
        lambda i: i.find("Ingress", "ef-file-engine")["metadata"]["annotations"].pop(
            "nginx.ingress.kubernetes.io/backend-protocol"
        ),
        "ingress-nginx speaks HTTP to a port of HTTPS: see the annotation backend-protocol",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: i.find("Ingress", "ef-ccm")["metadata"]["annotations"].update(
            {"nginx.ingress.kubernetes.io/auth-type": "basic"}
        ),
        "ingress-nginx asks callers of /ccm(/|$)(.*) for a login of its own (annotation auth-type)",
    ),
    (
        "CX501",
        "ccm",
        "/ccm",
        lambda i: i.find("Ingress", "ef-ccm")["spec"]["rules"][0]["http"]["paths"][0].update(path="/ccm"),
        "rewrite-target /$2 with path /ccm makes / of /ccm/below",
    ),
    (
        "CX309",
        "activemq",
        None,
        lambda i: i.find("ConfigMap", "ef-connection-env-cm")["data"].update(ACTIVEMQ_TRANSPORT="ssl"),
        "ACTIVEMQ_TRANSPORT in ConfigMap expertflow/ef-connection-env-cm is ssl, documented is tcp",
    ),
    (
        "CX405",
        "platform",
        None,
        lambda i: i.live("StorageClass", "", lambda one: one.update(provisioner="disk.csi.azure.com")),
        "disk.csi.azure.com is not on the page's list, which allows any other that is dynamic",
    ),
]


@pytest.mark.parametrize(
    ("identity", "component", "entry", "vary", "words"), NOTED, ids=[f"{one[0]}-{one[1]}" for one in NOTED]
)
def test_another_way_is_noted_and_the_documented_one_is_not(
    identity: str, component: str, entry: str | None, vary: Vary, words: str
) -> None:
    """The promise is kept in both."""
    varied = Installation({"fqdn": "cx.example.com"})
    vary(varied)
    ended = varied.outcome(identity, component, entry)
    assert ended.result is Result.PASS
    assert [one for one in ended.evidence.get("notes", []) if words in one]
    usual = Installation({"fqdn": "cx.example.com"}).outcome(identity, component, entry)
    assert not [one for one in usual.evidence.get("notes", []) if words in one]


@pytest.mark.parametrize("identity", ["CX203", "CX205", "CX206"])
def test_an_optional_port_that_is_served_is_looked_at(identity: str) -> None:
    """That it may be absent is no reason to look away."""
    assert Installation().outcome(identity, "keycloak", "keycloak:8443").result is Result.PASS
    varied = Installation()
    keycloak_as_charted(varied)
    ended = varied.outcome(identity, "keycloak", "keycloak:8443")
    assert (ended.result, "which is accepted" in ended.message) == (Result.NOT_APPLICABLE, True)
