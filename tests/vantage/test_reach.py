"""From where the run stands not every pod is to be reached; what keeps the run from there was not looked at."""

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import Configuration

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.api.tally import Tally
from cx_conformance.api.tunnel import Trouble, TroubleReason
from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage
from cx_conformance.probes.http_observation import HttpObservation
from cx_conformance.probes.inquiry import RunExec
from cx_conformance.vantage import reach as subject
from cx_conformance.vantage.answers import PodAnswer, told_by_way
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.knocking import PodPort, knocked, speaks_http
from cx_conformance.vantage.reach import Reach, Way
from tests.checks.installation import Installation, blueprint
from tests.checks.test_variations import policy
from tests.probes.inquired import Inquired, section
from tests.probes.targets import ends, listening

OWN = "cx-conformance"


@pytest.fixture(autouse=True)
def in_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a pod of namespace cx-conformance."""
    place = tmp_path / "namespace"
    place.write_text(OWN)
    monkeypatch.setattr(subject, "OWN_NAMESPACE", place)


def way(*policies: dict[str, Any], port: int) -> Way:
    """Return the way to ``port`` of ccm's pod, which is at this machine's loopback, from inside such a cluster."""
    installation = Installation()
    installation.manifests += policies
    with reach(installation, "in-cluster", shows()) as (way_to, pod):
        straight = way_to.to(pod, port)
    return Way(straight.pod, port, ("127.0.0.1", port), barrier=straight.barrier)


def shows(*addresses: str, refusal: CouldNotLook | None = None) -> RunExec:
    """Return an exec into a pod in which something listens on port 8081 at these addresses, or one that is refused."""

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        if refusal or place.container == MESH["name"]:
            raise refusal or NoVantage("a mesh's proxy has no shell")
        words = [_in_proc(address) for address in addresses]
        lines = [f"  {at}: {word}:1F91 00000000:0000 0A" for at, word in enumerate(words)]
        shown = "\n".join(["  sl  local_address rem_address   st", *lines])
        return Inquired(lambda *_: section(shown))(place, argv, stdin, limits)

    return run


def _in_proc(address: str) -> str:
    """Return an address as ``/proc/net/tcp`` and ``tcp6`` write it: words of 32 bits, little-endian."""
    packed = ipaddress.ip_address(address).packed
    return "".join(packed[at : at + 4][::-1].hex().upper() for at in range(0, len(packed), 4))


@contextmanager
def reach(installation: Installation, vantage: str, run: RunExec) -> Iterator[tuple[Reach, Pod]]:
    """Give the ways from ``vantage``, and ccm's pod."""
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    known = {"configuration": Configuration(), "tally": Tally(), "renewed": lambda _refused: None}
    cluster: Any = SimpleNamespace(vantage=vantage, **known)
    pod = next(one for one in seen.snapshot.visible(Pod) if one.name.startswith("ef-ccm-"))
    inquiries = Inquiries(run)
    ways = Reach(cluster, seen, inquiries)
    try:
        yield ways, pod
    finally:
        ways.close()
        inquiries.close()


@pytest.fixture
def closed() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def test_a_port_that_is_closed_is_closed(closed: int) -> None:
    """Without policies there is nothing else to say."""
    found = knocked(way(port=closed))
    assert (found.kept, found.vantage) == (False, "direct")
    assert re.fullmatch(rf"port {closed} of pod expertflow/ef-ccm-\S+ refuses connections at \S+", found.words)


def test_what_keeps_the_run_out_is_named(closed: int) -> None:
    """A platform that lets in its own namespaces only is not dead because the auditor's pod is not let in."""
    own = [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "expertflow"}}}]}]
    fenced = policy("own-only", "expertflow", policyTypes=["Ingress"], ingress=own)
    with pytest.raises(NoVantage, match=r"may not reach it: NetworkPolicy expertflow/own-only .*let the run's"):
        knocked(way(fenced, port=closed))


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": OWN}}},
        {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "cx-conformance"}}},
    ],
    ids=["by namespace", "by label"],
)
def test_where_the_run_is_let_in_silence_is_the_pods(peer: dict[str, Any], closed: int) -> None:
    """Then what does not answer is broken."""
    fenced = policy("auditor", "expertflow", policyTypes=["Ingress"], ingress=[{"from": [peer]}])
    assert not knocked(way(fenced, port=closed)).kept


