"""A container that takes a Secret key by key is told each key that the guide has made for it."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from tests.checks.installation import Installation, notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

Object = dict[str, Any]


def container(installation: Installation, name: str) -> Object:
    """Return the first container of a Deployment."""
    found: Object = installation.find("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
    return found


def vault(installation: Installation, component: str) -> Outcome:
    """Judge how a component uses what it logs in to Vault with."""
    return installation.outcome("CX304", component, "vault-approle-secret")


@pytest.mark.parametrize(
    ("release", "component", "name"),
    [
        ("4.10", "conversation-manager", "ef-cx-conversation-manager"),
        ("5.0", "ccm", "ef-cx-ccm"),
        ("5.1", "cx-tenant", "ef-cx-cx-tenant"),
    ],
)
def test_a_key_that_is_lost_from_the_variables_is_found(release: str, component: str, name: str) -> None:
    """The others are still taken, so that the Secret is used."""
    installation = installed(release)
    variables = container(installation, name)["env"]
    variables[:] = [one for one in variables if one["name"] != "TRANSIT_KEY"]
    ended = vault(installation, component)
    assert ended.result is Result.FAIL
    assert ended.message == (
        f"Deployment expertflow/{name} is told TRANSIT_KEY by no key of Secret vault-approle-secret, nor otherwise"
    )
    variables.append({"name": "TRANSIT_KEY", "value": ""})
    assert vault(installation, component).result is Result.FAIL


def other_secret(one: Object) -> None:
    """Tell it by a Secret of the site's own."""
    one["env"].append({"name": "TRANSIT_KEY", "valueFrom": {"secretKeyRef": {"name": "tls-ca", "key": "transit"}}})


def own_value(one: Object) -> None:
    """Write it into the values of the chart."""
    one["env"].append({"name": "TRANSIT_KEY", "value": "orders"})


def config_map(one: Object) -> None:
    """Tell it by a ConfigMap that is taken wholly, with a prefix."""
    one["envFrom"].append({"configMapRef": {"name": "ef-node-logback-cm"}, "prefix": "TRANSIT_"})


def other_name(one: Object) -> None:
    """Tell the key under another name."""
    by_key = {"secretKeyRef": {"name": "vault-approle-secret", "key": "TRANSIT_KEY"}}
    one["env"].append({"name": "VAULT_TRANSIT_KEY", "valueFrom": by_key})


def wholly(one: Object) -> None:
    """Take the whole Secret, as the charts of 5.1 do."""
    one["envFrom"].append({"secretRef": {"name": "vault-approle-secret"}})


@pytest.mark.parametrize("told", [other_secret, own_value, config_map, other_name, wholly])
def test_a_key_may_be_told_otherwise(told: Any) -> None:
    """How is the site's choice."""
    installation = installed("5.0")
    installation.find("ConfigMap", "ef-node-logback-cm")["data"]["KEY"] = "orders"
    one = container(installation, "ef-cx-ccm")
    one["env"] = [each for each in one["env"] if each["name"] != "TRANSIT_KEY"]
    told(one)
    ended = vault(installation, "ccm")
    assert (ended.result, notes(ended)) == (Result.PASS, [])


def test_a_key_that_may_be_told_out_of_sight_is_noted() -> None:
    """What a Secret that is taken wholly holds is not looked into."""
    installation = installed("5.0")
    one = container(installation, "ef-cx-ccm")
    one["env"] = [each for each in one["env"] if each["name"] not in ("TRANSIT_KEY", "TRANSIT_PATH")]
    one["envFrom"].append({"secretRef": {"name": "ccm-approle-secret"}})
    (note,) = notes(vault(installation, "ccm"))
    assert note == (
        "Deployment expertflow/ef-cx-ccm is told TRANSIT_KEY, TRANSIT_PATH by no key of Secret vault-approle-secret, "
        "nor otherwise; Secret ccm-approle-secret, which is taken wholly, may hold it"
    )


def test_keys_that_are_spelt_otherwise_than_variables_are_the_charts_own_matter() -> None:
    """Which of them a store reads depends on how it was set up, and a login shows the rest."""
    installation = installed("5.1")
    spec = installation.find("StatefulSet", "keycloak")["spec"]["template"]["spec"]["containers"][0]
    spec["env"] = [one for one in spec["env"] if one["name"] != "SA_PASSWORD"]
    assert installation.outcome("CX304", "keycloak", "vault-keycloak").result is Result.PASS
