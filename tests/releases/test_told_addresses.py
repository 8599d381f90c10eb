from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

Object = dict[str, Any]
STATIC = [one.id for one in all_checks() if not one.live]


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


def without(release: str, variable: str) -> Installation:
    """Return an installation whose agent-manager is not told a variable that its chart writes."""
    installation = installed(release)
    variables = environment(installation, "ef-cx-agent-manager")
    variables[:] = [one for one in variables if one["name"] != variable]
    return installation


@pytest.mark.parametrize("release", ["4.10", "5.1"])
def test_a_variable_that_nothing_tells_is_broken(release: str) -> None:
    """Every chart writes it, and what a component calls without it is nobody's Service."""
    installation = without(release, "CCM_URL")
    outcome = edge(installation, "agent-manager", "ccm")
    assert (outcome.result, outcome.message) == (
        Result.FAIL,
        "no container of Deployment expertflow/ef-cx-agent-manager is told CCM_URL",
    )
    environment(installation, "ef-cx-agent-manager").append({"name": "CCM_URL", "value": ""})
    assert edge(installation, "agent-manager", "ccm").result is Result.FAIL


def test_one_variable_that_many_are_not_told_is_one_cause() -> None:
    """It was lost from the ConfigMap that they share."""
    installation = installed("5.1")
    del shared(installation)["CX_TENANT_URL"]
    ended = [one for one in installation.all_outcomes(STATIC) if one.result is Result.FAIL]
    assert {(one.check, one.evidence["cause"]) for one in ended} == {("CX705", "no container is told CX_TENANT_URL")}
    assert len(ended) > 10


def test_a_variable_that_may_be_told_out_of_sight_is_noted() -> None:
    """A value of a Secret is not looked into, and a ConfigMap that is lost may have held it."""
    installation = without("4.10", "CCM_URL")
    container = installation.find("Deployment", "ef-cx-agent-manager")["spec"]["template"]["spec"]["containers"][0]
    usual = list(container["envFrom"])
    container["envFrom"].append({"secretRef": {"name": "site-settings"}})
    assert notes(edge(installation, "agent-manager", "ccm")) == [
        "no container is told CCM_URL; Secret site-settings, which is not looked into, may hold it"
    ]
    container["envFrom"] = [*usual, {"configMapRef": {"name": "gone"}}]
    assert notes(edge(installation, "agent-manager", "ccm")) == [
        "no container is told CCM_URL; ConfigMap gone, which is not there or not used, may hold it"
    ]
    container["envFrom"] = []
    assert notes(edge(installation, "agent-manager", "ccm")) == [
        "no container is told CCM_URL; ConfigMap ef-cx-efconnections-cm, which is not there or not used, may hold it"
    ]
    container["env"].append({"name": "CCM_URL", "valueFrom": {"secretKeyRef": {"name": "tls-ca", "key": "url"}}})
    assert notes(edge(installation, "agent-manager", "ccm")) == [
        "CCM_URL comes from a Secret, which is not looked into"
    ]


def test_a_variable_in_a_config_map_of_the_sites_own_is_read() -> None:
    """Where a site writes it is its own choice."""
    installation = without("5.1", "CCM_URL")
    container = installation.find("Deployment", "ef-cx-agent-manager")["spec"]["template"]["spec"]["containers"][0]
    container["envFrom"].append({"configMapRef": {"name": "ef-node-logback-cm"}})
    held = installation.find("ConfigMap", "ef-node-logback-cm")["data"]
    held["CCM_URL"] = "http://ef-cx-ccm-svc:8081"
    assert edge(installation, "agent-manager", "ccm").result is Result.PASS
    held["CCM_URL"] = "http://ef-cx-ccm-svc:8080"
    assert edge(installation, "agent-manager", "ccm").result is Result.FAIL


@pytest.mark.parametrize(
    "value",
    [
        "http:/ef-cx-ccm-svc.expertflow.svc:8081",
        "http//ef-cx-ccm-svc.expertflow.svc:8081",
        "http:://ef-cx-ccm-svc.expertflow.svc:8081",
        "http://ef-cx-ccm-svc.expertflow.svc:808l",
        "http://ef-cx-ccm-svc.expertflow.svc:8081x/message",
    ],
)
def test_a_variable_that_is_no_address_is_broken(value: str) -> None:
    """No client can read it."""
    installation = installed("5.1")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", value)
    outcome = edge(installation, "agent-manager", "ccm")
    assert (outcome.result, outcome.message) == (
        Result.FAIL,
        f"CCM_URL in Deployment expertflow/ef-cx-agent-manager says {value}, which is no address",
    )


