from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import Loaded, load_blueprint

SHIPPED = Path(__file__).parents[2] / "blueprint.yaml"


@pytest.fixture(scope="session")
def loaded() -> Loaded[Blueprint]:
    """Load the shipped blueprint, with the lines of its file."""
    return load_blueprint(SHIPPED)


@pytest.fixture(scope="session")
def blueprint(loaded: Loaded[Blueprint]) -> Blueprint:
    """Return the shipped blueprint."""
    return loaded.document
