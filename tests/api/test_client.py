"""Asking the API server in every weather."""

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.api.client import Cluster, Patience
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NotServed, OutOfTime, Unauthorized, Unreachable
from tests.api.api_server import ApiServer, Reply, refusal, serving, write_kubeconfig
from tests.api.conftest import IMPATIENT
from tests.api.stream_server import closed_port
from tests.objects.recordings import recorded_responses

PODS = "/api/v1/namespaces/shop/pods"
UNAUTHORIZED = refusal(401, "Unauthorized", "Unauthorized")


def recorded_reply(label: str) -> Reply:
    """Return what a real API server answered."""
    response = next(item["response"] for item in recorded_responses() if item["label"] == label)
    return Reply(status=response["status"], body=response["body"])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_refusal_is_asked_again_and_counted(cluster: Cluster, api: ApiServer, status: int) -> None:
    """The caller sees only the answer; the tally tells."""
    api.once(Reply(status=status, body={}, headers={"Retry-After": "1"}), times=2)
    assert cluster.read("/version")["gitVersion"] == "v1.36.2"
    assert cluster.tally.retries == {str(status): 2}
    assert cluster.tally.requests == {("GET", "/version"): 3}
    assert cluster.tally.total == 3


STARTS = (
    'pods is forbidden: User "audit" cannot list resource "pods" in API group "" at the cluster scope: RBAC: '
    '[clusterrole.rbac.authorization.k8s.io "system:discovery" not found, '
    'clusterrole.rbac.authorization.k8s.io "system:basic-user" not found, '
    'clusterrole.rbac.authorization.k8s.io "cluster-admin" not found]'
)
"""As in https://github.com/kubernetes/minikube/issues/11966."""


def test_a_server_that_starts_and_has_not_read_its_roles_is_asked_again(cluster: Cluster, api: ApiServer) -> None:
    """It refuses everything for a moment, whatever the account may do."""
    api.once(refusal(403, "Forbidden", STARTS), times=2)
    assert len(cluster.read("/api/v1/pods")["items"]) > 1
    assert cluster.tally.retries == {"403": 2}


def test_a_server_that_knows_no_roles_says_nothing_of_the_account(cluster: Cluster, api: ApiServer) -> None:
    """No right that somebody grants would help; a role that one binding names and nobody has made is another matter."""
    api.once(refusal(403, "Forbidden", STARTS), times=99)
    with pytest.raises(Unreachable, match="it starts and has not read them yet, or somebody has deleted them"):
        cluster.read("/api/v1/pods")
    api.weather.clear()
    lost = 'pods is forbidden: User "audit" cannot list: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'
    api.once(refusal(403, "Forbidden", lost))
    with pytest.raises(Forbidden):
        cluster.read("/api/v1/pods")


def test_a_lasting_refusal_is_told(cluster: Cluster, api: ApiServer) -> None:
    """With status, server and the server's words."""
    api.once(refusal(503, "ServiceUnavailable", "etcd is down"), times=99)
    with pytest.raises(Unreachable, match=r"http://127.* answered 503 to GET /version: etcd is down"):
        cluster.read("/version")
    assert cluster.tally.total == IMPATIENT.status_tries


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(drop=True), "connection"),
        (Reply(body={"items": []}, cut=10), "connection"),
        (Reply(raw=b'{"items": [{"metadata": {"name": "we'), "truncated"),
        (Reply(raw=b""), "truncated"),
    ],
)
def test_a_broken_answer_is_asked_for_again(cluster: Cluster, api: ApiServer, reply: Reply, reason: str) -> None:
    """A dropped connection, a body that ends early, JSON that breaks off."""
    api.once(reply)
    assert cluster.read("/version")["gitVersion"] == "v1.36.2"
    assert cluster.tally.retries == {reason: 1}


def test_a_connection_that_is_always_dropped_is_told(cluster: Cluster, api: ApiServer) -> None:
    """After it has answered once, more tries are made than at first: it may be restarting."""
    cluster.read("/version")
    api.once(Reply(drop=True), times=99)
    with pytest.raises(Unreachable, match=r"gave no answer \(7 tries\): the connection was dropped"):
        cluster.read("/version")