@pytest.mark.parametrize("host", ["minio.ef-external.svcx", "minio.ef-external.sv", "minio.ef-external.cluster.local"])
def test_a_name_that_only_begins_as_documented_is_broken(host: str) -> None:
    """Namespace and Service are right, and DNS knows no such name."""
    installation = installed("5.1")
    tell(installation, "ef-cx-cx-tenant", "MINIO_ENDPOINT", host)
    outcome = edge(installation, "cx-tenant", "minio")
    assert outcome.result is Result.FAIL
    assert f"says {host}: {host} names no Service that was seen" in outcome.message


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "wss"])
def test_tls_to_a_port_that_speaks_none_is_broken(scheme: str) -> None:
    """By its documented health the port speaks HTTP in the clear; a call over TLS ends in the handshake."""
    installation = installed("5.1")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", f"{scheme}://ef-cx-ccm-svc.expertflow.svc:8081")
    outcome = edge(installation, "agent-manager", "ccm")
    where, port = (
        "CCM_URL in Deployment expertflow/ef-cx-agent-manager",
        "port 8081 of Service expertflow/ef-cx-ccm-svc",
    )
    assert (outcome.result, outcome.message) == (Result.FAIL, f"{where} says {scheme.lower()}, but {port} speaks http")


def test_what_a_port_speaks_that_nothing_documents_is_not_guessed() -> None:
    """The license-manager has no documented health; behind the Ingress TLS is that of the host name."""
    installation = installed("5.1")
    tell(installation, "ef-cx-agent-manager", "LIC_MNGR_URL", "https://ef-cx-license-manager-svc.expertflow.svc:8888")
    tell(installation, "ef-cx-agent-manager", "CCM_URL", f"https://{from_facts.FQDN}/ccm")
    for callee in ("license-manager", "ccm"):
        assert edge(installation, "agent-manager", callee).result is Result.PASS


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


@pytest.mark.parametrize(
    ("release", "transport", "port", "speaks"), [("5.1", "tcp", "61617", "TLS"), ("4.7", "ssl", "61616", "without TLS")]
)
def test_a_transport_that_the_documented_port_does_not_speak_is_broken(
    release: str, transport: str, port: str, speaks: str
) -> None:
    """One of the two was changed, and every client of the broker fails."""
    installation = installed(release)
    shared(installation)["ACTIVEMQ_TRANSPORT"] = transport
    ended = [one for one in installation.all_outcomes(["CX705"]) if one.result is Result.FAIL]
    assert len(ended) == 10
    assert edge(installation, "ccm", "activemq").message == (
        f"ACTIVEMQ_OPEN_WIRE_PORT in ConfigMap expertflow/ef-cx-efconnections-cm says port {port}, "
        f"which speaks {speaks}, but ACTIVEMQ_TRANSPORT says {transport}"
    )


@pytest.mark.parametrize("transport", ["nio+ssl", "SSL", "$(CHOSEN)", ""])
def test_transports_that_speak_tls_and_those_that_are_put_in_later_are_kept(transport: str) -> None:
    """Source: https://activemq.apache.org/components/classic/documentation/configuring-version-5-transports ."""
    installation = installed("5.1")
    shared(installation)["ACTIVEMQ_TRANSPORT"] = transport
    assert edge(installation, "ccm", "activemq").result is Result.PASS


@pytest.mark.parametrize("release", ["4.7", "5.1"])
def test_a_port_of_its_own_variable_that_is_lost_or_no_number_is_broken(release: str) -> None:
    """Nine components ask the broker at one port, and find it by this variable alone."""
    installation = installed(release)
    told = shared(installation)
    del told["ACTIVEMQ_OPEN_WIRE_PORT"]
    assert edge(installation, "ccm", "activemq").message == (
        "no container of Deployment expertflow/ef-cx-ccm is told ACTIVEMQ_OPEN_WIRE_PORT"
    )
    told["ACTIVEMQ_OPEN_WIRE_PORT"] = "6161O"
    assert edge(installation, "ccm", "activemq").message == (
        "ACTIVEMQ_OPEN_WIRE_PORT in ConfigMap expertflow/ef-cx-efconnections-cm says 6161O, which is no port"
    )
    told["ACTIVEMQ_OPEN_WIRE_PORT"] = "$(PORT)"
    assert edge(installation, "ccm", "activemq").result is Result.PASS
    del told["ACTIVEMQ_OPEN_WIRE_PORT"]
    port = {"4.7": 61616, "5.1": 61617}[release]
    told["ACTIVEMQ_PRIMARY_URL"] = f"activemq.ef-external.svc:{port}"
    assert edge(installation, "ccm", "activemq").result is Result.PASS


def test_redis_is_found_by_its_sentinels_where_they_are_told() -> None:
    """Host and port of one Redis are needless then."""
    installation = installed("5.1")
    told = shared(installation)
    del told["REDIS_HOST"], told["REDIS_PORT"]
    assert edge(installation, "ccm", "redis").result is Result.BLOCKED
    told["REDIS_SENTINEL_ENABLE"] = "true"
    assert notes(edge(installation, "ccm", "redis")) == [
        "no container is told REDIS_HOST; Sentinels say where Redis is"
    ]
