"""``cx-conformance sandbox`` stays up with a kubeconfig that works, and lists its faults."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from cx_conformance.sandbox.faults import catalogue
from tests.sandbox.shop import Client

COMMAND = [sys.executable, "-m", "cx_conformance", "sandbox"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}


def test_faults_are_listed_with_target_check_and_description(capsys: pytest.CaptureFixture[str]) -> None:
    """One line a fault, with what it is aimed at and which check finds it."""
    assert main(["sandbox", "faults"]) == 0

    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(catalogue())
    assert "absent-service:ccm" in " ".join(listed)
    assert [line.split()[1] for line in listed if line.startswith("absent-service")] == ["CX201"]


def test_it_stays_up_until_it_is_ended() -> None:
    """It prints a kubeconfig that answers, and leaves nothing behind after SIGTERM."""
    with subprocess.Popen(
        [*COMMAND, "--static"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip().removeprefix("KUBECONFIG="))
        answered = Client.of(path).ask("/api/v1/namespaces/expertflow/pods?limit=1")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[1]

    assert answered.status == 200
    assert process.returncode == 0, said
    assert not path.exists()


def test_an_unknown_fault_ends_with_2() -> None:
    """The message lists the faults that there are."""
    ended = subprocess.run(
        [*COMMAND, "--fault", "nonsense"], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )

    assert ended.returncode == 2
    assert "there is no fault 'nonsense'" in ended.stderr


def test_objects_that_are_no_yaml_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the file."""
    file = tmp_path / "objects.yaml"
    file.write_text("{")

    with pytest.raises(SystemExit) as ended:
        main(["sandbox", "--objects", str(file)])

    assert ended.value.code == 2
    assert str(file) in capsys.readouterr().err


def test_it_ends_with_its_parent() -> None:
    """When the command itself is killed, its cluster's process and files go too."""
    with subprocess.Popen([*COMMAND, "--static"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip().removeprefix("KUBECONFIG="))
        assert path.exists()
        process.kill()
    until = time.monotonic() + 10
    while path.parent.exists() and time.monotonic() < until:
        time.sleep(0.05)

    assert not path.parent.exists()
