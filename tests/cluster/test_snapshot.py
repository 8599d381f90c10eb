"""One look: what it asks, what it keeps, what it answers."""

import pytest

from cx_conformance.cluster.client import Cluster
from cx_conformance.cluster.config import ConfigMap
from cx_conformance.cluster.service import Service
from cx_conformance.cluster.snapshot import take
from cx_conformance.cluster.workload import Deployment
from cx_conformance.outcome.looking import CouldNotLook, Forbidden
from tests.cluster.api_server import ApiServer, forbidden


def test_a_look_asks_a_constant_number_of_times(cluster: Cluster, api: ApiServer) -> None:
    """Sixteen requests for the lists, one for the warnings, and one for each Secret that is referred to."""
    snapshot = take(cluster, ["shop", "kube-system"])
    assert snapshot.requests == len(api.requests) == 16 + 1 + len({"db-login", "shop-tls", "not-there"})
    assert {item.method for item in api.requests} == {"GET"}


def test_objects_are_found_by_name_and_by_namespace(cluster: Cluster) -> None:
    """A get finds one object, a list those of one namespace."""
    snapshot = take(cluster, ["shop"])
    web = snapshot.get(Deployment, "shop", "web")
    assert web is not None
    assert web.replicas == 2
    assert snapshot.get(Deployment, "shop", "absent") is None
    assert {item.name for item in snapshot.list(Service, "kube-system")} == {"kube-dns"}


def test_one_forbidden_kind_costs_only_itself(cluster: Cluster, api: ApiServer) -> None:
    """Services stay forbidden, in words; the rest is there."""
    api.always(lambda request: forbidden(request.path), r".*/services")
    snapshot = take(cluster, ["shop"])
    with pytest.raises(Forbidden, match="may not list services in namespace shop"):
        snapshot.get(Service, "shop", "web-svc")
    with pytest.raises(Forbidden, match="may not list services cluster-wide"):
        snapshot.list(Service)
    assert snapshot.list(Deployment, "shop")


def test_a_namespace_that_was_not_looked_at_is_not_taken_for_empty(cluster: Cluster) -> None:
    """ConfigMaps are read of the wanted namespaces only."""
    snapshot = take(cluster, ["shop", "kube-system"])
    assert snapshot.get(ConfigMap, "shop", "web-settings") is not None
    with pytest.raises(CouldNotLook, match="holds no configmaps of default"):
        snapshot.list(ConfigMap, "default")
