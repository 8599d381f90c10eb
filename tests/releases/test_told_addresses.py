from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = pytest.mark.skipif(not from_facts.available(), reason="the facts files are not beside the project")

Object = dict[str, Any]


def edge(installation: Installation, caller: str, callee: str) -> Outcome:
    """Judge what a caller is told of a callee, at the first of its ports."""
    return next(
        one for one in installation.outcomes("CX705") if one.component == caller and f"-> {callee}:" in one.entry
    )


def environment(installation: Installation, name: str) -> list[Object]:
    """Return the variables of a Deployment's first container."""
    spec = installation.find("Deployment", name)["spec"]["template"]["spec"]
    found: list[Object] = spec["containers"][0]["env"]
    return found


def tell(installation: Installation, name: str, variable: str, value: str) -> None:
    """Set a variable of a Deployment's first container."""
    next(one for one in environment(installation, name) if one["name"] == variable)["value"] = value


def shared(installation: Installation) -> dict[str, str]:
    """Return the values of the ConfigMap that most components read whole."""
    found: dict[str, str] = installation.find("ConfigMap", "ef-cx-efconnections-cm")["data"]
    return found


@pytest.mark.parametrize("release", from_facts.FILES)
def test_every_variable_of_the_charts_leads_where_it_should(release: str) -> None:
    """What is documented of each is so."""
    outcomes = installed(release).outcomes("CX705")
    assert [one.message for one in outcomes if one.result is Result.FAIL] == []
    assert len([one for one in outcomes if one.result is Result.PASS]) > 40


def test_a_variable_that_leads_to_another_component_is_broken() -> None:
    """It is a Service of the platform, only not the callee's."""
    installation = installed("4.10")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", "http://ef-cx-cim-customer-svc.expertflow.svc:8080")
    outcome = edge(installation, "agent-manager", "ccm")
    assert outcome.result is Result.FAIL
    assert outcome.message == (
        "CCM_URL in Deployment expertflow/ef-cx-agent-manager says ef-cx-cim-customer-svc.expertflow.svc: "
        "it leads to Service expertflow/ef-cx-cim-customer-svc, promised is expertflow/ef-cx-ccm-svc"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("http://ef-cx-ccm-svc.expertflow.svc:8080", "says port 8080, which Service expertflow/ef-cx-ccm-svc does not"),
        ("http://ef-cx-ccm-svc", "says port 80, which Service expertflow/ef-cx-ccm-svc does not have"),
        ("http://ccm.expertflow.svc:8081", "ccm.expertflow.svc names no Service that was seen"),
    ],
)
def test_a_variable_that_leads_to_no_port_or_no_service_is_broken(value: str, words: str) -> None:
    """A URL without a port means that of its scheme."""
    installation = installed("4.10")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", value)
    outcome = edge(installation, "agent-manager", "ccm")
    assert outcome.result is Result.FAIL
    assert words in outcome.message


@pytest.mark.parametrize(
    "value",
    [
        "http://ef-cx-ccm-svc:8081",
        "http://ef-cx-ccm-svc.expertflow:8081/",
        "http://ef-cx-ccm-svc.expertflow.svc.cluster.local:8081/message/receive?x=1",
        "ef-cx-ccm-svc.expertflow.svc",
    ],
)
def test_every_spelling_of_the_callees_name_is_kept(value: str) -> None:
    """A pod finds it by the short name too, and a bare host says no port."""
    installation = installed("4.10")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", value)
    assert edge(installation, "agent-manager", "ccm").result is Result.PASS


def test_a_variable_from_outside_the_suites_sight_is_noted() -> None:
    """A value of a Secret is not looked into; a variable that is not set is the component's own default."""
    installation = installed("4.10")
    variables = environment(installation, "ef-cx-agent-manager")
    variables[:] = [one for one in variables if one["name"] != "CCM_URL"]
    outcome = edge(installation, "agent-manager", "ccm")
    assert outcome.result is Result.PASS
    assert notes(outcome) == ["no container is told CCM_URL; what it calls then is its own choice"]
    variables.append({"name": "CCM_URL", "valueFrom": {"secretKeyRef": {"name": "tls-ca", "key": "url"}}})
    outcome = edge(installation, "agent-manager", "ccm")
    assert outcome.result is Result.PASS
    assert notes(outcome) == ["CCM_URL comes from a Secret, which is not looked into"]


def test_a_wrong_address_in_the_shared_config_map_is_told_at_the_store_and_blocks_its_callers() -> None:
    """One wrong line is one cause, however many components read it."""
    installation = installed("4.10")
    shared(installation)["REDIS_HOST"] = "minio.ef-external.svc"
    ended = [one for one in installation.all_outcomes(["CX308", "CX705"]) if one.result is Result.FAIL]
    assert [(one.check, one.component) for one in ended] == [("CX308", "redis")]
    assert edge(installation, "ccm", "redis").root == "CX308 redis"


def test_a_variable_of_the_container_comes_before_the_shared_config_map() -> None:
    """That one component was told otherwise by hand shows at its edge alone."""
    installation = installed("4.10")
    wrong = {"name": "ACTIVEMQ_OPEN_WIRE_PORT", "value": "61699"}
    environment(installation, "ef-cx-ccm").append(wrong)
    ended = [one for one in installation.all_outcomes(["CX308", "CX705"]) if one.result is Result.FAIL]
    assert [(one.check, one.component) for one in ended] == [("CX705", "ccm")]
    told = "ACTIVEMQ_OPEN_WIRE_PORT in Deployment expertflow/ef-cx-ccm says port 61699"
    assert ended[0].message == f"{told}, which Service ef-external/activemq does not have"


@pytest.mark.parametrize(
    ("told", "callers"),
    [
        ({"ACTIVEMQ_OPEN_WIRE_PORT": "61616"}, 9),
        ({"ACTIVEMQ_STOMP_PORT": "61613"}, 1),
        ({"ACTIVEMQ_OPEN_WIRE_PORT": "61616", "ACTIVEMQ_STOMP_PORT": "61613", "ACTIVEMQ_TRANSPORT": "tcp"}, 0),
        ({"ACTIVEMQ_OPEN_WIRE_PORT": "61617", "ACTIVEMQ_STOMP_PORT": "61615", "ACTIVEMQ_TRANSPORT": "ssl"}, 0),
    ],
)
def test_a_port_of_the_broker_that_speaks_another_transport_is_broken(told: dict[str, str], callers: int) -> None:
    """The Service has it, but nobody understands the other; a site that chose plain TCP says so in both."""
    installation = installed("4.10")
    shared(installation).update(told)
    ended = [one for one in installation.all_outcomes(["CX705"]) if one.result is Result.FAIL]
    assert len(ended) == callers
    assert {one.component for one in ended} <= set(installation.promised.components)
    assert all(one.message.endswith(("documented is 61617", "documented is 61615")) for one in ended)