def test_json_that_always_breaks_off_is_told(cluster: Cluster, api: ApiServer) -> None:
    """As from a proxy that answers in its own words."""
    api.once(Reply(raw=b"<html>maintenance</html>"), times=99)
    with pytest.raises(Unreachable, match="its answer is no JSON, or breaks off"):
        cluster.read("/version")


def test_a_server_that_is_not_there_is_told_after_few_tries(tmp_path: Path) -> None:
    """A wrong address is likelier than a restart when nothing ever answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", address)), patience=IMPATIENT)
    with pytest.raises(
        Unreachable, match=rf"{address} gave no answer \(3 tries\): connection refused; check that it runs"
    ):
        cluster.get("/version")


def test_a_name_that_does_not_resolve_is_told(tmp_path: Path) -> None:
    """DNS or VPN."""
    path = write_kubeconfig(tmp_path / "kubeconfig", "https://no-such-cluster.invalid:6443")
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    with pytest.raises(Unreachable, match="its name cannot be resolved; check the server address"):
        cluster.get("/version")


@pytest.fixture
def silent() -> Iterator[str]:
    """Yield the address of a server that accepts and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_server_costs_no_more_than_is_allowed(silent: str, tmp_path: Path) -> None:
    """The request's own limit ends the wait."""
    patience = Patience(total_seconds=0.05, first_pause_seconds=0.0)
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", silent)), patience=patience)
    with pytest.raises(Unreachable, match="no answer in time; check the network, the VPN"):
        cluster.get("/version")


@pytest.fixture
def dripping() -> Iterator[str]:
    """Yield the address of a server that sends its body byte by byte, each in time, the whole never."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                for _ in range(500):
                    connection.sendall(b" ")
                    time.sleep(0.01)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_body_that_drips_is_given_up(dripping: str, tmp_path: Path) -> None:
    """Each byte comes in time, the whole does not."""
    patience = Patience(total_seconds=0.1, first_tries=1)
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", dripping)), patience=patience)
    with pytest.raises(Unreachable, match="no answer in time"):
        cluster.get("/version")


def test_the_deadline_ends_a_wait(silent: str, tmp_path: Path) -> None:
    """What is not looked at by then is out of time, not unreachable."""
    cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", silent)), patience=IMPATIENT)
    cluster.deadline = time.monotonic() + 0.1
    with pytest.raises(OutOfTime):
        cluster.get("/version")


def test_a_pause_beyond_the_deadline_is_not_begun(cluster: Cluster, api: ApiServer) -> None:
    """The server wants half an hour; the run has ten seconds."""
    cluster.patience = Patience(longest_retry_after_seconds=3600)
    cluster.deadline = time.monotonic() + 10
    api.once(Reply(status=429, body={}, headers={"Retry-After": "1800"}))
    with pytest.raises(OutOfTime, match=r"asked again in 1800\.0 s"):
        cluster.get("/version")


def test_forbidden_names_verb_resource_and_namespace(cluster: Cluster, api: ApiServer) -> None:
    """What has to be granted, with the server's own words."""
    api.once(recorded_reply("forbidden list"), path="/services")
    with pytest.raises(Forbidden) as caught:
        cluster.read("/api/v1/namespaces/shop/services")
    assert (caught.value.verb, caught.value.resource, caught.value.namespace) == ("list", "services", "shop")
    assert 'User "system:serviceaccount:shop:auditor" cannot list resource "services"' in str(caught.value)
    assert cluster.tally.retries == {}


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/api/v1/pods", ("list", "pods", None)),
        ("/api/v1/namespaces", ("list", "namespaces", None)),
        ("/api/v1/namespaces/shop", ("get", "namespaces", None)),
        ("/api/v1/namespaces/shop/secrets/db-login", ("get", "secrets", "shop")),
        ("/api/v1/namespaces/shop/pods/db-0/log", ("get", "pods/log", "shop")),
        ("/apis/apps/v1/namespaces/shop/deployments", ("list", "deployments", "shop")),
        ("/apis/storage.k8s.io/v1/storageclasses/standard", ("get", "storageclasses", None)),
        ("/version", ("get", "/version", None)),
    ],
)
def test_a_path_is_told_as_a_permission(
    cluster: Cluster, api: ApiServer, path: str, permission: tuple[str, str, str | None]
) -> None:
    """The words of a Role."""
    api.once(refusal(403, "Forbidden", "no"))
    with pytest.raises(Forbidden) as caught:
        cluster.read(path)
    assert (caught.value.verb, caught.value.resource, caught.value.namespace) == permission


