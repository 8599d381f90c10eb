"""The image's install steps, performed in a clean environment: no container engine is needed to know that they work."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def steps(word: str) -> list[list[str]]:
    """Return the commands of an instruction that need no shell: those that are always done."""
    return [json.loads(shown) for shown in re.findall(rf"^{word} (\[.*)$", DOCKERFILE, re.MULTILINE)]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_install_steps_give_a_command_that_runs(tmp_path: Path) -> None:
    """In a folder of their own in place of the image's."""
    place = f"{tmp_path}/"

    def inside(command: list[str]) -> list[str]:
        moved = [word.replace("/opt/", place, 1) for word in command]
        return [sys.executable, *moved[1:]] if moved[0] == "python" else moved

    for step in steps("RUN"):
        subprocess.run(inside(step), cwd=ROOT, check=True, capture_output=True)
    ended = subprocess.run(
        [*inside(steps("ENTRYPOINT")[0]), "lint"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def locked(name: str) -> dict[str, Version]:
    """Return what a lock installs, with what version."""
    text = (ROOT / "deploy" / name).read_text()
    return {found[0]: Version(found[1]) for found in re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.txt", ("notify", "picture")),
        ("requirements-paper.txt", ("pdf",)),
        ("requirements-build.txt", None),
    ],
)
def test_the_locks_are_of_what_the_project_needs(name: str, extras: tuple[str, ...] | None) -> None:
    """When stale: ``tox -e lock``; each version is one that pyproject.toml allows, each file has its hash."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    if extras is None:
        needed = project["build-system"]["requires"]
    else:
        optional = project["project"]["optional-dependencies"]
        needed = [*project["project"]["dependencies"], *(one for extra in extras for one in optional[extra])]
    held = locked(name)
    for one in map(Requirement, needed):
        assert held[canonicalize_name(one.name)] in one.specifier, f"{one}: tox -e lock"
    entries = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / "deploy" / name).read_text(), flags=re.MULTILINE)[1:]
    assert [one.split()[0] for one in entries if "--hash=sha256:" not in one] == []


def test_the_locks_agree() -> None:
    """What is installed for paper besides does not take another version of anything."""
    plain, paper = locked("requirements.txt"), locked("requirements-paper.txt")
    assert {name: paper[name] for name in plain.keys() & paper.keys()} == {
        name: plain[name] for name in plain.keys() & paper.keys()
    }


def test_nothing_is_installed_without_a_hash_of_it() -> None:
    """But the wheel that was built a step before, which is looked for in its own folder only."""
    installing = [line for line in DOCKERFILE.splitlines() if re.search(r"pip\W+(install|wheel)", line)]
    assert len(installing) == 5
    for line in installing:
        own = "--no-index" in line and "--no-deps" in line
        assert own or ("--require-hashes" in line and "--only-binary=:all:" in line), line


def test_the_image_runs_as_nobody_in_particular() -> None:
    """With the number that the manifests' security context names."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    assert "runAsUser: 65532" in (ROOT / "deploy" / "kustomize" / "cronjob.yaml").read_text()


def test_there_is_one_image_to_mirror() -> None:
    """Both stages are from the argument, which takes a digest."""
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
