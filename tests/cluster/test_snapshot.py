"""One look: what it asks, what it keeps, what it answers."""

import base64
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from cx_conformance.api.client import Answer, Cluster
from cx_conformance.cluster.snapshot import _clock_skew, take
from cx_conformance.objects.config import ConfigMap
from cx_conformance.objects.event import Event
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.namespace import Namespace
from cx_conformance.objects.networkpolicy import NetworkPolicy
from cx_conformance.objects.node import Node
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.service import EndpointSlice, Service
from cx_conformance.objects.storage import StorageClass
from cx_conformance.objects.workload import CronJob, Deployment
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NotServed, OutOfTime, Unauthorized, Unreachable
from cx_conformance.sandbox.credentials import Authority
from tests.api.api_server import ApiServer, Reply, forbidden, refusal

OWN = Authority().issue(["shop.example.test"])


def forbid(api: ApiServer, pattern: str) -> None:
    """Refuse every path that matches ``pattern``."""
    api.always(lambda request: forbidden(request.path), pattern)


def without_trouble(api: ApiServer) -> None:
    """Leave only the pods that are ready or finished, and what does not refer to absent Secrets."""
    for path, items in api.objects.items():
        api.objects[path] = [item for item in items if not item["metadata"]["name"].startswith(("bad-", "rollout"))]


# What is asked


def test_a_look_asks_a_constant_number_of_times(cluster: Cluster, api: ApiServer) -> None:
    """Nineteen requests for the lists, and one for each Secret that is referred to."""
    without_trouble(api)
    snapshot = take(cluster, ["shop", "kube-system"])
    assert snapshot.requests == len(api.requests) == 19 + len({"db-login", "shop-tls", "shop-tls of the other"})
    assert {item.method for item in api.requests} == {"GET"}
    assert api.requests[0].path == "/version"
    assert snapshot.retries == {}


def test_more_components_cost_no_more_requests(cluster: Cluster, api: ApiServer) -> None:
    """A hundred Deployments and Services more, the same number of requests."""
    without_trouble(api)
    before = take(cluster, ["shop", "kube-system"]).requests
    for path in ("/apis/apps/v1/deployments", "/api/v1/services"):
        last = api.objects[path][-1]
        api.objects[path] += [last | {"metadata": last["metadata"] | {"name": f"more-{i}"}} for i in range(100)]
    assert take(cluster, ["shop", "kube-system"]).requests == before


def test_warnings_are_asked_for_only_when_a_pod_is_in_trouble(cluster: Cluster, api: ApiServer) -> None:
    """They only explain."""
    snapshot = take(cluster, ["shop"])
    (asked,) = [request for request in api.requests if request.path.endswith("/events")]
    assert asked.path == "/api/v1/namespaces/shop/events"
    assert asked.query["fieldSelector"] == "type=Warning"
    (pod,) = [item for item in snapshot.list(Pod, "shop") if item.name.startswith("bad-volume")]
    assert "FailedMount" in {event.reason for event in snapshot.events_about(pod)}
    assert snapshot.last_warning(pod, "FailedMount").startswith('MountVolume.SetUp failed for volume "v" : configmap')
    assert snapshot.last_warning(pod, "Unhealthy") == ""


def test_warnings_about_another_kind_of_the_same_name_are_not_told(cluster: Cluster, api: ApiServer) -> None:
    """A StatefulSet, its Service and its first claim often share a name."""
    for one in api.objects["/api/v1/events"]:
        one["involvedObject"]["kind"] = "Service"
    snapshot = take(cluster, ["shop"])
    assert [snapshot.events_about(pod) for pod in snapshot.list(Pod, "shop")] == [()] * len(snapshot.list(Pod, "shop"))


@pytest.mark.parametrize(("made", "asked"), [(1, 0), (0, 1)])
def test_warnings_are_asked_for_when_pods_lack(cluster: Cluster, api: ApiServer, made: int, asked: int) -> None:
    """Pods that cannot be made are not there to be in trouble: a StatefulSet says why by a warning only."""
    without_trouble(api)
    (db,) = [one for one in api.objects["/apis/apps/v1/statefulsets"] if one["metadata"]["name"] == "db"]
    db["status"]["replicas"] = made
    take(cluster, ["shop"])
    assert sum(request.path.endswith("/events") for request in api.requests) == asked


