"""Embedded clusters that several tests share: they only read."""

from collections.abc import Iterator

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.sandbox.shop import Client, applied_objects, recorded_objects


@pytest.fixture(scope="session")
def recorded_shop() -> Iterator[EmbeddedCluster]:
    """Serve the recorded shop just as it was, API only."""
    with EmbeddedCluster(recorded_objects(), static=True, recorded=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def as_recorded(recorded_shop: EmbeddedCluster) -> Client:
    """Return a client of the recorded shop."""
    return Client.of(recorded_shop.kubeconfig)


@pytest.fixture(scope="session")
def applied_shop() -> Iterator[EmbeddedCluster]:
    """Serve the shop as it comes up when its manifests are applied, with its network."""
    with EmbeddedCluster(applied_objects()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def as_applied(applied_shop: EmbeddedCluster) -> Client:
    """Return a client of the applied shop."""
    return Client.of(applied_shop.kubeconfig)
