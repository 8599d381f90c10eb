"""The tests' own API server, and a client of it that does not wait."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.api.client import Cluster, Patience
from tests.api.api_server import ApiServer, serving, write_kubeconfig

IMPATIENT = Patience(first_pause_seconds=0.0, connect_seconds=2.0, total_seconds=5.0, longest_retry_after_seconds=0.0)


@pytest.fixture
def api() -> ApiServer:
    """Return the server's state: objects, weather, requests."""
    return ApiServer()


@pytest.fixture
def address(api: ApiServer) -> Iterator[str]:
    """Yield the address of the running server."""
    with serving(api) as address:
        yield address


@pytest.fixture
def cluster(address: str, tmp_path: Path) -> Cluster:
    """Return a client of the running server."""
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", address)
    return Cluster.connect(str(kubeconfig), patience=IMPATIENT)
