"""The blueprint as a site has it: who is installed, under which names, with which edges."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import load_site
from cx_conformance.blueprint.plan import ENTRIES, Plan
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.releases import load_release
from cx_conformance.blueprint.site import Site
from tests.blueprint.conftest import SHIPPED

Planning = Callable[[str], Plan]


@pytest.fixture
def planning(blueprint: Blueprint, tmp_path: Path) -> Planning:
    """Plan the shipped blueprint with the text of a site file."""

    def plan(text: str) -> Plan:
        file = tmp_path / "site.yaml"
        file.write_text(text)
        return Plan(blueprint, load_site(file, blueprint).document)

    return plan


def pairs(plan: Plan) -> set[tuple[str, str, int]]:
    """Return the edges of a plan."""
    return {(edge.caller.id, edge.callee.id, edge.port.port) for edge in plan.edges}


def test_without_a_site_file_everything_is_as_documented(blueprint: Blueprint) -> None:
    """All 29 components, by the page's names."""
    plan = Plan(blueprint, Site())
    assert list(plan.components) == list(blueprint.components)
    assert plan.components["ccm"].names == ("ef-ccm",)
    assert plan.components["redis"].names == ("redis", "redis-master")


@pytest.mark.parametrize("kind", ENTRIES)
def test_entries_are_unique_for_a_component(blueprint: Blueprint, kind: str) -> None:
    """Outcomes are named by them, from night to night."""
    site = Site.model_validate({"login": {"username": "agent1", "password": {"env": "PASSWORD"}}})
    names = [(entry.component, entry.id) for entry in Plan(blueprint, site).entries(kind)]
    assert len(names) == len(set(names))
    assert names or kind == "prerequisite", "the page names nothing that is made by hand"


def test_components_that_are_not_installed_have_no_entries_and_no_edges(planning: Planning) -> None:
    """Not every customer buys all."""
    plan = planning("components: {without: [facebook-connector, minio]}")
    assert not {"facebook-connector", "minio"} & set(plan.components)
    assert not [edge for edge in pairs(plan) if {"facebook-connector", "minio"} & set(edge[:2])]


def test_only_the_named_components_are_planned(planning: Planning) -> None:
    """In the page's order, whatever the order of the site file."""
    assert list(planning("components: {only: [redis, ccm]}").components) == ["ccm", "redis"]


def charted(text: str) -> Plan:
    """Return the plan of a release by charts at a site."""
    return Plan(load_release("4.10", SHIPPED).document, Site.model_validate(yaml.safe_load(text)))


def test_a_helm_release_of_another_name_renames_what_is_named_after_it() -> None:
    """The guides' names are still known; so is the ConfigMap that every component of the core reads."""
    plan = charted("deployment: {releases: {ccm: my-cx}}")
    assert plan.components["ccm"].names == ("my-cx-ccm", "ef-cx-ccm")
    assert plan.components["ccm"].service_names == ("my-cx-ccm-svc", "ef-cx-ccm-svc")
    assert plan.components["360-connector"].names == ("cx-channels-connect360",)
    shared = plan.components["routing-engine"].facts.config_maps[0]
    assert shared.candidates == ("my-cx-efconnections-cm", "ef-cx-efconnections-cm")
    mongo = plan.components["mongo"].facts.store
    assert mongo is not None
    assert "my-cx-efconnections-cm" in mongo.settings[0].aliases


def test_a_site_may_name_the_charts_workloads_by_a_template_of_its_own() -> None:
    """And its Services after them."""
    planned = charted('deployment: {template: "prod-{component}"}').components["360-connector"]
    assert planned.names == ("prod-connect360", "cx-channels-connect360")
    assert planned.service_names[0] == "prod-connect360-svc"


def test_a_component_with_further_services_has_an_entry_for_each() -> None:
    """The headless one of a StatefulSet is promised beside the one that callers use."""
    entries = [one for one in charted("{}").entries("service") if one.component == "keycloak"]
    assert [one.id for one in entries] == ["keycloak", "keycloak-headless"]
    assert [one.planned.service_names for one in entries] == [("keycloak",), ("keycloak-headless",)]


@pytest.mark.parametrize(("text", "said"), [("deployment: {model: helm}", 'release: "4.10"'), ("{}", "")])
def test_the_deployment_model_says_what_stands_in_its_place(text: str, said: str) -> None:
    """It is read as before."""
    assert said in "".join(Site.model_validate(yaml.safe_load(text)).superseded)


