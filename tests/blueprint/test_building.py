"""The models of blueprint and site are built when the first document is read, all of them together."""

import subprocess
import sys

from cx_conformance.run.suite_files import suite_root

BUILT = """
import cx_conformance.blueprint.plan
from cx_conformance.blueprint.promise import Model

def below(model):
    yield model
    for one in model.__subclasses__():
        yield from below(one)

print(*(one.__name__ for one in below(Model) if one is not Model and one.__pydantic_complete__))
"""


def test_importing_them_builds_none() -> None:
    """A default that is made and validated as the class is defined would build its model twice: 20 ms of every run."""
    done = subprocess.run(
        [sys.executable, "-c", BUILT], cwd=suite_root() / "src", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
