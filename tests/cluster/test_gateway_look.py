"""The routes of APISIX that are objects are asked for only where they count."""

from typing import Any

import pytest

from cx_conformance.api.client import Cluster
from cx_conformance.cluster.gateway import Gateway
from cx_conformance.cluster.snapshot import take
from cx_conformance.cluster.snapshot_file import load, save
from cx_conformance.objects.apisix_route import ApisixRoute
from cx_conformance.outcome.looking import Forbidden, NotServed
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.api.api_server import ApiServer, forbidden
from tests.checks.installation import Installation
from tests.checks.variations.gateway import by_objects

PATH = "/apis/apisix.apache.org/v2/apisixroutes"
WANTED = ["shop", "kube-system"]


@pytest.fixture
def apisix(api: ApiServer) -> ApiServer:
    """Serve the shop with a Service of APISIX in it."""
    service = api.objects["/api/v1/services"][0]
    front = {"metadata": {"name": "apisix-gateway", "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}}
    api.objects["/api/v1/services"] = [*api.objects["/api/v1/services"], service | front]
    return api


def asked(api: ApiServer) -> list[str]:
    """Return which lists of routes were asked for."""
    return [request.path for request in api.requests if "apisixroutes" in request.path]


def made(**spec: Any) -> dict[str, Any]:
    """Make an ApisixRoute."""
    return {"kind": "ApisixRoute", "metadata": {"name": "ccm", "namespace": "shop"}, "spec": spec}


def test_they_are_listed_where_an_apisix_is_seen(cluster: Cluster, apisix: ApiServer) -> None:
    """By one request for all namespaces that matter."""
    apisix.objects[PATH] = [made(http=[{"match": {"paths": ["/ccm/*"]}, "backends": []}])]
    snapshot = take(cluster, WANTED)
    assert asked(apisix) == [PATH]
    (found,) = snapshot.list(ApisixRoute, "shop")
    assert found.routes[0].paths == ("/ccm/*",)


def test_they_are_not_asked_for_without_an_apisix(cluster: Cluster, api: ApiServer) -> None:
    """A request less on every other installation."""
    snapshot = take(cluster, WANTED)
    assert asked(api) == []
    assert not Gateway(snapshot, WANTED, "shop", "apisix-gateway").is_seen


def test_they_are_not_asked_for_where_a_file_holds_the_routes(cluster: Cluster, apisix: ApiServer) -> None:
    """APISIX reads either."""
    file = {"metadata": {"name": "apisix.yaml", "namespace": "shop"}, "data": {"apisix.yaml": "routes: []\n#END\n"}}
    apisix.objects["/api/v1/configmaps"] = [file]
    take(cluster, WANTED)
    assert asked(apisix) == []


def test_a_server_that_does_not_know_the_kind_is_no_error(cluster: Cluster, apisix: ApiServer) -> None:
    """Its definition comes with the ingress controller; without that APISIX keeps its routes elsewhere."""
    snapshot = take(cluster, WANTED)
    with pytest.raises(NotServed):
        snapshot.list(ApisixRoute, "shop")
    assert not Gateway(snapshot, WANTED, "shop", "apisix-gateway").is_seen


def test_routes_that_may_not_be_listed_are_told(cluster: Cluster, apisix: ApiServer) -> None:
    """Whether there are any cannot be known then."""
    apisix.always(lambda request: forbidden(request.path), r".*/apisixroutes")
    with pytest.raises(Forbidden, match="may not list apisixroutes"):
        _ = Gateway(take(cluster, WANTED), WANTED, "shop", "apisix-gateway").is_seen


def test_the_embedded_cluster_serves_them_and_a_file_keeps_them(tmp_path: Any) -> None:
    """The kind joins with the first object of it."""
    installation = Installation()
    by_objects(installation)
    with EmbeddedCluster(installation.manifests, static=True) as embedded:
        snapshot = take(Cluster.connect(str(embedded.kubeconfig), None), ["expertflow", "ef-external"])
    save(snapshot, tmp_path / "snapshot.json")
    for one in (snapshot, load(tmp_path / "snapshot.json")):
        gateway = Gateway(one, ("expertflow", "ef-external"), "ef-external", "apisix-gateway")
        assert gateway.is_seen
        assert len(gateway.routes) == len(one.list(ApisixRoute)) > 15
