"""Exec sessions run as the recorded ones did, in a process that sees what the pod's containers would."""

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.sandbox.shop import Client, recorded_sessions
from tests.sandbox.websocket_session import Session, converse, query

SESSIONS = recorded_sessions("exec")
ELSEWHERE = {"names as the pod sees them": "its addresses are those of another cluster: see the tests of names below"}
EXEC = "/api/v1/namespaces/shop/pods/db-0/exec"
V5 = ["v5.channel.k8s.io"]


@pytest.mark.parametrize("label", [label for label in SESSIONS if label not in ELSEWHERE])
def test_runs_as_recorded(recorded_shop: EmbeddedCluster, as_recorded: Client, label: str) -> None:
    """Protocol, first frame, output, status and close code, or the refusal, are those of the recording."""
    recorded = SESSIONS[label]
    token = recorded_shop.token_for("shop/auditor") if label == "forbidden" else None
    sent = [bytes.fromhex(each["hex"]) for each in recorded["frames"] if each["from"] == "client"]

    session = converse(as_recorded, recorded["path"], subprotocols=recorded["subprotocols"], sent=sent, token=token)

    if "refused" in recorded:
        assert session.refused == (recorded["refused"]["status"], recorded["refused"]["body"])
        return
    frames = [each for each in recorded["frames"] if each["from"] == "server"]
    assert session.agreed == recorded["agreed"]
    assert session.frames[0] == (2, b"\x01")
    assert session.closing == int(frames[-1]["hex"], 16)
    assert status(session) == expected_status(frames)
    if label != "binary and long output":
        for channel in (1, 2):
            expected = "".join(each["text"] for each in frames if each.get("channel") == channel)
            assert session.output(channel).decode() == expected


def status(session: Session) -> Any:
    """Return the Status that ended a session, without the container's ID."""
    text = re.sub(r"[0-9a-f]{64}", "ID", session.output(3).decode())
    return json.loads(text) if text else None


def expected_status(frames: list[dict[str, Any]]) -> Any:
    """Return the recorded Status, without the container's ID."""
    texts = [re.sub(r"[0-9a-f]{64}", "ID", each["text"]) for each in frames if each.get("channel") == 3]
    return json.loads(texts[0]) if texts else None


def run(client: Client, script: str, **options: Any) -> Session:
    """Run a shell script in pod db-0."""
    path = f"{EXEC}?{query(command=['sh', '-c', script], stdout='true', stderr='true', **options)}"
    return converse(client, path, subprotocols=V5)


def test_long_and_binary_output_arrives_whole(as_recorded: Client) -> None:
    """Every byte of the recorded long output comes, in frames of at most 32 KiB and a channel byte."""
    recorded = SESSIONS["binary and long output"]

    session = converse(as_recorded, recorded["path"], subprotocols=V5)

    assert session.output(1) == b"\xff\x00x" + b"a" * 100_000
    assert max(len(data) for _, data in session.frames) <= 32769


def test_the_pod_has_its_own_names(applied_shop: EmbeddedCluster, as_applied: Client) -> None:
    """Host name, hosts file and resolver configuration are the pod's, in the form that was recorded."""
    pod = next(each for each in applied_shop.objects if each["kind"] == "Pod" and each["metadata"]["name"] == "db-0")
    recorded = SESSIONS["names as the pod sees them"]["frames"][1]["text"]

    said = run(as_applied, "hostname; cat /etc/hostname; cat /etc/resolv.conf; cat /etc/hosts").output(1).decode()

    assert said.startswith("db-0\ndb-0\n")
    assert re.sub(r"nameserver .*", "nameserver 10.96.0.10", recorded) in re.sub(
        r"nameserver .*", "nameserver 10.96.0.10", said
    )
    assert f"{pod['status']['podIP']}\tdb-0.db.shop.svc.cluster.local\tdb-0\n" in said


def test_names_resolve_as_recorded(applied_shop: EmbeddedCluster, as_applied: Client) -> None:
    """Short and full names give the ClusterIP, a headless Service its pods, an unknown one nothing."""
    address = {
        each["metadata"]["name"]: each["spec"].get("clusterIP")
        for each in applied_shop.objects
        if each["kind"] == "Service"
    }
    pod = next(each for each in applied_shop.objects if each["kind"] == "Pod" and each["metadata"]["name"] == "db-0")
    script = SESSIONS["names as the pod sees them"]["path"]
    recorded = [each.get("text", "") for each in SESSIONS["names as the pod sees them"]["frames"]]
    expected = "".join(recorded[2:6]).replace("10.96.143.217  ", f"{address['web-svc']:<15}")
    expected = expected.replace("10.244.0.58    ", f"{pod['status']['podIP']:<15}")

    session = converse(as_applied, script, subprotocols=V5)

    assert session.output(1).decode().split("ndots:5\n")[1].split() == expected.split()


def test_the_environment_is_the_containers(applied_shop: EmbeddedCluster, as_applied: Client) -> None:
    """Variables from the pod's ConfigMap and Secret are there, and none of the machine's own."""
    pod = next(
        each["metadata"]["name"]
        for each in applied_shop.objects
        if each["kind"] == "Pod" and each["metadata"]["name"].startswith("web-")
    )
    path = f"/api/v1/namespaces/shop/pods/{pod}/exec?{query(command=['env'], stdout='true')}"

    said = converse(as_applied, path, subprotocols=V5).output(1).decode()

    assert "DB_PASSWORD=not-a-real-password\n" in said
    assert f"HOSTNAME={pod}\n" in said
    assert "PYTHONPATH" not in said


def test_the_process_ends_with_its_client(as_applied: Client, tmp_path: Path) -> None:
    """When the client goes away, what it started is killed, children included."""
    mark = tmp_path / "still-here"
    script = f"sh -c 'while :; do touch {mark}; sleep 0.05; done' & echo started; sleep 60"
    path = f"{EXEC}?{query(command=['sh', '-c', script], stdout='true')}"

    session = converse(as_applied, path, subprotocols=V5, enough=2)

    assert session.output(1) == b"started\n"
    assert gone(mark), "a child of the exec still runs"


def gone(mark: Path, seconds: float = 5.0) -> bool:
    """Tell whether nobody touches the file any more, within some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        mark.unlink(missing_ok=True)
        time.sleep(0.3)
        if not mark.exists():
            return True
    return False


def test_sixteen_sessions_at_once_do_not_mix(as_applied: Client) -> None:
    """Each concurrent session gets its own output and exit code."""
    with ThreadPoolExecutor(16) as threads:
        sessions = list(threads.map(lambda n: run(as_applied, f"echo {n}; exit {n}"), range(16)))

    assert [session.output(1).decode().strip() for session in sessions] == [str(n) for n in range(16)]
    assert [status(session).get("details", {}).get("causes", [{}])[0].get("message", "0") for session in sessions] == [
        str(n) for n in range(16)
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can see which mounts a test would leave behind")
def test_the_machine_keeps_its_own_files(as_applied: Client) -> None:
    """What the pod sees in /etc is not there for the machine itself."""
    before = Path("/etc/resolv.conf").read_text()

    run(as_applied, "cat /etc/resolv.conf")

    assert Path("/etc/resolv.conf").read_text() == before
    assert "cx-conformance" not in Path("/proc/self/mounts").read_text()
