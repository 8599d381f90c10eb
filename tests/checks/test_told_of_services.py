"""What is told of Services and their ports."""

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, Object, blueprint, notes
from tests.checks.test_breaking import no_endpoint_on_a_callers_node

WHERE = "Service expertflow/ef-ccm-svc"


def ccm(check: str, *changes: Callable[[Object], Any]) -> Outcome:
    """Judge ccm's Service after changes of its specification."""
    installation = Installation()
    for change in changes:
        change(installation.find("Service", "ef-ccm-svc")["spec"])
    return installation.outcome(check, "ccm")


def said(outcome: Outcome) -> str:
    """Return what was said, blocked or not."""
    return str(outcome.evidence.get("seen", outcome.message))


def ports(*ports: Object) -> Callable[[Object], Any]:
    """Let the Service have these ports."""
    return lambda spec: spec.update(ports=list(ports))


def test_a_type_that_is_accepted_is_noted_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The promised one is not."""
    component = blueprint().components["ccm"]
    assert component.service is not None
    also = component.service.model_copy(update={"also_types": ("NodePort", "ClusterIP"), "why": "so it is"})
    components = {**blueprint().components, "ccm": component.model_copy(update={"service": also})}
    changed = blueprint().model_copy(update={"components": components})
    monkeypatch.setattr("tests.checks.installation.blueprint", lambda: changed)
    ended = ccm("CX202", lambda spec: spec.update(type="NodePort"))
    assert (ended.result, notes(ended)) == (Result.PASS, ["NodePort is accepted: so it is"])
    assert notes(ccm("CX202")) == []


def test_a_headless_service_is_noted() -> None:
    """Callers see its pods."""
    ended = ccm("CX202", lambda spec: spec.update(clusterIP="None"))
    assert notes(ended) == ["headless: its name resolves to the pods themselves"]


def test_ports_that_are_served_instead_are_told() -> None:
    """All of them, with their protocol, or that there is none."""
    ended = ccm("CX203", ports({"name": "a", "port": 1}, {"name": "b", "port": 8081, "protocol": "UDP"}))
    assert ended.message == f"{WHERE} serves ports 1/TCP, 8081/UDP of promised 8081"
    assert ccm("CX203", ports()).message == f"{WHERE} serves ports none of promised 8081"


@pytest.mark.parametrize("check", ["CX204", "CX205", "CX206"])
def test_a_port_that_is_not_served_has_neither_name_nor_target_nor_endpoint(check: str) -> None:
    """That it is not served is the cause."""
    ended = ccm(check, ports({"port": 1}))
    assert ended.result is Result.BLOCKED
    assert said(ended) == f"{WHERE} does not serve port 8081"


def test_a_port_without_a_name_is_told_so() -> None:
    """Where the page names none, any will do."""
    ended = ccm("CX204", ports({"port": 8081, "targetPort": "http-ccm-8081"}))
    assert (ended.result, ended.evidence["found"]) == (Result.PASS, "none")
    assert notes(ended) == ["the only port of a Service may go without a name"]
    assert Installation().outcome("CX204", "redis").message == "n/a: no name is promised for it"


def test_a_service_that_is_an_alias_selects_no_pods() -> None:
    """Where it leads is told."""
    ended = ccm("CX207", lambda spec: spec.update(type="ExternalName", externalName="ccm.example.com"))
    assert said(ended) == f"{WHERE} is an alias of ccm.example.com, it selects no pods"


@pytest.mark.parametrize("leaves", [True, False])
def test_a_callers_pod_that_leaves_its_node_calls_nobody_any_more(*, leaves: bool) -> None:
    """A drained node has no endpoint left, and what still ends there needs none."""
    installation = Installation()
    no_endpoint_on_a_callers_node(installation)

    def drained(objects: list[Object]) -> None:
        (pod,) = (one for one in objects if one["kind"] == "Pod" and one["metadata"]["name"].startswith("ef-agent-man"))
        old = copy.deepcopy(pod)
        pod["spec"]["nodeName"] = "node-1"
        end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
        old["metadata"] |= {"name": "old", "uid": "old"} | ({"deletionTimestamp": end.isoformat()} if leaves else {})
        objects.append(old)

    installation.change_live(drained)
    assert installation.outcome("CX206", "ccm").result is (Result.PASS if leaves else Result.FAIL)


def test_what_a_service_selects_is_told() -> None:
    """Every label, or that it is nothing."""
    two = ccm("CX207", lambda spec: spec.update(selector={"a": "b", "c": "d"}))
    assert said(two) == f"{WHERE} selects a=b, c=d, which Deployment expertflow/ef-ccm does not have"
    none = ccm("CX207", lambda spec: spec.pop("selector"))
    assert said(none) == f"{WHERE} selects nothing, which Deployment expertflow/ef-ccm does not have"
