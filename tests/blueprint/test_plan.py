"""The blueprint as a site has it: who is installed, under which names, with which edges."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import load_site
from cx_conformance.blueprint.plan import ENTRIES, Plan
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.site import Site

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
    names = [(entry.component, entry.id) for entry in Plan(blueprint, Site()).entries(kind)]
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


def test_helm_names_come_first_and_the_documented_ones_are_still_known(planning: Planning) -> None:
    """`{release}-{component}`, with the chart's name of it."""
    plan = planning("deployment: {model: helm, releases: {ccm: my-cx}}")
    assert plan.components["ccm"].names == ("my-cx-ccm", "ef-ccm")
    assert plan.components["ccm"].service_names[0] == "my-cx-ccm-svc"
    assert plan.components["360-connector"].names[0] == "cx-channels-connect360"


def test_helm_shares_one_config_map_of_connections(planning: Planning) -> None:
    """It is the core release's, whatever that is called here; the documented ones are still known."""
    plan = planning("deployment: {model: helm}")
    (shared,) = plan.components["ccm"].facts.config_maps
    assert shared.candidates == ("ef-cx-efconnections-cm", "ef-connection-env-cm")
    assert plan.components["facebook-connector"].facts.config_maps == ()

    plan = planning("deployment: {model: helm, releases: {ccm: my-cx}}")
    (shared,) = plan.components["routing-engine"].facts.config_maps
    assert shared.candidates == ("my-cx-efconnections-cm", "ef-cx-efconnections-cm", "ef-connection-env-cm")
    mongo = plan.components["mongo"].facts.store
    assert mongo is not None
    assert "my-cx-efconnections-cm" in mongo.settings[0].aliases


def test_helm_serves_the_widget_on_the_port_of_its_container(planning: Planning) -> None:
    """The charts have 80 for both; the page's 8080 is accepted."""
    service = planning("deployment: {model: helm}").components["customer-widget"].facts.service
    assert service is not None
    assert [(one.port, one.also, one.container_port) for one in service.ports] == [(80, (8080,), 80)]


def test_helm_drops_what_the_charts_do_not_install(planning: Planning) -> None:
    """And changes what they change: file-engine speaks plain HTTP there."""
    plan = planning("deployment: {model: helm}")
    assert "conversation-controller" not in plan.components
    assert [port.port for port in plan.components["file-engine"].facts.container_ports] == [8080]


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
