"""What the charts' shared ConfigMap tells of the stores is whole: address, port and account."""

import pytest

from cx_conformance.outcome.outcome import Result
from tests.checks.installation import notes
from tests.releases import from_facts
from tests.releases.installed import installed
from tests.releases.test_told_addresses import shared

pytestmark = from_facts.needed


@pytest.mark.parametrize(
    ("key", "store", "lacks"),
    [
        ("KEYCLOAK_HOST", "keycloak", "address to call"),
        ("MONGODB_USERNAME", "mongo", "account to log in with"),
        ("MONGODB_PASSWORD", "mongo", "password to log in with"),
        ("REDIS_PASSWORD", "redis", "password to log in with"),
    ],
)
@pytest.mark.parametrize("release", ["4.7", "4.9", "5.1"])
def test_a_key_that_is_lost_is_told_with_what_its_readers_lack(release: str, key: str, store: str, lacks: str) -> None:
    """Other keys of the store are still there; each is one cause, whoever reads it."""
    installation = installed(release)
    del shared(installation)[key]
    ended = installation.outcome("CX308", store)
    assert ended.result is Result.FAIL
    assert ended.message.startswith(f"ConfigMap expertflow/ef-cx-efconnections-cm has no {key}, so that ")
    assert ended.message.endswith(f" have no {lacks}")
    assert ended.evidence["cause"] == f"key {key} of ConfigMap expertflow/ef-cx-efconnections-cm does not exist"


@pytest.mark.parametrize("release", ["4.7", "5.1"])
def test_an_empty_password_is_that_of_a_store_that_asks_for_none(release: str) -> None:
    """Whether it does, a login shows."""
    installation = installed(release)
    shared(installation)["REDIS_PASSWORD"] = ""
    assert installation.outcome("CX308", "redis").result is Result.PASS


def test_an_account_may_be_put_into_a_file_by_the_agent_of_vault() -> None:
    """All who read it have to be given that; an address is no secret, and is missed all the same."""
    installation = installed("5.1")
    del shared(installation)["MONGODB_PASSWORD"]
    readers = [
        one["spec"]["template"] for one in installation.manifests if one["kind"] in ("Deployment", "StatefulSet")
    ]
    for one in readers:
        one["metadata"]["annotations"] = {"vault.hashicorp.com/agent-inject": "true"}
    ended = installation.outcome("CX308", "mongo")
    words = "ConfigMap expertflow/ef-cx-efconnections-cm has no MONGODB_PASSWORD; Vault may hold it"
    assert (ended.result, notes(ended)) == (Result.PASS, [words])
    del shared(installation)["MONGODB_HOST"]
    assert installation.outcome("CX308", "mongo").result is Result.FAIL
    shared(installation)["MONGODB_HOST"] = "mongo-mongodb.ef-external.svc"
    del installation.find("Deployment", "ef-cx-ccm")["spec"]["template"]["metadata"]["annotations"]
    assert installation.outcome("CX308", "mongo").result is Result.FAIL


@pytest.mark.parametrize("value", ["vault:secret/data/cx#MONGODB_HOST", "op://cx/mongo/host", "mongo@azurekeyvault"])
def test_an_address_that_is_fetched_from_elsewhere_is_not_compared(value: str) -> None:
    """A webhook's program fetches it before the container's own begins."""
    installation = installed("5.1")
    shared(installation)["MONGODB_HOST"] = value
    assert installation.outcome("CX308", "mongo").result is Result.PASS
    assert {one.result for one in installation.outcomes("CX705")} <= {Result.PASS, Result.NOT_APPLICABLE}


def test_an_account_may_be_told_otherwise() -> None:
    """By variables of the containers; and where Vault tells it, that is noted."""
    installation = installed("5.0")
    for key in ("MONGODB_USERNAME", "MONGODB_PASSWORD"):
        del shared(installation)[key]
    shared(installation)["VAULT_ENABLED"] = "true"
    ended = installation.outcome("CX308", "mongo")
    assert (ended.result, notes(ended)) == (
        Result.PASS,
        [
            f"ConfigMap expertflow/ef-cx-efconnections-cm has no {key}; Vault may hold it"
            for key in ("MONGODB_USERNAME", "MONGODB_PASSWORD")
        ],
    )
    shared(installation)["VAULT_ENABLED"] = "false"
    assert installation.outcome("CX308", "mongo").result is Result.FAIL
    for one in (one for one in installation.manifests if one["kind"] in ("Deployment", "StatefulSet")):
        container = one["spec"]["template"]["spec"]["containers"][0]
        container["env"] = container.get("env", []) + [
            {"name": key, "valueFrom": {"secretKeyRef": {"name": "mongo", "key": key}}}
            for key in ("MONGODB_USERNAME", "MONGODB_PASSWORD")
        ]
    assert installation.outcome("CX308", "mongo").result is Result.PASS
