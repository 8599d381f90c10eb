"""Addresses as configurations write them."""

import pytest

from cx_conformance.cluster.addressing import Address, addresses


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("redis-master.ef-external.svc", (Address("redis-master.ef-external.svc"),)),
        ("minio:9000", (Address("minio", 9000),)),
        ("https://minio.ef-external.svc:9000/", (Address("minio.ef-external.svc", 9000),)),
        ("jdbc:postgresql://pg:5432/licenseManager?sslmode=verify-ca", (Address("pg", 5432),)),
        ("failover:(tcp://a:61616,tcp://b:61617)?timeout=3000", (Address("a", 61616), Address("b", 61617))),
        ("mongodb://a:27017,b/admin", (Address("a", 27017), Address("b"))),
        ("mongodb://root:(left out: looks secret)@a:27017", (Address("a", 27017),)),
        ("not an address", None),
        ("http://", None),
    ],
)
def test_hosts_and_ports_are_read(written: str, read: tuple[Address, ...] | None) -> None:
    """From plain names, URLs and lists of them; what is none is not guessed at."""
    assert addresses(written) == read
