"""A store's chart may be given a Secret of the site's own (``existingSecret``), and then makes none itself."""

from typing import Any, Final

import pytest

from cx_conformance.outcome.outcome import Result
from tests.checks.installation import Installation, notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

OWN: Final = "of-the-site"
STORES: Final = [
    ("mongo", "StatefulSet", "mongo-mongodb", "mongo-mongodb"),
    ("redis", "StatefulSet", "redis-master", "redis"),
    ("minio", "Deployment", "minio", "minio"),
    ("postgresql", "StatefulSet", "ef-postgresql", "ef-postgresql"),
]
"""Component, kind and name of its workload, and the Secret that its chart makes."""


def refer_to(value: Any, secret: str, other: str) -> None:
    """Let every reference to a Secret be to another one."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key in ("secretKeyRef", "secretRef", "secret") and isinstance(each, dict):
            each |= {name: other for name in ("name", "secretName") if each.get(name) == secret}
        refer_to(each, secret, other)


def failures(installation: Installation, component: str) -> list[str]:
    """Return what fails of a component's Secrets and mounts."""
    ended = installation.all_outcomes(["CX303", "CX304", "CX305", "CX401"])
    return [one.check for one in ended if one.component == component and one.result is Result.FAIL]


@pytest.mark.parametrize(("component", "kind", "workload", "secret"), STORES)
def test_a_secret_that_a_stores_chart_was_given_stands_in_the_place_of_its_own(
    component: str, kind: str, workload: str, secret: str
) -> None:
    """Under which name it was found is noted."""
    installation = installed("5.1")
    installation.find("Secret", secret, "ef-external")["metadata"]["name"] = OWN
    refer_to(installation.find(kind, workload, "ef-external")["spec"], secret, OWN)
    assert failures(installation, component) == []
    ended = [one for one in installation.outcomes("CX303") if one.component == component and notes(one)]
    assert [notes(one) for one in ended] == [[f"found as {OWN}, documented is {secret}"]]


@pytest.mark.parametrize(("component", "kind", "workload", "secret"), STORES)
def test_a_secret_that_is_gone_is_missed_as_ever(component: str, kind: str, workload: str, secret: str) -> None:
    """It is still referred to; nor does one stand for it that does not exist, or beside one that is there."""
    gone = installed("5.1")
    gone.remove("Secret", secret, "ef-external")
    assert "CX303" in failures(gone, component)
    nowhere = installed("5.1")
    nowhere.remove("Secret", secret, "ef-external")
    refer_to(nowhere.find(kind, workload, "ef-external")["spec"], secret, OWN)
    assert {"CX303", "CX305"} <= set(failures(nowhere, component))
    beside = installed("5.1")
    refer_to(beside.find(kind, workload, "ef-external")["spec"], secret, OWN)
    assert "CX304" in failures(beside, component)


def test_a_component_of_the_vendors_own_is_given_none() -> None:
    """Its charts name the Secret; another one in its place was put there by somebody."""
    installation = installed("5.1")
    installation.find("Secret", "ccm-approle-secret", "expertflow")["metadata"]["name"] = OWN
    refer_to(installation.find("Deployment", "ef-cx-ccm")["spec"], "ccm-approle-secret", OWN)
    assert failures(installation, "ccm") == ["CX303"]