def test_namespaces_are_mapped(planning: Planning) -> None:
    """Aliases are mapped too."""
    plan = planning("namespaces: {expertflow: cx, ef-bi: bi}")
    assert plan.components["ccm"].namespaces == ("cx",)
    assert plan.components["superset"].namespaces == ("ef-external", "bi")


def test_what_a_store_is_logged_in_with_is_read_in_the_mapped_namespace(planning: Planning) -> None:
    """The broker's account is in the components' ConfigMap, wherever that lives here."""
    for site, namespace in (("namespaces: {expertflow: cx}", "cx"), ("namespaces: {ef-bi: bi}", "expertflow")):
        store = planning(site).components["activemq"].facts.store
        assert store is not None
        assert store.login is not None
        assert [one.namespace for one in (store.login.username_from, store.login.password) if one] == [namespace] * 2


def test_overrides_change_what_is_promised_and_say_who_did(planning: Planning) -> None:
    """Replicas as a range, sizes by mount path, the path of an ingress."""
    plan = planning("""\
overrides:
  ccm: {replicas: {least: 2, most: 4}, ingressPath: /core}
  minio: {volumeSizes: {/data: 100Gi}}
  redis: {workload: my-redis, service: my-redis-svc, namespace: data}
""")
    ccm, minio, redis = (plan.components[name] for name in ("ccm", "minio", "redis"))
    assert list(ccm.replicas) == [2, 3, 4]
    assert ccm.facts.ingress is not None
    assert (ccm.facts.ingress.path, ccm.facts.ingress.source) == ("/core", Source.SITE)
    assert (str(minio.facts.volumes[0].size), minio.facts.volumes[0].source) == ("100Gi", Source.SITE)
    assert (redis.names, redis.service_names, redis.namespaces) == (("my-redis",), ("my-redis-svc",), ("data",))


def test_an_edge_follows_a_service_port_that_the_site_moved(planning: Planning) -> None:
    """Also an edge that names the documented port; and the store is asked there."""
    plan = planning("overrides: {activemq: {servicePorts: {61616: 51616, 61613: 51613}}}")
    assert ("ccm", "activemq", 51616) in pairs(plan)
    assert ("agent-manager", "activemq", 51613) in pairs(plan)
    store = plan.components["activemq"].facts.store
    assert store is not None
    assert store.port == 51613


def test_edges_narrow_to_the_ports_that_a_call_names(blueprint: Blueprint) -> None:
    """The broker has six ports; a component uses one."""
    found = {port for caller, callee, port in pairs(Plan(blueprint, Site())) if (caller, callee) == ("ccm", "activemq")}
    assert found == {61616}


def test_an_edge_that_stands_only_in_called_by_is_promised_too(blueprint: Blueprint) -> None:
    """The page has two columns for it, and either will do."""
    ccm = blueprint.components["ccm"]
    quiet = blueprint.components["360-connector"].model_copy(update={"calls": ()})
    assert "360-connector" in ccm.called_by
    changed = blueprint.model_copy(update={"components": {**blueprint.components, "360-connector": quiet}})
    assert ("360-connector", "ccm", 8081) in pairs(Plan(changed, Site()))


def test_an_unknown_component_in_a_site_is_refused(blueprint: Blueprint) -> None:
    """By name, with those that there are."""
    site = Site.model_validate({"overrides": {"ccn": {}}})
    with pytest.raises(ValueError, match="no component 'ccn'"):
        Plan(blueprint, site)


def test_nobody_logs_in_unless_the_site_says_who(blueprint: Blueprint) -> None:
    """No check of the login has an entry then."""
    plan = Plan(blueprint, Site())
    assert (plan.entries("login"), plan.entries("page")) == ((), ())


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ({}, "by `username` or by `usernameFrom`"),
        ({"username": "a", "usernameFrom": {"env": "NAME"}}, "by `username` or by `usernameFrom`"),
        ({"username": "a", "clientSecret": {"secret": "s", "key": "k"}}, "needs its namespace here"),
    ],
)
def test_a_login_names_one_account_and_whole_places(login: dict[str, Any], words: str) -> None:
    """It belongs to no namespace that a place could be taken from."""
    with pytest.raises(ValueError, match=words):
        Site.model_validate({"login": {"password": {"env": "PASSWORD"}, **login}})


def test_a_page_of_nobody_is_refused(blueprint: Blueprint) -> None:
    """A misspelt name would be a page that is never opened."""
    login = {"username": "a", "password": {"env": "P"}, "pages": ["unified-agnet"]}
    with pytest.raises(ValueError, match=r"login\.pages: the blueprint has no component 'unified-agnet'"):
        Plan(blueprint, Site.model_validate({"login": login}))
