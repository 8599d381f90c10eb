"""What is asked inside one container by one exec: each answer stands by itself, whatever the container does."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec_record import Ending, ExecLimits, ExecResult
from cx_conformance.outcome.looking import Forbidden, NoVantage, OutOfTime, Unreachable
from cx_conformance.probes.container_view import PathQuestion, PathView, ViewQuestion
from cx_conformance.probes.edges import Edge, EdgeFinding, EdgesQuestion
from cx_conformance.probes.health_command import CommandQuestion
from cx_conformance.probes.inquiry import RunExec, ask
from tests.probes.containers import PLACE, SHELLS, Container
from tests.probes.inquired import nonce_of
from tests.probes.targets import closed_port, listening, silent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cx_conformance.api.exec_record import ContainerPlace

TOOLS = {"cat": "cat", "grep": "grep", "bash": "bash", "sleep": "sleep"}
COMMAND = CommandQuestion("check --now")
VIEW = ViewQuestion()


def edge(port: int) -> EdgesQuestion:
    """Ask for one edge on loopback."""
    return EdgesQuestion(edges=(Edge(caller="ccm", callee="redis", host="127.0.0.1", port=port),), place=PLACE)


def printing(text: str, ending: Ending = Ending.EXITED) -> RunExec:
    """Let a container print ``text``, in which ``N`` stands for the nonce."""

    def run(_: ContainerPlace, __: Sequence[str], stdin: bytes, ___: ExecLimits, /) -> ExecResult:
        out = text.replace("N ", f"{nonce_of(stdin)} ").encode()
        return ExecResult(stdout=out, stderr=b"", exit_code=0, ending=ending, milliseconds=1.0)

    return run


@pytest.mark.parametrize("df", ["df", "busybox"])
@pytest.mark.parametrize("shell", SHELLS)
def test_the_room_at_a_path_is_told_where_there_is_df(tmp_path: Path, shell: str, df: str) -> None:
    """It is what the system says of the file system; without df, or of a path that is not there, nothing is."""
    (tmp_path / "bin").mkdir()
    container = Container(tmp_path / "bin", shell, {**TOOLS, "df": df})
    path, absent = PathQuestion(str(tmp_path)), PathQuestion(str(tmp_path / "absent"))
    asked = ask(container, PLACE, [path, absent])
    told, of_system = asked.answer(path), os.statvfs(tmp_path)
    assert told.size == of_system.f_blocks * of_system.f_frsize >> 10
    assert told.left is not None
    assert 0 < told.left < told.size
    assert asked.answer(absent) == PathView(real=absent.path)


@pytest.mark.parametrize("shell", SHELLS)
def test_all_is_told_by_one_exec_in_every_shell(tmp_path: Path, shell: str) -> None:
    """Sockets, real paths, an edge and a command, in whatever order they are asked for; nothing is left behind."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bin")
    container = Container(tmp_path / "bin", shell, {**TOOLS, "check": "#!/bin/sh\necho well\necho aside >&2\n"})
    path = PathQuestion(str(tmp_path / "link"))
    with listening(silent) as port:
        asked = ask(container, PLACE, [COMMAND, edge(port), path, VIEW])
        command, edges, view = asked.answer(COMMAND), asked.answer(edge(port)), asked.answer(VIEW)
        assert port in [one.port for one in view.sockets]
    assert command is not None
    assert (command.exit_code, command.output, command.tries) == (0, "well", 1)
    assert [one.finding for one in edges] == [EdgeFinding.CONNECTS]
    assert asked.answer(path).real == str(tmp_path / "bin")
    assert view.mount_points
    assert len(container.pids) == 1
    assert container.left_behind() == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_is_repeated_by_the_script(tmp_path: Path, shell: str) -> None:
    """It fails first and is well from then on: three in a row are four runs."""
    script = f'#!/bin/sh\nread n <{tmp_path}/count\necho $((n + 1)) >{tmp_path}/count\n[ "$n" -gt 0 ]\n'
    (tmp_path / "count").write_text("0\n")
    (tmp_path / "bin").mkdir()
    question = CommandQuestion("check", consecutive=3)
    seen = ask(Container(tmp_path / "bin", shell, {"check": script}), PLACE, [question]).answer(question)
    assert seen is not None
    assert (seen.exit_code, seen.tries) == (0, 4)


def test_a_command_that_fails_shows_what_it_said_on_standard_error(tmp_path: Path) -> None:
    """Where it said nothing else."""
    container = Container(tmp_path, "dash", {"check": "#!/bin/sh\necho no luck >&2\nexit 3\n"})
    seen = ask(container, PLACE, [COMMAND]).answer(COMMAND)
    assert seen is not None
    assert seen.words.endswith("ended with status 3: no luck")


def test_a_program_that_cannot_run_is_no_vantage(tmp_path: Path) -> None:
    """Its end is not the component's answer."""
    script = "#!/bin/sh\necho Error relocating check: symbol not found >&2\nexit 127\n"
    with pytest.raises(NoVantage, match="ended with status 127, which is its own trouble: Error relocating check"):
        ask(Container(tmp_path, "dash", {"check": script}), PLACE, [COMMAND]).answer(COMMAND)


def test_a_program_that_is_not_there_is_no_vantage(tmp_path: Path) -> None:
    """The request can be made over a tunnel instead."""
    with pytest.raises(NoVantage, match="has no check; the request can be made over a tunnel"):
        ask(Container(tmp_path, "dash", {}), PLACE, [COMMAND]).answer(COMMAND)


