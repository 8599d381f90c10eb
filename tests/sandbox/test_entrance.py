"""The embedded cluster's way in, asked as its users would: by the host name, over TLS, with the authority it brings."""

from collections.abc import Iterator
from typing import Any

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.probes.http_observation import HttpFailure
from cx_conformance.probes.ingress import EntryPoint, probe_paths, probe_redirect, probe_socket_io, probe_tls
from cx_conformance.probes.resolve import Resolve
from cx_conformance.sandbox.cluster import EmbeddedCluster, WayIn
from cx_conformance.sandbox.ingress_rules import led
from cx_conformance.sandbox.state import State
from tests.checks.installation import blueprint


@pytest.fixture(scope="module")
def way() -> Iterator[WayIn]:
    """Start the reference installation without its Service of ccm, and return how users get in."""
    with EmbeddedCluster(reference_installation(blueprint()), ["absent-service:ccm"]) as cluster:
        found = cluster.way_in
        assert found is not None
        yield found


def entry(way: WayIn, **more: Any) -> EntryPoint:
    """Return the entry point."""
    return EntryPoint(
        fqdn=way.fqdn,
        resolves=[Resolve(host=way.fqdn, port=way.https_port, address=way.address)],
        https_port=way.https_port,
        http_port=way.http_port,
        **more,
    )


def test_the_certificate_is_verified_by_the_authority_that_it_brings(way: WayIn) -> None:
    """And by no other."""
    assert probe_tls(entry(way, trust=way.authority)).failure is None
    assert probe_tls(entry(way)).failure is HttpFailure.CERTIFICATE


def test_a_path_leads_to_its_component_and_an_unknown_one_to_the_controllers_page(way: WayIn) -> None:
    """Of a Service that is not there nobody answers: 503."""
    known, unknown, gone = probe_paths(entry(way), ["/unified-admin", "/nobody-serves-this", "/ccm"])
    assert known.answers
    assert (gone.http.status, gone.answers) == (503, False)
    # The platform's page serves `/`, so that what no other rule matches is led there.
    assert unknown.answers


def test_plain_http_leads_to_https_and_web_sockets_are_opened(way: WayIn) -> None:
    """As ingress-nginx does where a host has a certificate."""
    assert probe_redirect(entry(way), "/unified-admin")[1]
    assert probe_socket_io(entry(way), "/agent-manager/socket.io/").upgraded
    assert not probe_socket_io(entry(way), "/unified-admin/socket.io/").upgraded


def ingress(*paths: tuple[str, str, str], **annotations: str) -> dict[str, Any]:
    """Return an Ingress with these paths, types and Services."""
    rules = [
        {"path": path, "pathType": kind, "backend": {"service": {"name": name, "port": {"number": 80}}}}
        for path, kind, name in paths
    ]
    notes = {f"nginx.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "-".join(name for _, _, name in paths), "namespace": "x", "annotations": notes},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "h", "http": {"paths": rules}}]},
    }


CLASS = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}, "spec": {}}


@pytest.mark.parametrize(
    ("path", "behind"),
    [
        ("/a", "/a"),
        ("/a/b", "/a/b"),
        ("/ab", None),
        ("/r", "/"),
        ("/r/x/y", "/x/y"),
        ("/rx", None),
        ("/only", "/only"),
        ("/only/below", None),
    ],
)
def test_rules_match_as_ingress_nginx_documents_it(path: str, behind: str | None) -> None:
    """Prefixes by whole elements, regular expressions from their beginning, an exact path alone."""
    state = State(
        [
            CLASS,
            ingress(("/a", "Prefix", "plain"), ("/only", "Exact", "exact")),
            ingress(("/r(/|$)(.*)", "ImplementationSpecific", "rewritten"), rewrite_target="/$2", use_regex="true"),
        ]
    )
    found = led(state, "h", path)
    assert (found.path if found else None) == behind
    assert led(state, "other", path) is None
