"""Full-size packets, from containers of every make: what stands there serves, and what comes is counted."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cx_conformance.outcome.looking import NoVantage
from cx_conformance.probes.edges import Edge, EdgesQuestion
from cx_conformance.probes.inquiry import ask, script
from cx_conformance.probes.packets import FULL, Packets, PacketsQuestion
from tests.probes.containers import PLACE, Container, program
from tests.probes.targets import closed_port, http, listening, request_head, silent

BASE = {name: name for name in ("sleep", "wc", "head", "sh")}
TOOLS = {"curl": "curl", "wget": "wget", "busybox": "wget", "python3": "python3"}
"""Programs of this machine, each with the name that it has in the container."""


def fetched(container: Container, port: int) -> Packets:
    """Return what a container's script fetches from a port of this machine."""
    names = EdgesQuestion(edges=(Edge(caller="a", callee="b", host="127.0.0.1", port=port),), place=PLACE)
    files = PacketsQuestion(address="127.0.0.1", port=port)
    return ask(container, PLACE, [names, files], wait_seconds=2, seconds=90).answer(files)


@contextmanager
def standing(folder: Path, programs: dict[str, str]) -> Iterator[int]:
    """Let the standing script serve with these programs alone."""
    path, served, port = folder / "path", folder / "served", closed_port()
    path.mkdir()
    served.mkdir()
    for name, source in (BASE | programs).items():
        (path / name).symlink_to(program(source))
    server = subprocess.Popen(
        [program("dash"), "-s", "--", str(port), str(served)],
        stdin=subprocess.PIPE,
        env={"PATH": str(path), "POD_IP": "127.0.0.1"},
    )
    assert server.stdin is not None
    server.stdin.write(script("standing_script"))
    server.stdin.close()
    try:
        yield port
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("served_by", ["busybox", "python3"])
@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_fetches_all_from_whatever_serves(tmp_path: Path, served_by: str, tool: str) -> None:
    """A byte, and sixteen times four kibibytes."""
    (tmp_path / "asks").mkdir()
    container = Container(tmp_path / "asks", "dash", BASE | {TOOLS[tool]: tool})
    with standing(tmp_path, {served_by: served_by}) as port:
        assert fetched(container, port) == Packets(small=1, full=FULL)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_that_sticks_is_not_whole(tmp_path: Path, tool: str) -> None:
    """The small one came all the same."""

    def narrow(peer: socket.socket) -> None:
        head = request_head(peer).decode()
        if "/small" in head:
            peer.sendall(http("200 OK", b"x"))
        else:
            silent(peer)

    container = Container(tmp_path, "dash", BASE | {TOOLS[tool]: tool})
    with listening(narrow) as port:
        found = fetched(container, port)
    assert (found.reached, found.whole) == (True, False)


def test_nothing_comes_from_where_nobody_is(tmp_path: Path) -> None:
    """After several tries, for whoever stands there may only be starting."""
    container = Container(tmp_path, "dash", BASE | {"curl": "curl"})
    assert fetched(container, closed_port()) == Packets(small=0, full=0)


def test_an_image_without_a_tool_could_not_look(tmp_path: Path) -> None:
    """It is named what would do."""
    container = Container(tmp_path, "dash", BASE)
    with pytest.raises(NoVantage, match="none of curl, wget, python3 and node"):
        fetched(container, closed_port())