@pytest.mark.parametrize(
    ("family", "address", "only_loopback"),
    [
        (socket.AF_INET, "127.0.0.1", True),
        (socket.AF_INET, "0.0.0.0", False),  # noqa: S104 - the address under test
        (socket.AF_INET6, "::1", True),
        (socket.AF_INET6, "::", False),
    ],
)
@pytest.mark.parametrize("tools", [("cat", "grep"), ("cat",)], ids=["with grep", "without"])
def test_a_listener_is_found_with_its_address(
    tmp_path: Path, tools: tuple[str, ...], family: int, address: str, only_loopback: bool
) -> None:
    """Bound to loopback alone, a port is of no use to other pods; a closed one is not found."""
    container = Container(tmp_path, "dash", {name: name for name in tools})
    with socket.create_server((address, 0), family=family) as server:
        view = ask(container, PLACE, [VIEW]).answer(VIEW)
        # Another test may listen on the same port of another address, for /proc shows all of the machine.
        own = server.getsockname()[1], address
        (found,) = [one for one in view.sockets if (one.port, str(one.address)) == own]
    assert found.only_loopback is only_loopback
    assert closed_port() not in [one.port for one in view.sockets]


def test_a_container_that_shows_nothing_could_not_be_looked_at(tmp_path: Path) -> None:
    """Without /proc nothing is known, which is not that nothing listens."""
    with pytest.raises(NoVantage, match=r"does not show its /proc: .*cat"):
        ask(Container(tmp_path, "dash", {}), PLACE, [VIEW]).answer(VIEW)


def test_a_command_that_floods_costs_no_other_answer(tmp_path: Path) -> None:
    """It is the last of the questions, so that the others have been told."""
    container = Container(
        tmp_path, "dash", {**TOOLS, "head": "head", "check": "#!/bin/sh\nhead -c 3000000 /dev/zero\n"}
    )

    def cut(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        whole = container(place, argv, stdin, limits)
        return ExecResult(
            stdout=whole.stdout[:2_000_000],
            stderr=b"",
            exit_code=None,
            ending=Ending.TOO_MUCH_OUTPUT,
            milliseconds=1.0,
        )

    asked = ask(cut, PLACE, [COMMAND, VIEW])
    assert asked.answer(VIEW).mount_points
    with pytest.raises(NoVantage, match="'check --now' in pod expertflow/ef-ccm-0 printed too much"):
        asked.answer(COMMAND)


@pytest.mark.parametrize(
    "text",
    [
        "N 1 begin\nfine\nN 1 end 0 12\n",
        "N 0 begin\nfine\n",
        "N 0 begin\nfine\nN 0 end 0\n",
        "N 0 begin\nfine\nN 0 end zero 12\n",
        "0 begin\nfine\n0 end 0 12\n",
        "",
    ],
)
def test_a_forged_or_broken_end_is_no_health(text: str) -> None:
    """Only the whole of what the script prints, under its nonce and its number, is an answer."""
    with pytest.raises(NoVantage, match="came to nothing that can be read"):
        ask(printing(text), PLACE, [COMMAND]).answer(COMMAND)


def test_a_view_told_twice_is_none() -> None:
    """Somebody else speaks as well."""
    once = "N 0 begin\n  sl  local_address\nN 0 end\n"
    assert ask(printing(once), PLACE, [VIEW]).answer(VIEW).sockets == ()
    with pytest.raises(NoVantage, match="nothing that can be read"):
        ask(printing(once + once), PLACE, [VIEW]).answer(VIEW)


@pytest.mark.parametrize(
    ("ending", "kind"),
    [(Ending.OUT_OF_TIME, OutOfTime), (Ending.TOO_MUCH_OUTPUT, NoVantage), (Ending.DROPPED, Unreachable)],
)
def test_what_was_told_before_the_exec_was_cut_counts(ending: Ending, kind: type[Exception]) -> None:
    """The rest could not be looked at, for that reason."""
    asked = ask(
        printing("N 0 begin\n local_address\nN 0 end\nN 1 refused 2 nc - -\n", ending),
        PLACE,
        [VIEW, edge(80), COMMAND],
    )
    assert asked.answer(VIEW).sockets == ()
    assert asked.answer(edge(80))[0].finding is EdgeFinding.REFUSED
    with pytest.raises(kind):
        asked.answer(COMMAND)


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending.OUT_OF_TIME, "did not end: it was given up after 1 ms and 5 bytes"),
        (Ending.TOO_MUCH_OUTPUT, "printed too much: it was given up after 1 ms and 5 bytes"),
        (Ending.EXITED, "came to nothing that can be read; it printed 'noise'"),
    ],
)
def test_an_exec_that_comes_to_nothing_is_one_cause_for_all_that_it_was_asked(ending: Ending, words: str) -> None:
    """Each question says what it is that is not known; why is the same for all."""
    calls = edge(80)
    asked = ask(printing("noise", ending), PLACE, [COMMAND, VIEW, calls])
    (observation,) = asked.answer(calls)
    assert observation.trouble is not None
    causes = {observation.trouble.cause}
    for question in (COMMAND, VIEW):
        with pytest.raises((OutOfTime, NoVantage)) as why:
            asked.answer(question)
        causes.add(why.value.cause)
    assert causes == {f"what was run in pod {PLACE.namespace}/{PLACE.pod} {words}"}


def test_where_exec_is_refused_each_question_says_so() -> None:
    """By its own name where the edges do, as the reason elsewhere."""

    def refused(place: ContainerPlace, _: Sequence[str], __: bytes, ___: ExecLimits, /) -> ExecResult:
        raise Forbidden("create", "pods/exec", place.namespace)

    asked = ask(refused, PLACE, [VIEW, edge(80), COMMAND])
    with pytest.raises(Forbidden):
        asked.answer(VIEW)
    with pytest.raises(Forbidden):
        asked.answer(COMMAND)
    assert isinstance(asked.answer(edge(80))[0].trouble, Forbidden)
