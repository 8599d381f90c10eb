"""The cluster's DNS answers as the documentation of Services and pods says, by a real resolver library."""

from collections.abc import Callable

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.dns import Names, answer

Ask = Callable[..., list[str]]


def nameserver(cluster: EmbeddedCluster) -> str:
    """Return the address of Service kube-dns."""
    return next(
        str(t["spec"]["clusterIP"])
        for t in cluster.objects
        if t["metadata"]["name"] == "kube-dns" and t["kind"] == "Service"
    )


def answers(reply: dns.message.Message) -> list[str]:
    """Return the data of the answers, sorted."""
    return sorted(str(item) for rrset in reply.answer for item in rrset)


def service_address(cluster: EmbeddedCluster, name: str) -> str:
    """Return a Service's ClusterIP."""
    return next(
        str(t["spec"]["clusterIP"]) for t in cluster.objects if t["metadata"]["name"] == name and t["kind"] == "Service"
    )


@pytest.mark.parametrize("over", [dns.query.udp, dns.query.tcp], ids=["udp", "tcp"])
def test_a_service_has_its_cluster_ip(applied_shop: EmbeddedCluster, over: Callable[..., dns.message.Message]) -> None:
    """The A record is the ClusterIP, over UDP and TCP, and names are not case-sensitive."""
    reply = over(dns.message.make_query("Web-Svc.shop.svc.cluster.local", "A"), nameserver(applied_shop), timeout=5)

    assert answers(reply) == [service_address(applied_shop, "web-svc")]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("db-0.db.shop.svc.cluster.local", "A", 1),
        ("db.shop.svc.cluster.local", "A", 1),
        ("_http-web-8080._tcp.web-svc.shop.svc.cluster.local", "SRV", 1),
        ("outside.shop.svc.cluster.local", "A", 1),
        ("web-svc.shop.svc.cluster.local", "AAAA", 0),
        ("svc.cluster.local", "A", 0),
    ],
)
def test_a_name_that_exists_has_the_records_it_has(
    applied_shop: EmbeddedCluster, name: str, kind: str, expected: int
) -> None:
    """No error, and as many records as there are; none is not the same as no such name."""
    reply = dns.query.udp(dns.message.make_query(name, kind), nameserver(applied_shop), timeout=5)

    assert reply.rcode() == dns.rcode.NOERROR
    assert len(answers(reply)) == expected


@pytest.mark.parametrize("name", ["none.shop.svc.cluster.local", "example.com", "db-1.db.shop.svc.cluster.local"])
def test_a_name_that_does_not_exist_is_said_not_to(applied_shop: EmbeddedCluster, name: str) -> None:
    """NXDOMAIN with the zone's SOA, so that resolvers do not wait."""
    reply = dns.query.udp(dns.message.make_query(name, "A"), nameserver(applied_shop), timeout=5)

    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert [rrset.rdtype for rrset in reply.authority] == [dns.rdatatype.SOA]


@pytest.mark.parametrize("query", [b"", b"\0" * 11, b"\0" * 12, b"\0" * 5 + b"\1" + b"\0" * 6 + b"\x3f", b"\xff" * 40])
def test_nonsense_gets_an_error_and_harms_nobody(query: bytes) -> None:
    """Every message that is no query is answered by an error code."""
    reply = answer(Names(), query)

    assert reply[3] & 0xF in (1, 4)