def test_a_port_that_answers_is_asked_nothing_more() -> None:
    """Policies that the network does not enforce keep nobody out."""
    shut = policy("nobody", "expertflow", policyTypes=["Ingress"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert knocked(way(shut, port=server.getsockname()[1])).kept


MESH = {"name": "mesh", "image": "mesh"}
PROXY = {"name": "istio-proxy", "image": "istio/proxyv2"}


@contextmanager
def strict(run: RunExec, *, ambient: bool = False, meshed: bool = True) -> Iterator[Way]:
    """Give the way from inside the cluster to a pod of whom something takes connections and ends them at once."""
    with listening(ends) as port:
        installation = Installation()
        status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}
        installation.live("Pod", "ef-ccm-", lambda pod: pod["status"].update(status))
        if ambient:
            annotations = {"ambient.istio.io/redirection": "enabled"}
            installation.live("Pod", "ef-ccm-", lambda pod: pod["metadata"].update(annotations=annotations))
        elif meshed:
            installation.live("Pod", "ef-ccm-", lambda pod: pod["spec"]["containers"].insert(0, PROXY))
        with reach(installation, "in-cluster", run) as (ways, pod):
            yield ways.to(pod, port)


def heard(way: Way) -> tuple[PodPort, ...]:
    """Ask it for a page."""
    return speaks_http(ServicePort(port=way.port), "ef-ccm-svc.expertflow.svc", [way], "http")


@pytest.mark.parametrize("ambient", [False, True])
def test_a_mesh_that_turns_the_run_away_is_named(ambient: bool) -> None:
    """Where mutual TLS is wanted of all, a proxy accepts and hangs up on who is in no mesh; its pod may be fine."""
    proxy = "Istio's ztunnel of its node" if ambient else "container istio-proxy"
    refused = shows(refusal=Forbidden("create", "pods/exec", "expertflow"))
    with strict(refused, ambient=ambient) as way:
        with pytest.raises(NoVantage, match=rf"proxy \({proxy}\).*STRICT"):
            heard(way)
        way.raise_trouble(silent=True)  # who is silent has let it in


@pytest.mark.parametrize(
    ("body", "headers", "own"),
    [
        (b"RBAC: access denied", {}, False),
        (b"", {"l5d-proxy-error": "unauthorized request on route"}, False),
        (b"no", {}, True),
    ],
)
def test_a_mesh_that_says_so_is_not_the_pod(body: bytes, headers: dict[str, str], own: bool) -> None:
    """Istio and Linkerd answer 403 in its place; another 403 is the pod's own."""
    with strict(shows(refusal=Forbidden("create", "pods/exec", "expertflow"))) as way:
        seen = HttpObservation(url="http://ef-ccm-svc", status=403, body=body, headers=headers)
        answer = PodAnswer(way.pod, way.vantage, seen, "http")
        if own:
            assert told_by_way(way, answer) is answer
            return
        with pytest.raises(NoVantage, match="take the run's namespace into the mesh"):
            told_by_way(way, answer)


def test_a_pod_that_listens_behind_a_mesh_is_told_so() -> None:
    """Its own sockets show it, where there is a shell to look with."""

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        shown = f"  sl  local_address rem_address   st\n  0: 00000000:{wanted[0]:04X} 00000000:0000 0A"
        return Inquired(lambda *_: section(shown))(place, argv, stdin, limits)

    wanted = [0]
    with strict(run) as way:
        wanted[0] = way.port
        with pytest.raises(NoVantage, match="behind which the pod listens"):
            heard(way)


def test_a_pod_that_does_not_listen_behind_a_mesh_is_broken() -> None:
    """The proxy takes connections for it all the same."""
    with strict(shows()) as way:
        assert [one.kept for one in heard(way)] == [False]


def test_a_pod_of_no_mesh_that_hangs_up_is_broken() -> None:
    """There is nobody else who could have done it."""
    with strict(shows(), meshed=False) as way:
        assert [one.kept for one in heard(way)] == [False]


def test_a_closed_port_of_a_mesh_is_closed(closed: int) -> None:
    """Its proxy would have taken the connection."""
    installation = Installation()
    status = {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]}
    installation.live("Pod", "ef-ccm-", lambda pod: pod["status"].update(status))
    installation.live("Pod", "ef-ccm-", lambda pod: pod["spec"]["containers"].insert(0, PROXY))
    with reach(installation, "in-cluster", shows()) as (ways, pod):
        assert not knocked(ways.to(pod, closed)).kept


@contextmanager
def closed_in_the_pod(run: RunExec, address: str = "10.244.0.7") -> Iterator[Way]:
    """Give the way through a tunnel that has found port 8081 of a pod at ``address`` closed."""
    installation = Installation()
    status = {"podIP": address, "podIPs": [{"ip": address}]}
    installation.live("Pod", "ef-ccm-", lambda pod: pod["status"].update(status))
    installation.live("Pod", "ef-ccm-", lambda pod: pod["spec"]["containers"].insert(0, MESH))
    with reach(installation, "outside", run) as (ways, pod):
        way = ways.to(pod, 8081)
        assert way.tunnel
        way.tunnel.trouble = Trouble(reason=TroubleReason.CLOSED_PORT, words="port 8081 is closed")
        yield way


def test_what_listens_at_the_pods_own_address_alone_is_not_seen_through_a_tunnel() -> None:
    """Port-forward comes out on the pod's loopback, and Services lead to its address: nothing is known to be broken."""
    with (
        closed_in_the_pod(shows("10.244.0.7")) as way,
        pytest.raises(NoVantage, match=r"at 10\.244\.0\.7 only.*inside"),
    ):
        way.raise_trouble()


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])  # noqa: S104 - as the pod's sockets show it
def test_what_listens_in_a_network_that_port_forward_does_not_enter_is_not_closed(address: str) -> None:
    """With Kata Containers and gVisor port-forward dials outside of the pod's own kernel, where nothing listens."""
    with (
        closed_in_the_pod(shows("127.0.0.2", address)) as way,
        pytest.raises(NoVantage, match=rf"listens on it at {address}: .*Kata.*gVisor.*inside the cluster"),
    ):
        way.raise_trouble()


@pytest.mark.parametrize(
    "run",
    [shows(), shows("127.0.0.1"), shows("10.244.0.8"), shows(refusal=Forbidden("create", "pods/exec", "expertflow"))],
    ids=["nothing listens", "on loopback", "at another address", "exec is refused"],
)
def test_a_tunnels_closed_port_is_closed_where_nothing_else_is_seen(run: RunExec) -> None:
    """What the tunnel found stands."""
    with closed_in_the_pod(run) as way:
        way.raise_trouble()
        assert way.why_closed() == "port 8081 is closed"


def test_a_tunnel_that_met_no_trouble_has_nobody_looked_into() -> None:
    """What does not answer behind an open port is the pod's own."""
    with closed_in_the_pod(shows("10.244.0.7")) as way:
        assert way.tunnel
        way.tunnel.trouble = None
        way.raise_trouble()
