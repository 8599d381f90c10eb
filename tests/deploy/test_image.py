"""The image's install steps, performed in a clean environment: no container engine is needed to know that they work."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def steps(word: str) -> list[list[str]]:
    """Return the commands of an instruction that need no shell: those that are always done."""
    return [json.loads(shown) for shown in re.findall(rf"^{word} (\[.*)$", DOCKERFILE, re.MULTILINE)]


@pytest.mark.timeout(600)
def test_the_install_steps_give_a_command_that_runs(tmp_path: Path) -> None:
    """In a folder of their own in place of the image's."""
    place = str(tmp_path / "image")

    def inside(command: list[str]) -> list[str]:
        moved = [word.replace("/opt/cx-conformance", place, 1) for word in command]
        return [sys.executable, *moved[1:]] if moved[0] == "python" else moved

    for step in steps("RUN"):
        subprocess.run(inside(step), cwd=ROOT, check=True, capture_output=True)
    ended = subprocess.run(
        [*inside(steps("ENTRYPOINT")[0]), "lint"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_the_image_runs_as_nobody_in_particular() -> None:
    """With the number that the manifests' security context names."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    assert "runAsUser: 65532" in (ROOT / "deploy" / "kustomize" / "cronjob.yaml").read_text()


def test_there_is_one_image_to_mirror() -> None:
    """Both stages are from the argument, which takes a digest."""
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON_IMAGE}"}
