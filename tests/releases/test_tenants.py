"""A tenant has a namespace of its own (5.0 on): looked at where the site file names it, else told as not covered."""

from typing import Any

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, Object, notes
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed
STATIC = [one.id for one in all_checks() if not one.live]


def studio(tenant: str, **pod: Any) -> list[Object]:
    """Return what a tenant runs for itself, as the vendor's charts name it."""
    name, labels = f"{tenant}-conversation-studio", {"app.kubernetes.io/instance": tenant}
    container = {
        "name": "studio",
        "image": "registry.example.com/studio:7",
        "ports": [{"name": "http-co-st-1880", "containerPort": 1880}],
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container | pod]}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}}
    spec: Object = {"replicas": 1, "serviceName": name, "selector": {"matchLabels": labels}, "template": template}
    spec["volumeClaimTemplates"] = [{"metadata": {"name": "flows"}, "spec": claim}]
    ports = [{"name": "http-co-st-1880", "port": 1880, "targetPort": "http-co-st-1880"}]
    about = {"name": name, "namespace": tenant}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": tenant}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": about, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"selector": labels, "ports": ports}},
    ]


def with_tenants(release: str, *named: str, made: list[Object]) -> Installation:
    """Return an installation of a release with tenants, some of them named in the site file."""
    installation = installed(release)
    installation.manifests += made
    installation.site = installation.site.model_copy(update={"tenants": named})
    return installation


def bad(ended: list[Outcome]) -> list[tuple[str, str, str]]:
    """Return what is not well."""
    return [
        (one.check, one.component, one.message)
        for one in ended
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]


@pytest.mark.parametrize("release", ["5.0", "5.1"])
@pytest.mark.parametrize("named", [("acme",), ()], ids=["named", "not named"])
def test_a_tenant_that_is_well_is_told_as_not_covered(release: str, named: tuple[str, ...]) -> None:
    """Its workload where the site file names it, else its namespace."""
    ended = with_tenants(release, *named, made=studio("acme")).all_outcomes(STATIC)
    assert bad(ended) == []
    (others,) = (one for one in ended if one.check == "CX012")
    what = (
        "StatefulSet acme/acme-conversation-studio, Service acme/acme-conversation-studio"
        if named
        else "Namespace acme"
    )
    assert f"not covered: {what}; `cx-conformance capture` describes them" in notes(others)
    hint = "acme: of a tenant; name it under `tenants` in the site file to look there"
    assert (hint in notes(others)) is not bool(named)


@pytest.mark.parametrize("release", ["5.0", "5.1"])
def test_what_ails_a_tenant_is_found_where_it_is_named_and_there_alone(release: str) -> None:
    """A Secret that nobody made; nobody looks into a namespace that is not named."""
    ill = studio("acme", envFrom=[{"secretRef": {"name": "gone"}}])
    told = "1 that no promise knows: StatefulSet acme/acme-conversation-studio: Secret gone does not exist"
    ((check, component, message),) = bad(with_tenants(release, "acme", made=ill).all_outcomes(STATIC))
    assert (check, component) == ("CX012", "platform")
    assert message.startswith(told)
    assert bad(with_tenants(release, made=ill).all_outcomes(STATIC)) == []


def test_a_tenant_that_is_named_and_not_there_is_broken() -> None:
    """A name that was misspelt would be looked at in vain."""
    found = bad(with_tenants("5.1", "amce", made=studio("acme")).all_outcomes(STATIC))
    assert found == [
        ("CX001", "platform", "namespace amce does not exist"),
        ("CX008", "platform", "blocked: CX001 amce"),
    ]


def test_a_tenants_namespace_without_a_workload_is_broken() -> None:
    """Nothing was installed there."""
    found = bad(with_tenants("5.1", "acme", made=studio("acme")[:1]).all_outcomes(STATIC))
    assert found == [("CX008", "platform", "namespace acme of a tenant exists, and no workload is in it")]