@pytest.mark.parametrize(("failed", "asked"), [(1, 0), (0, 1)])
def test_warnings_are_asked_for_when_a_job_has_no_pod(
    cluster: Cluster, api: ApiServer, failed: int, asked: int
) -> None:
    """It says why by a warning only."""
    without_trouble(api)
    metadata = {"name": "nightly-29390070", "namespace": "shop"}
    run = {"metadata": metadata, "status": {"startTime": "2026-11-23T06:00:00Z", "failed": failed}}
    api.objects["/apis/batch/v1/jobs"] = [run]
    take(cluster, ["shop"])
    assert sum(request.path.endswith("/events") for request in api.requests) == asked


def test_heavy_kinds_are_read_of_the_wanted_namespaces_only(cluster: Cluster, api: ApiServer) -> None:
    """ConfigMaps of others may be large and are nobody's business here; pods are needed everywhere."""
    take(cluster, ["shop", "kube-system"])
    asked = {request.path: request.query.get("fieldSelector") for request in api.requests}
    assert asked["/api/v1/configmaps"] == ",".join(
        f"metadata.namespace!={name}" for name in ("default", "kube-node-lease", "kube-public")
    )
    assert asked["/api/v1/pods"] is None


def test_many_other_namespaces_are_not_named_one_by_one(cluster: Cluster, api: ApiServer) -> None:
    """The URL would grow too long for proxies: one list for each wanted namespace instead."""
    last = api.objects["/api/v1/namespaces"][-1]
    api.objects["/api/v1/namespaces"] += [{**last, "metadata": {"name": f"tenant-{i}"}} for i in range(50)]
    snapshot = take(cluster, ["shop", "kube-system"])
    paths = [request.path for request in api.requests if request.path.endswith("/configmaps")]
    assert sorted(paths) == ["/api/v1/namespaces/kube-system/configmaps", "/api/v1/namespaces/shop/configmaps"]
    assert snapshot.get(ConfigMap, "shop", "web-settings") is not None


def test_no_list_of_secrets_is_ever_asked_for(cluster: Cluster, api: ApiServer) -> None:
    """Each is asked for by name, without its values unless an Ingress shows its certificate."""
    take(cluster, ["shop"], secrets=[("kube-system", "named")])
    asked = {request.path: request.headers["accept"] for request in api.requests if "/secrets" in request.path}
    assert set(asked) == {
        "/api/v1/namespaces/shop/secrets/db-login",
        "/api/v1/namespaces/shop/secrets/not-there",
        "/api/v1/namespaces/shop/secrets/shop-tls",
        "/api/v1/namespaces/kube-system/secrets/named",
    }
    whole = {path for path, accept in asked.items() if "PartialObjectMetadata" not in accept}
    assert whole == {"/api/v1/namespaces/shop/secrets/shop-tls"}


def test_a_name_cannot_lead_elsewhere(cluster: Cluster, api: ApiServer) -> None:
    """A Secret's name in an object is somebody else's text."""
    take(cluster, ["shop"], secrets=[("shop", "../configmaps"), ("../../version", "x?limit=1")])
    strange = [request.path for request in api.requests if "%2F" in request.path]
    assert sorted(strange) == [
        "/api/v1/namespaces/..%2F..%2Fversion/secrets/x%3Flimit%3D1",
        "/api/v1/namespaces/shop/secrets/..%2Fconfigmaps",
    ]


# What is answered


def test_objects_are_found_by_name_and_by_namespace(cluster: Cluster) -> None:
    """A get finds one object, a list those of one namespace, of the cluster, or of cluster-scoped kinds."""
    snapshot = take(cluster, ["shop"])
    web = snapshot.get(Deployment, "shop", "web")
    assert web is not None
    assert web.replicas == 2
    assert snapshot.workload("Deployment", "shop", "web") is web
    assert snapshot.get(Deployment, "shop", "absent") is None
    assert {item.name for item in snapshot.list(Service, "kube-system")} == {"kube-dns"}
    assert len(snapshot.list(Service)) == 8
    assert snapshot.get(StorageClass, None, "standard") is not None
    assert snapshot.has_namespace("shop") is True
    assert snapshot.has_namespace("absent") is False


