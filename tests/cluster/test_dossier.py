from collections.abc import Iterator

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.site import Site
from cx_conformance.cluster.dossier import LOG_LINES, Dossier, Dossiers
from cx_conformance.cluster.rights import kinds_for
from cx_conformance.cluster.seen import Seen
from cx_conformance.cluster.snapshot import take
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint

FAULTS = ("crash-loop:ccm", "absent-workload:bot-framework")


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Return an embedded cluster with two components broken."""
    with EmbeddedCluster(reference_installation(blueprint()), FAULTS, static=True) as cluster:
        yield cluster


def dossier(embedded: EmbeddedCluster, component: str, *, logs: bool = True) -> tuple[Dossier, Cluster]:
    """Look, and read one dossier."""
    cluster = Cluster.connect(str(embedded.kubeconfig))
    plan = Plan(blueprint(), Site())
    snapshot = take(cluster, plan.namespaces, alternatives=plan.secrets, kinds=kinds_for(plan), groups=False)
    return Dossiers(cluster, Seen(snapshot, plan), logs=logs).of(plan.components[component]), cluster


def test_it_holds_what_support_asks_for(embedded: EmbeddedCluster) -> None:
    """Objects, Events, states, endpoints; logs of the container that fails and of the one before."""
    found, _ = dossier(embedded, "ccm")
    assert {one["kind"] for one in found.objects} == {"Deployment", "Pod", "Service", "ConfigMap", "Ingress"}
    assert [one.reason for one in found.events] == ["BackOff"]
    assert "CrashLoopBackOff" in found.containers[0]
    assert [name.rpartition(".")[2] for name in found.logs] == ["ccm", "previous"]
    assert len(found.endpoints) == 1
    assert found.missing == []


def test_no_log_is_read_unless_it_is_asked_for(embedded: EmbeddedCluster) -> None:
    """A program prints what it likes."""
    before = len([one for one in embedded.requests() if "/log?" in one["path"]])
    found, _ = dossier(embedded, "ccm", logs=False)
    assert found.logs == {}
    assert len([one for one in embedded.requests() if "/log?" in one["path"]]) == before


def test_of_settings_there_are_only_the_keys(embedded: EmbeddedCluster) -> None:
    """Of ConfigMaps, variables and arguments."""
    found, _ = dossier(embedded, "ccm")
    (config_map, *_) = [one for one in found.objects if one["kind"] == "ConfigMap"]
    assert all(value == "" or value.startswith("(left out: ") for value in config_map["data"].values())


def test_a_missing_workload_leaves_what_is_there(embedded: EmbeddedCluster) -> None:
    """Its Service and ConfigMaps tell how far the installation came."""
    found, _ = dossier(embedded, "bot-framework")
    assert {one["kind"] for one in found.objects} == {"Service", "ConfigMap", "Ingress"}
    assert found.logs == {}


def test_only_the_last_lines_of_a_log_are_asked_for(embedded: EmbeddedCluster) -> None:
    """A log may be gigabytes long."""
    dossier(embedded, "ccm")
    asked = [one["path"] for one in embedded.requests() if "/log?" in one["path"]]
    assert asked
    assert all(f"tailLines={LOG_LINES}" in path and "limitBytes=" in path for path in asked)


def test_nothing_but_get_is_asked(embedded: EmbeddedCluster) -> None:
    """Evidence is looked at, not made."""
    dossier(embedded, "ccm")
    assert {one["method"] for one in embedded.requests()} == {"GET"}