def test_an_absent_object_is_none_and_an_absent_kind_is_not_served(cluster: Cluster, api: ApiServer) -> None:
    """Both are 404; only the first is an answer."""
    api.once(recorded_reply("object that does not exist"))
    assert cluster.read("/apis/apps/v1/namespaces/shop/deployments/none") is None
    for label in ("resource that does not exist", "group that does not exist"):
        api.once(recorded_reply(label))
        with pytest.raises(NotServed, match="does not serve /apis/apps/v1/gizmos"):
            cluster.read("/apis/apps/v1/gizmos")


def test_a_bad_request_is_told_with_the_servers_words(cluster: Cluster, api: ApiServer) -> None:
    """A 400 is nobody's finding."""
    api.once(recorded_reply("unsupported field selector"))
    with pytest.raises(CouldNotLook, match=r'answered 400 .*"spec\.replicas" is not a known field selector'):
        cluster.read(PODS)


def test_refused_credentials_are_read_again_once(cluster: Cluster, api: ApiServer) -> None:
    """They had expired, and the kubeconfig has new ones by now."""
    write_kubeconfig(Path(str(cluster.origin.files)), cluster.server, {"token": "fresh"})
    api.once(UNAUTHORIZED)
    assert cluster.read("/version")
    assert api.requests[-1].headers["authorization"] == "Bearer fresh"
    assert cluster.tally.retries == {"401": 1}


def test_renewed_credentials_open_new_connections(cluster: Cluster, api: ApiServer) -> None:
    """A renewed client certificate is shown only in a new handshake."""
    cluster.read("/version")
    before = cluster.transport._pool
    api.once(UNAUTHORIZED)
    cluster.read("/version")
    assert cluster.transport._pool is not before


def test_threads_that_are_refused_at_once_renew_once(cluster: Cluster) -> None:
    """Who was refused with the old credentials takes the new ones; who was refused with the new ones gives up."""
    assert cluster._renew_credentials(0)
    renewed = cluster.configuration
    assert cluster._renew_credentials(0)
    assert cluster.configuration is renewed
    assert not cluster._renew_credentials(1)


def test_credentials_that_stay_refused_are_told(cluster: Cluster, api: ApiServer) -> None:
    """One more try, then the end; the next request does not try again at once."""
    api.once(recorded_reply("bad token"), times=99)
    for _ in range(2):
        with pytest.raises(Unauthorized, match=r"does not accept the credentials \(401 Unauthorized\); log in again"):
            cluster.read("/version")
    assert cluster.tally.total == 3


def test_a_token_file_that_rotates_is_followed(api: ApiServer, address: str, tmp_path: Path) -> None:
    """The file is read again when its token is refused."""
    token = tmp_path / "token"
    token.write_text("old")
    path = write_kubeconfig(tmp_path / "kubeconfig", address, {"tokenFile": str(token)})
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    cluster.read("/version")
    token.write_text("new")
    api.once(UNAUTHORIZED)
    cluster.read("/version")
    sent = [request.headers["authorization"] for request in api.requests]
    assert sent == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_proxy_of_the_kubeconfig_is_used(api: ApiServer, address: str, tmp_path: Path) -> None:
    """The server itself is not reachable from here."""
    path = write_kubeconfig(tmp_path / "kubeconfig", "http://cluster.invalid", cluster={"proxy-url": address})
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    assert cluster.read("/version")["major"] == "1"
    assert api.requests[0].headers["host"] == "cluster.invalid"


def test_streams_are_given_the_credentials_that_requests_have_by_now(
    api: ApiServer, address: str, tmp_path: Path
) -> None:
    """And newer ones where theirs were refused; what was read a moment ago is as new as can be."""
    path = write_kubeconfig(tmp_path / "kubeconfig", address, {"token": "old"})
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    old = cluster.configuration
    write_kubeconfig(path, address, {"token": "new"})
    api.once(UNAUTHORIZED)
    cluster.read("/version")
    newer = cluster.renewed(old)
    assert newer is cluster.configuration is not old
    assert newer.api_key == {"BearerToken": "Bearer new"}
    assert cluster.renewed(newer) is None