def test_workloads_pods_services_and_slices_belong_together(cluster: Cluster) -> None:
    """By owner, by selector, by the slices' label."""
    snapshot = take(cluster, ["shop"])
    web, service = snapshot.get(Deployment, "shop", "web"), snapshot.get(Service, "shop", "web-svc")
    nightly = snapshot.get(CronJob, "shop", "nightly")
    assert web is not None
    assert service is not None
    assert nightly is not None
    pods = {"web-7c7c7948d9-6wdxt", "web-7c7c7948d9-s2kwd"}
    assert {pod.name for pod in snapshot.pods_of(web)} == pods
    assert {pod.name for pod in snapshot.pods_behind(service)} == pods
    assert {pod.owner.kind for pod in snapshot.pods_of(nightly) if pod.owner} == {"Job"}
    assert [item.name for item in snapshot.endpoints(service)] == ["web-svc-wjxtj"]
    assert web in snapshot.workloads("shop")


def test_a_namespace_that_does_not_exist_is_empty(cluster: Cluster) -> None:
    """That it is absent is one finding; nothing in it could not be looked at."""
    snapshot = take(cluster, ["shop", "absent"])
    assert snapshot.list(ConfigMap, "absent") == ()
    assert snapshot.get(EndpointSlice, "absent", "x") is None


def test_a_namespace_that_was_not_looked_at_is_not_taken_for_empty(cluster: Cluster) -> None:
    """ConfigMaps are read of the wanted namespaces only."""
    snapshot = take(cluster, ["shop", "kube-system"])
    with pytest.raises(CouldNotLook, match="holds no configmaps of default: it was taken for kube-system, shop"):
        snapshot.list(ConfigMap, "default")


def test_a_kind_that_was_not_looked_at_is_not_taken_for_empty(cluster: Cluster) -> None:
    """Unless the caller asks for it."""
    with pytest.raises(CouldNotLook, match="holds no networkpolicies: it was taken without them"):
        take(cluster, ["shop"], kinds=[Pod]).list(NetworkPolicy, "shop")
    (policy,) = take(cluster, ["shop"], kinds=[NetworkPolicy]).list(NetworkPolicy, "shop")
    assert policy.ingress[0].ports[0].port == "tcp-db-6379"


def test_secrets_are_there_absent_or_not_looked_at(cluster: Cluster) -> None:
    """Three answers that must not be confused."""
    snapshot = take(cluster, ["shop"])
    found = snapshot.secret("shop", "db-login")
    assert found is not None
    assert found.name == "db-login"
    assert snapshot.secret("shop", "not-there") is None
    with pytest.raises(CouldNotLook, match="Secret shop/other was not looked at"):
        snapshot.secret("shop", "other")


def test_of_a_tls_secret_only_the_certificate_is_kept(cluster: Cluster, api: ApiServer) -> None:
    """The key is in no repr and in no record."""
    snapshot = take(cluster, ["shop"], certificates=[("shop", "db-login"), ("shop", "gone")])
    secret = next(item for item in api.objects["/api/v1/secrets"] if item["metadata"]["name"] == "shop-tls")
    assert snapshot.certificate("shop", "shop-tls") == base64.b64decode(secret["data"]["tls.crt"])
    assert snapshot.certificate("shop", "db-login") is None
    assert snapshot.certificate("shop", "gone") is None
    assert secret["data"]["tls.key"] not in repr(dict(snapshot.secrets))
    assert snapshot.key_fits("shop", "db-login") is None
    secret["data"]["tls.crt"] = base64.b64encode(OWN.certificate).decode()
    for key, fits in ((OWN.key, True), (b"other", False)):
        secret["data"]["tls.key"] = base64.b64encode(key).decode()
        assert take(cluster, ["shop"]).key_fits("shop", "shop-tls") is fits
    with pytest.raises(CouldNotLook, match="the certificate in Secret shop/db-login was not looked at"):
        take(cluster, ["shop"]).certificate("shop", "db-login")


