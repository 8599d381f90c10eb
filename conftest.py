"""The fixtures that a check may ask for, nothing else."""

from typing import TYPE_CHECKING

import pytest

from cx_conformance.plugin.hooks import RUN

if TYPE_CHECKING:
    from cx_conformance.blueprint.plan import Plan
    from cx_conformance.cluster.seen import Seen
    from cx_conformance.cluster.snapshot import Snapshot
    from cx_conformance.run.run import Run
    from cx_conformance.vantage.answers import HealthProbes
    from cx_conformance.vantage.before import BeforeProbes
    from cx_conformance.vantage.callers import EdgeProbes
    from cx_conformance.vantage.copies import StoreCopies
    from cx_conformance.vantage.entrance import EntranceProbes
    from cx_conformance.vantage.insides import InsideProbes
    from cx_conformance.vantage.logins import StoreProbes
    from cx_conformance.vantage.user_login import LoginProbes


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> "Run":
    """Return the run: options, plan, and everything that it looked at."""
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def plan(run: "Run") -> "Plan":
    """Return the blueprint as this site has it."""
    return run.plan


@pytest.fixture(scope="session")
def snapshot(run: "Run") -> "Snapshot":
    """Return what the API showed at one moment."""
    return run.snapshot


@pytest.fixture(scope="session")
def seen(run: "Run") -> "Seen":
    """Return the snapshot in the blueprint's words: the live object of each promise."""
    return run.seen


@pytest.fixture(scope="session")
def health_probes(run: "Run") -> "HealthProbes":
    """Return what every ready pod answered to its health requests."""
    return run.live.health


@pytest.fixture(scope="session")
def edge_probes(run: "Run") -> "EdgeProbes":
    """Return what came of each call edge, from the caller's own pod."""
    return run.live.edges


@pytest.fixture(scope="session")
def store_probes(run: "Run") -> "StoreProbes":
    """Return what each store answered in its own protocol."""
    return run.live.stores


@pytest.fixture(scope="session")
def entrance_probes(run: "Run") -> "EntranceProbes":
    """Return what the platform's entry point answered from outside."""
    return run.live.entrance


@pytest.fixture(scope="session")
def before_probes(run: "Run") -> "BeforeProbes":
    """Return what was found, by more than the API, where nothing is installed yet."""
    return run.live.before


@pytest.fixture(scope="session")
def login_probes(run: "Run") -> "LoginProbes":
    """Return what came of the one login of a person, and of the pages that people open."""
    return run.live.login


@pytest.fixture(scope="session")
def store_copies(run: "Run") -> "StoreCopies":
    """Return how the components' copies of the stores' passwords compare with the stores' own."""
    return run.live.copies


@pytest.fixture(scope="session")
def inside_probes(run: "Run") -> "InsideProbes":
    """Return what containers show of themselves from the inside."""
    return run.live.inside
