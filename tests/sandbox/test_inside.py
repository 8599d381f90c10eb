"""Faults of a container's inside: shells and tools that are not there, or do not do as they are told."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.confinement import Confinement
from tests.sandbox.shop import Client
from tests.sandbox.test_network import component
from tests.sandbox.websocket_session import Session, converse, query

FAULTS = {
    "bare": "no-shell",
    "plain": "no-tools",
    "rubbish": "shell-talks-garbage",
    "flood": "shell-floods",
    "hang": "shell-hangs",
    "restart": "container-restarts",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedCluster]:
    """Serve one component for each fault."""
    objects = [thing for name in FAULTS for thing in component(name)]
    with EmbeddedCluster(objects, [f"{fault}:{name}" for name, fault in FAULTS.items()], static=True) as running:
        yield running


def run(cluster: EmbeddedCluster, name: str, *argv: str, seconds: float = 10.0) -> Session:
    """Exec in the pod of a component."""
    pods = [t["metadata"]["name"] for t in cluster.objects if t["kind"] == "Pod"]
    pod = next(each for each in pods if each.startswith(f"{name}-"))
    path = f"/api/v1/namespaces/apps/pods/{pod}/exec?{query(command=argv, stdout='true', stderr='true')}"
    return converse(Client.of(cluster.kubeconfig), path, subprotocols=["v5.channel.k8s.io"], seconds=seconds)


@pytest.mark.parametrize(
    ("shell", "said"), [("sh", b"executable file not found in $PATH"), ("/bin/sh", b"no such file or directory")]
)
def test_a_container_without_a_shell_says_so(cluster: EmbeddedCluster, shell: str, said: bytes) -> None:
    """The runtime finds no such program, neither by name nor by path."""
    assert said in run(cluster, "bare", shell, "-c", "true").output(3)


def test_a_container_without_tools_has_its_shell_only(cluster: EmbeddedCluster) -> None:
    """``sh`` runs, ``getent`` and ``nc`` are not found."""
    session = run(cluster, "plain", "sh", "-c", "echo here; command -v getent nc curl wget python3; exit 5")

    assert session.output(1) == b"here\n"
    assert b'"5"' in session.output(3)


def test_a_flood_is_ten_megabytes(cluster: EmbeddedCluster) -> None:
    """All of it is sent, whatever was asked."""
    assert len(run(cluster, "flood", "sh", "-c", "echo hello").output(1)) == 10_000_000


def test_a_process_of_which_nobody_reads_more_is_ended(tmp_path: Path) -> None:
    """It was waited for until the loop was gone, and a traceback of its pipes stood behind the verdict."""

    async def flood() -> int:
        confinement = Confinement(tmp_path)
        files = {"hosts": "", "resolv.conf": "", "hostname": "flood\n"}
        process = await confinement.start("flood", files, ["yes"], {}, stdin=False)
        assert process.stdout is not None
        assert await process.stdout.read(1)
        await asyncio.sleep(0.5)  # until it prints more than is held
        async with asyncio.timeout(5):
            return await confinement.end(process)

    assert asyncio.run(flood()) == 137


def test_garbage_is_no_text(cluster: EmbeddedCluster) -> None:
    """What comes cannot be decoded, and holds a terminal's escape sequences."""
    said = run(cluster, "rubbish", "sh", "-c", "echo hello").output(1)

    assert b"\xff\xfe\x00\x1b[31m" in said
    assert b"hello" not in said


def test_a_hang_says_nothing(cluster: EmbeddedCluster) -> None:
    """Neither output nor status comes."""
    session = run(cluster, "hang", "sh", "-c", "echo hello", seconds=0.5)

    assert session.output(1) + session.output(3) == b""
    assert session.closing is None


def test_a_restart_ends_the_session_without_a_status(cluster: EmbeddedCluster) -> None:
    """Output that was under way arrives, the status never does."""
    session = run(cluster, "restart", "sh", "-c", "echo begun; sleep 5; echo done")

    assert session.output(1) == b"begun\n"
    assert session.output(3) == b""
