"""Servers as processes: nothing of them outlives who started them."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from cx_conformance.sandbox.stores import redis_server
from cx_conformance.sandbox.stores.running import NotStarted, ServerProcess, accepts, free_port
from tests.sandbox.stores.wanted import wanted


def eventually_gone(process_id: int) -> bool:
    """Tell whether a process ends within ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        status = Path(f"/proc/{process_id}/status")
        try:
            if "State:\tZ" in status.read_text():
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_stopped_server_leaves_nothing() -> None:
    """Its process ends, its port is free again, its folder is gone."""
    wanted(redis_server.available())
    port = free_port()
    server = redis_server.start("127.0.0.1", {"redis": port}).wait()
    process_id = server.process_id
    assert process_id is not None
    server.stop()
    assert eventually_gone(process_id)
    assert not accepts("127.0.0.1", port)
    assert not server.folder.exists()


def test_a_server_ends_with_a_killed_parent() -> None:
    """The kernel ends it when nobody is left to stop it."""
    wanted(redis_server.available())
    program = f"""
        import sys, time
        from cx_conformance.sandbox.stores import redis_server
        server = redis_server.start("127.0.0.1", {{"redis": {free_port()}}}).wait()
        print(server.process_id, server.folder, flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        text=True,
    ) as parent:
        assert parent.stdout is not None
        process_id, folder = parent.stdout.readline().split()
        parent.kill()
    assert eventually_gone(int(process_id))
    for left in Path(folder).iterdir():
        left.unlink()
    Path(folder).rmdir()


def test_a_server_that_ends_at_once_says_its_last_words() -> None:
    """A server that cannot start is told by what it wrote, and not by where its threads were then."""
    server = ServerProcess("odd", lambda: True)
    said = "reading 0123456789;" * 30 + "F0 no such setting\ngoroutine 132 [running]:\nmain.start()\n"
    server.launch(["sh", "-c", f"printf '{said}'; exit 3"])
    with pytest.raises(NotStarted, match=r"its last words: .{,300}no such setting$"):
        ServerProcess.wait(_ended(server))
    assert not server.folder.exists()


def test_a_server_that_never_answers_is_given_up() -> None:
    """Waiting ends at its limit, and the server with it."""
    server = ServerProcess("mute", lambda: False)
    server.launch(["sleep", "60"])
    process_id = server.process_id
    assert process_id is not None
    with pytest.raises(NotStarted, match=r"did not answer within 0\.1 s"):
        server.wait(0.1)
    assert eventually_gone(process_id)


def _ended(server: ServerProcess) -> ServerProcess:
    """Return the server when its process has ended."""
    process_id = server.process_id
    assert process_id is not None
    assert eventually_gone(process_id)
    return server
