"""Kinds that come with an extension of the API are listed only where that is there."""

from typing import Any

from cx_conformance.api.client import Cluster
from cx_conformance.cluster.snapshot import Further, Snapshot, take
from cx_conformance.cluster.snapshot_file import load, save
from cx_conformance.objects.other_route import HTTPRoute, IngressRoute
from tests.api.api_server import ApiServer

WANTED = ["shop", "kube-system"]
GROUPS = {"groups": [{"name": "gateway.networking.k8s.io", "versions": [{"version": "v1"}]}]}
PATH = "/apis/gateway.networking.k8s.io/v1/httproutes"


def looked(cluster: Cluster) -> Snapshot:
    """Look, with all kinds of routes as what else there is to look at."""
    return take(cluster, WANTED, groups=False, then=lambda _: Further(kinds=(HTTPRoute, IngressRoute)))


def test_those_of_an_api_that_is_there_are_listed(cluster: Cluster, api: ApiServer, tmp_path: Any) -> None:
    """And a file keeps them."""
    api.apis = GROUPS
    api.objects[PATH] = [{"kind": "HTTPRoute", "metadata": {"name": "cx", "namespace": "shop"}, "spec": {}}]
    snapshot = looked(cluster)
    assert [one.where for one in snapshot.list(HTTPRoute, "shop")] == ["shop/cx"]
    assert IngressRoute not in snapshot.listings
    save(snapshot, tmp_path / "seen.json")
    assert load(tmp_path / "seen.json").list(HTTPRoute, "shop") == snapshot.list(HTTPRoute, "shop")


def test_where_no_group_is_known_none_is_listed(cluster: Cluster, api: ApiServer) -> None:
    """An account is told of an API that is not there that it may not list it."""
    api.apis = {"groups": []}
    assert not {HTTPRoute, IngressRoute} & set(looked(cluster).listings)
    assert not [request for request in api.requests if request.path.endswith("routes")]
