"""The recipes of CONTRIBUTING.md, done as they are written, in a copy of the tree."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TREE = ("blueprint.yaml", "checks", "conftest.py", "docs", "pyproject.toml", "src", "tests", "tox.ini")


def recipe(title: str) -> str:
    """Return the shell script under a heading."""
    section = CONTRIBUTING.split(f"\n## {title}\n")[1].split("\n## ")[0]
    script = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert script is not None
    return script[1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy what the recipes touch or use."""
    for name in TREE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "tests" / "data", tmp_path / "tests" / "data")
    command = tmp_path / "bin" / "cx-conformance"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cx_conformance "$@"\n')
    command.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("title", ["Add a check", "Add a component"])
def test_a_recipe_works_as_it_is_written(title: str, copy: Path) -> None:
    """Word for word, from the first command to the last."""
    path = os.pathsep.join((str(copy / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(copy / "src")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", recipe(title)],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_is_short_enough_to_be_read() -> None:
    """At most 120 lines."""
    assert len(CONTRIBUTING.splitlines()) <= 120
