"""What runs of this folder look at, each saved once, and a suite to break."""

import shutil
from pathlib import Path

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.snapshot import save
from cx_conformance.run.suite_files import suite_root
from tests.checks.installation import Installation, blueprint


@pytest.fixture(scope="package")
def conformant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save the reference installation."""
    return _saved(Installation(), tmp_path_factory.mktemp("conformant"))


@pytest.fixture(scope="package")
def without_ccm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save one whose ccm is missing."""
    installation = Installation()
    installation.remove("Deployment", "ef-ccm")
    return _saved(installation, tmp_path_factory.mktemp("without"))


def _saved(installation: Installation, folder: Path) -> Path:
    save(installation.snapshot(Plan(blueprint(), installation.site)), folder / "snapshot.json")
    return folder / "snapshot.json"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what a run needs of the checkout, to break it."""
    root = tmp_path / "checkout"
    for name in ("checks", "src"):
        shutil.copytree(suite_root() / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("blueprint.yaml", "conftest.py", "tox.ini"):
        shutil.copy(suite_root() / name, root)
    return root
