"""From inside the cluster a pod is reached straight; what a NetworkPolicy keeps the run from was not looked at."""

import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.client import Configuration

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.pod import Pod
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.vantage import reach as subject
from cx_conformance.vantage.answers import _knocked
from cx_conformance.vantage.reach import Reach, Way
from tests.checks.installation import Installation, blueprint
from tests.checks.test_variations import policy

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
    plan = Plan(blueprint(), installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    cluster: Any = SimpleNamespace(vantage="in-cluster", configuration=Configuration())
    pod = next(one for one in seen.snapshot.visible(Pod) if one.name.startswith("ef-ccm-"))
    straight = Reach(cluster, seen).to(pod, port)
    return Way(straight.pod, port, ("127.0.0.1", port), barrier=straight.barrier)


@pytest.fixture
def closed() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def test_a_port_that_is_closed_is_closed(closed: int) -> None:
    """Without policies there is nothing else to say."""
    found = _knocked(way(port=closed))
    assert (found.accepts, found.vantage) == (False, "direct")
    assert re.fullmatch(rf"port {closed} of pod expertflow/ef-ccm-\S+ refuses connections at \S+", found.words)


def test_what_keeps_the_run_out_is_named(closed: int) -> None:
    """A platform that lets in its own namespaces only is not dead because the auditor's pod is not let in."""
    own = [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "expertflow"}}}]}]
    fenced = policy("own-only", "expertflow", policyTypes=["Ingress"], ingress=own)
    with pytest.raises(NoVantage, match=r"may not reach it: NetworkPolicy expertflow/own-only .*let the run's"):
        _knocked(way(fenced, port=closed))


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
    assert not _knocked(way(fenced, port=closed)).accepts


def test_a_port_that_answers_is_asked_nothing_more() -> None:
    """Policies that the network does not enforce keep nobody out."""
    shut = policy("nobody", "expertflow", policyTypes=["Ingress"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert _knocked(way(shut, port=server.getsockname()[1])).accepts