@pytest.mark.parametrize("given_by", ["kubeconfig", "environment"])
def test_a_proxy_is_given_the_login_of_its_address(
    api: ApiServer, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_by: str
) -> None:
    """As by kubectl; a company's proxy answered 407. The token stays the server's own."""
    proxy = address.replace("http://", "http://DOMAIN%5Cauditor:hunter%402@")
    if given_by == "environment":
        monkeypatch.setenv("http_proxy", proxy)
    of_file = {"proxy-url": proxy} if given_by == "kubeconfig" else {}
    path = write_kubeconfig(tmp_path / "kubeconfig", "http://cluster.invalid", cluster=of_file)
    cluster = Cluster.connect(str(path), patience=IMPATIENT)
    assert cluster.read("/version")["major"] == "1"
    login = base64.b64encode(rb"DOMAIN\auditor:hunter@2").decode()
    (sent,) = api.requests
    assert (sent.headers["proxy-authorization"], sent.headers["authorization"]) == (f"Basic {login}", "Bearer t0ken")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_is_not_there_is_the_one_to_look_at(tmp_path: Path, scheme: str) -> None:
    """That nothing listens at the proxy's address says nothing of the API server's; its password is not shown."""
    proxy = f"{scheme}://auditor:hunter2@127.0.0.1:{closed_port()}"
    path = write_kubeconfig(tmp_path / "kubeconfig", "http://cluster.invalid", cluster={"proxy-url": proxy})
    with pytest.raises(Unreachable, match=r"the proxy refused .*check HTTPS_PROXY, NO_PROXY and proxy-url") as told:
        Cluster.connect(str(path), patience=IMPATIENT).read("/version")
    assert "hunter2" not in str(told.value)


def test_a_proxy_of_the_environment_is_used(
    api: ApiServer, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY here, HTTPS_PROXY for https; NO_PROXY takes it away."""
    monkeypatch.setenv("http_proxy", address)
    path = write_kubeconfig(tmp_path / "kubeconfig", "http://cluster.invalid")
    assert Cluster.connect(str(path), patience=IMPATIENT).read("/version")["major"] == "1"
    monkeypatch.setenv("no_proxy", "cluster.invalid")
    with pytest.raises(Unreachable, match="cannot be resolved"):
        Cluster.connect(str(path), patience=IMPATIENT).read("/version")


def test_compressed_answers_are_understood(cluster: Cluster, api: ApiServer) -> None:
    """The API server compresses what is large."""
    body = gzip.compress(json.dumps({"items": ["x"] * 1000}).encode())
    api.once(Reply(raw=body, headers={"Content-Encoding": "gzip"}))
    assert len(cluster.read(PODS)["items"]) == 1000
    assert api.requests[0].headers["accept-encoding"] == "gzip"


def test_text_that_is_not_utf8_does_not_cost_the_answer(cluster: Cluster, api: ApiServer) -> None:
    """A proxy or an extension may send it."""
    api.once(Reply(raw=b'{"message": "caf\xe9"}'))
    assert cluster.read(PODS) == {"message": "caf\ufffd"}


def test_an_access_review_is_posted(cluster: Cluster, api: ApiServer) -> None:
    """The one thing that is sent."""
    review: dict[str, Any] = {"kind": "SelfSubjectAccessReview", "spec": {}}
    api.once(Reply(status=201, body=review | {"status": {"allowed": True}}))
    answer = cluster.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    assert answer.json()["status"] == {"allowed": True}
    assert json.loads(api.requests[0].body) == review
    assert api.requests[0].method == "POST"


def test_a_token_is_in_no_repr(cluster: Cluster) -> None:
    """Whatever a traceback shows."""
    assert "t0ken" not in repr(cluster)
    assert "t0ken" not in repr(vars(cluster))


def test_threads_may_ask_at_once(api: ApiServer, tmp_path: Path) -> None:
    """Every request gets its own answer, and each is counted."""
    with serving(api) as address, ThreadPoolExecutor(8) as pool:
        cluster = Cluster.connect(str(write_kubeconfig(tmp_path / "kubeconfig", address)), patience=IMPATIENT)
        names = ["web", "rollout", "stubborn", "bad-image"] * 10
        path = "/apis/apps/v1/namespaces/shop/deployments/"
        found = list(pool.map(lambda name: cluster.read(path + name)["metadata"]["name"], names))
    assert found == names
    assert cluster.tally.requests == {("GET", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"): 40}
