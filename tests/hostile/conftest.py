"""One embedded cluster for all whole runs; what stands before it changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    """Keep the reference installation up, and give the way to it."""
    with EmbeddedCluster(reference_installation(blueprint())) as cluster:
        cluster.settle()
        yield cluster.kubeconfig
