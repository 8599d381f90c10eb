"""Names that pods know without asking DNS (hostAliases), and where they lead."""

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation


def aliasing(component: str, ip: str, *names: str) -> Installation:
    """Return an installation in which a component's pods know names by hostAliases."""
    installation = Installation()
    spec = installation.find(*component.split("/"))["spec"]["template"]["spec"]
    spec["hostAliases"] = [{"ip": "192.0.2.80", "hostnames": ["cx.example.com"]}, {"ip": ip, "hostnames": list(names)}]
    return installation


def led(component: str, installation: Installation) -> Outcome:
    """Judge where the addresses lead that a component is told."""
    return installation.outcome("CX310", component)


def test_a_name_that_the_pods_know_themselves_leads_there_whatever_dns_says() -> None:
    """An entry for a test that was left in the pod template is no address of the Service."""
    ended = led("ccm", aliasing("Deployment/ef-ccm", "192.0.2.9", "mongo-mongodb.ef-external.svc"))
    assert ended.message == (
        "ConfigMap ef-connection-env-cm key MONGODB_HOST: hostAliases of its pods lead mongo-mongodb.ef-external.svc "
        "to 192.0.2.9, which is no address of Service ef-external/mongo-mongodb"
    )


@pytest.mark.parametrize("name", ["mongo-mongodb", "mongo.example.com"])
def test_names_that_the_component_is_not_told_lead_nobody_astray(name: str) -> None:
    """Nor is the name of something outside a Service's."""
    assert led("ccm", aliasing("Deployment/ef-ccm", "192.0.2.9", name)).result is Result.PASS


def test_a_name_that_leads_to_the_address_of_its_service_is_kept() -> None:
    """It is written twice, and the same."""
    installation = aliasing("Deployment/ef-ccm", "10.43.7.7", "mongo-mongodb.ef-external.svc")
    fixed = {"clusterIP": "10.43.7.7", "clusterIPs": ["10.43.7.7"]}
    installation.live("Service", "mongo-mongodb", lambda one: one["spec"].update(fixed))
    assert led("ccm", installation).result is Result.PASS


def test_pods_may_know_their_own_service_by_themselves() -> None:
    """As a store does whose nodes call each other."""
    installation = aliasing("StatefulSet/redis", "127.0.0.1", "redis-master.ef-external.svc")
    variable = {"name": "REDIS_MASTER", "value": "redis-master.ef-external.svc:6379"}
    installation.find("StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]["env"].append(variable)
    assert led("redis", installation).result is Result.PASS