def test_the_cluster_is_identified(cluster: Cluster) -> None:
    """Its UID, version, nodes and groups."""
    snapshot = take(cluster, ["shop"])
    assert snapshot.identity.uid == "275cb915-be7c-4f9c-b482-5551cdd5d1e1"
    assert snapshot.identity.version == "v1.36.2"
    assert snapshot.identity.kubelet_versions == {"rk8s-node": "v1.36.2"}
    assert snapshot.api_groups["autoscaling"] == ("v2", "v1")


# What is refused


def test_one_forbidden_kind_costs_only_itself(cluster: Cluster, api: ApiServer) -> None:
    """Services stay forbidden, in words; the rest is there."""
    forbid(api, r".*/services")
    snapshot = take(cluster, ["shop"])
    with pytest.raises(Forbidden, match="may not list services in namespace shop"):
        snapshot.get(Service, "shop", "web-svc")
    with pytest.raises(Forbidden, match="may not list services cluster-wide"):
        snapshot.list(Service)
    with pytest.raises(Forbidden, match="may not list services cluster-wide"):
        snapshot.list(Service, "kube-system")
    assert snapshot.list(Deployment, "shop")


def test_a_forbidden_kind_is_raised_anew_each_time(cluster: Cluster, api: ApiServer) -> None:
    """A raised exception carries its traceback: each check gets its own."""
    forbid(api, r".*/services")
    snapshot = take(cluster, ["shop"])
    caught = []
    for _ in range(2):
        with pytest.raises(Forbidden) as info:
            snapshot.list(Service)
        caught.append(info.value)
    assert caught[0] is not caught[1]
    assert str(caught[0]) == str(caught[1])


def test_a_role_for_the_namespaces_is_enough(cluster: Cluster, api: ApiServer) -> None:
    """What may not be listed cluster-wide is listed in each wanted namespace that exists."""
    forbid(api, r"/api/v1/[a-z]+|/apis/[^/]+/v1/[a-z]+|/api/v1/namespaces/[a-z-]+")
    snapshot = take(cluster, ["shop"])
    assert snapshot.get(Deployment, "shop", "web") is not None
    assert snapshot.get(ConfigMap, "shop", "web-settings") is not None
    assert snapshot.secret("shop", "db-login") is not None
    assert snapshot.has_namespace("shop") is None
    with pytest.raises(Forbidden, match="may not get namespaces cluster-wide"):
        snapshot.get(Namespace, None, "shop")
    with pytest.raises(Forbidden, match="may not list nodes cluster-wide"):
        snapshot.list(Node)
    with pytest.raises(Forbidden, match="may not list deployments cluster-wide"):
        snapshot.list(Deployment)


def test_namespaces_may_be_asked_for_by_name(cluster: Cluster, api: ApiServer) -> None:
    """An account that may not list them may still get them."""
    forbid(api, r"/api/v1/namespaces")
    snapshot = take(cluster, ["shop", "absent"])
    assert snapshot.has_namespace("shop") is True
    assert snapshot.has_namespace("absent") is False
    assert snapshot.has_namespace("default") is None
    assert snapshot.identity.uid


def test_one_forbidden_namespace_costs_only_itself(cluster: Cluster, api: ApiServer) -> None:
    """A Role in one namespace, none in the other."""
    forbid(api, r"/api/v1/services|/api/v1/namespaces/kube-system/services")
    snapshot = take(cluster, ["shop", "kube-system"])
    assert snapshot.get(Service, "shop", "web-svc") is not None
    with pytest.raises(Forbidden, match="may not list services in namespace kube-system"):
        snapshot.list(Service, "kube-system")


def test_a_forbidden_secret_is_neither_there_nor_absent(cluster: Cluster, api: ApiServer) -> None:
    """Forbidden is a fact of that Secret alone."""
    forbid(api, r".*/secrets/(db-login|shop-tls)")
    snapshot = take(cluster, ["shop"])
    with pytest.raises(Forbidden, match="may not get secrets in namespace shop"):
        snapshot.secret("shop", "db-login")
    with pytest.raises(Forbidden):
        snapshot.certificate("shop", "shop-tls")
    assert snapshot.secret("shop", "not-there") is None


