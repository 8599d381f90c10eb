"""A user without rights gets a cluster too: in a network of its own, reachable through the API server."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from cx_conformance.sandbox.isolation import may_listen

ROOT = Path(__file__).parents[2]
NOBODY = 65534
PARENT = """
import json, subprocess, sys
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.sandbox.shop import applied_objects
with EmbeddedCluster(applied_objects()) as cluster:
    command = ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "exec", "-n", "shop", "db-0", "--"]
    command += ["sh", "-c", "cat /etc/hostname; getent hosts web-svc"]
    said = subprocess.run(command, capture_output=True, text=True)
    print(said.stdout, said.stderr)
"""


def python_for_everybody() -> str | None:
    """Return a Python of this version that another user can start."""
    for name in (sys.executable, "/usr/bin/python3"):
        said = subprocess.run(
            [*as_nobody(), name, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.stdout.strip() == str(sys.version_info[:2]):
            return name
    return None


def as_nobody() -> list[str]:
    """Return the command that starts another as a user without rights."""
    switched = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    # The rights of the old user are gone only after one more exec.
    return [*switched, "sh", "-c", 'exec "$@"', "sh"]


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another user; every other test then runs without rights"
)
def test_a_user_without_rights_has_names_and_exec_as_root_has() -> None:
    """Port 53 is not allowed on the machine's network, so the cluster brings its own."""
    python = python_for_everybody()
    if python is None or shutil.which("unshare") is None:
        pytest.skip("no Python of this version that another user may start")
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT), sysconfig.get_paths()["purelib"]))
    environment = {"PYTHONPATH": path, "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"}

    said = subprocess.run(
        [*as_nobody(), python, "-c", PARENT],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
        cwd="/",
    )

    if "Operation not permitted" in said.stdout + said.stderr:
        pytest.skip("this machine gives no namespaces to users")
    assert "db-0\n" in said.stdout, said.stderr
    assert "web-svc.shop.svc.cluster.local" in said.stdout


def test_a_port_that_is_taken_is_allowed() -> None:
    """What is asked is whether the machine forbids it, not whether it is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        assert may_listen("127.0.0.1", taken.getsockname()[1])