def test_a_kind_that_fails_costs_only_itself(cluster: Cluster, api: ApiServer) -> None:
    """One is not served, one fails for good, one breaks off."""
    api.always(lambda _: refusal(404, "NotFound", "not here"), r".*/endpointslices")
    api.always(lambda _: refusal(503, "ServiceUnavailable", "down"), r".*/ingresses")
    api.always(lambda _: Reply(raw=b'{"items": ['), r".*/configmaps")
    snapshot = take(cluster, ["shop"])
    with pytest.raises(NotServed, match="endpointslices"):
        snapshot.list(EndpointSlice, "shop")
    with pytest.raises(Unreachable, match="down"):
        snapshot.list(Ingress)
    with pytest.raises(Unreachable, match="breaks off"):
        snapshot.get(ConfigMap, "shop", "web-settings")
    assert snapshot.list(Deployment, "shop")
    assert snapshot.retries["503"] == 4


def test_groups_that_are_refused_are_told_when_asked_for(cluster: Cluster, api: ApiServer) -> None:
    """Discovery may be switched off."""
    forbid(api, "/apis")
    with pytest.raises(Forbidden):
        _ = take(cluster, ["shop"]).api_groups


def test_a_forbidden_version_is_no_obstacle(cluster: Cluster, api: ApiServer) -> None:
    """The rest is still there."""
    forbid(api, "/version")
    snapshot = take(cluster, ["shop"])
    assert snapshot.identity.version == ""
    assert snapshot.list(Pod)


@pytest.mark.parametrize(
    ("reply", "error"),
    [(refusal(401, "Unauthorized", "Unauthorized"), Unauthorized), (Reply(drop=True), Unreachable)],
)
def test_a_cluster_that_cannot_be_asked_ends_the_look_at_once(
    cluster: Cluster, api: ApiServer, reply: Reply, error: type[Exception]
) -> None:
    """One request's patience, not one for each kind."""
    api.once(reply, times=99)
    with pytest.raises(error):
        take(cluster, ["shop"])
    assert {request.path for request in api.requests} == {"/version"}


def test_what_the_time_limit_cuts_off_is_out_of_time(cluster: Cluster, api: ApiServer) -> None:
    """What was seen before stays."""

    def end(_: Any) -> Reply:
        cluster.deadline = time.monotonic() - 1
        return Reply(status=503, body={})

    api.always(end, r".*/configmaps")
    snapshot = take(cluster, ["shop"])
    with pytest.raises(OutOfTime):
        snapshot.list(ConfigMap, "shop")


# The clock


def test_a_clock_that_differs_is_known() -> None:
    """Deadlines of objects are held against the server's clock."""
    now = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)
    for date, skew in (
        ("Mon, 23 Nov 2026 06:10:00 GMT", 600.0),
        ("Mon, 23 Nov 2026 06:00:01 GMT", 0.0),
        ("yesterday", None),
        ("", None),
    ):
        assert _clock_skew(Answer(status=200, headers={"date": date}, body=b""), now) == skew


def test_events_that_are_asked_for_are_listed_once_and_whole(cluster: Cluster, api: ApiServer) -> None:
    """Not again for the pods in trouble."""
    snapshot = take(cluster, ["shop"], kinds=[Event, Pod])
    (asked,) = [request for request in api.requests if request.path.endswith("/events")]
    assert "fieldSelector" not in asked.query
    assert len(snapshot.list(Event, "shop")) > 100


def test_of_alternatives_only_as_many_are_asked_for_as_are_needed(cluster: Cluster, api: ApiServer) -> None:
    """A Secret under its documented name needs no look for its aliases, nor one that a pod refers to a second look."""
    snapshot = take(
        cluster,
        ["shop"],
        alternatives=[[("shop", "old-name"), ("shop", "db-login"), ("shop", "another")], [("shop", "shop-tls")]],
    )
    asked = [request.path.rsplit("/", 1)[1] for request in api.requests if "/secrets/" in request.path]
    assert sorted(asked) == ["db-login", "not-there", "old-name", "shop-tls"]
    assert snapshot.secret("shop", "old-name") is None
    assert snapshot.secret("shop", "db-login") is not None


def test_groups_need_not_be_asked_for(cluster: Cluster, api: ApiServer) -> None:
    """One request less; and it is not taken for a server without groups."""
    snapshot = take(cluster, ["shop"], groups=False)
    assert "/apis" not in {request.path for request in api.requests}
    with pytest.raises(CouldNotLook, match="holds no API groups"):
        _ = snapshot.api_groups
