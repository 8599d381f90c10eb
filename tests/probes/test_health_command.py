"""The page's own health command, in the container."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.outcome.looking import NoVantage, OutOfTime
from cx_conformance.probes.health_command import run_health_command
from tests.probes.containers import PLACE, locally

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = "curl -fsk https://localhost:8443/api/SystemInfo"


class FakeExec:
    """Ends as told; keeps what it was asked to run."""

    def __init__(self, exit_code: int | None, stdout: bytes = b"", stderr: bytes = b"") -> None:
        """Take the end and the output; no exit code is an exec that ran out of time."""
        self.argv: tuple[str, ...] = ()
        self._result = ExecResult(
            stdout=stdout,
            stderr=stderr,
            exit_code=exit_code,
            ending=Ending.OUT_OF_TIME if exit_code is None else Ending.EXITED,
            milliseconds=12.0,
        )

    def __call__(self, _: ContainerPlace, argv: Sequence[str], __: bytes, ___: ExecLimits, /) -> ExecResult:
        """Return the result."""
        self.argv = tuple(argv)
        return self._result


def test_the_literal_command_is_run_with_a_time_limit_and_past_proxies() -> None:
    """Word by word as the page has it, but that no curl stays behind, or asks a proxy for its own container."""
    run = FakeExec(0, b'{"status":"ok"}')
    seen = run_health_command(run, PLACE, COMMAND)
    assert run.argv == ("curl", "--noproxy", "*", "--max-time", "10", "-fsk", "https://localhost:8443/api/SystemInfo")
    assert seen.healthy
    assert seen.output == '{"status":"ok"}'
    assert seen.words == f"'{COMMAND}' in pod expertflow/ef-ccm-0 succeeded"


@pytest.mark.parametrize("own", [["--proxy", "http://proxy:3128"], ["-x", "proxy:3128"], ["--noproxy", "localhost"]])
def test_a_limit_and_a_proxy_of_its_own_are_kept(own: list[str]) -> None:
    """A command that has them is run as it is."""
    run = FakeExec(0)
    run_health_command(run, PLACE, f"curl -m 2 {' '.join(own)} http://localhost/")
    assert run.argv == ("curl", "-m", "2", *own, "http://localhost/")


def test_a_proxy_of_the_containers_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would refuse to connect to localhost, or to itself, and curl tell that as the component's own answer."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server(("127.0.0.1", 0)) as component:
        answers = {proxy: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", component: b"HTTP/1.1 200 OK\r\n\r\n"}
        for one, said in answers.items():
            threading.Thread(target=_answer_once, args=(one, said), daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")

        assert run_health_command(locally, PLACE, f"curl -fs http://localhost:{component.getsockname()[1]}/").healthy


def _answer_once(server: socket.socket, said: bytes) -> None:
    with suppress(OSError), server.accept()[0] as asking:
        asking.recv(1000)
        asking.sendall(said)


@pytest.mark.parametrize(
    ("code", "words"), [(7, "nothing listens there"), (22, "HTTP error"), (28, "time limit"), (35, "TLS handshake")]
)
def test_curls_exit_codes_are_told_in_words(code: int, words: str) -> None:
    """``-s`` leaves nothing but the code, which means little to most."""
    seen = run_health_command(FakeExec(code), PLACE, COMMAND)
    assert not seen.healthy
    assert f"ended with status {code}" in seen.words
    assert words in seen.words


def test_another_programs_failure_shows_what_it_said() -> None:
    """Without a table, its own words."""
    seen = run_health_command(FakeExec(3, stderr=b"no\nluck"), PLACE, "check-me --now")
    assert seen.words == "'check-me --now' in pod expertflow/ef-ccm-0 ended with status 3: no luck"


def test_a_program_that_is_not_there_is_no_vantage() -> None:
    """The same request can be made over the tunnel then."""
    with pytest.raises(NoVantage, match="has no curl"):
        run_health_command(FakeExec(127), PLACE, COMMAND)


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (127, "Error relocating /usr/bin/curl: curl_mime_name: symbol not found", "status 127, .*symbol not found"),
        (126, "sh: curl: Permission denied", "status 126, .*Permission denied"),
        (137, "", "status 137, which is its own trouble; the request can be made"),
        (1, "curl: (1) Protocol https not supported", "status 1, .*not supported"),
        (5, "", "status 5, .*the proxy's name cannot be resolved"),
    ],
    ids=["without its library", "may not be run", "killed", "built without TLS", "sent to a proxy"],
)
def test_a_program_that_did_not_get_to_ask_tells_nothing_of_the_component(code: int, said: str, words: str) -> None:
    """As the curl of an Alpine image after half an upgrade: https://github.com/curl/curl/issues/11917."""
    with pytest.raises(NoVantage, match=f"curl in pod expertflow/ef-ccm-0 ended with {words}"):
        run_health_command(FakeExec(code, stdout=said.encode()), PLACE, COMMAND)


def test_a_command_that_hangs_could_not_look() -> None:
    """The exec's limit is the last resort."""
    with pytest.raises(OutOfTime, match="did not end"):
        run_health_command(FakeExec(None), PLACE, COMMAND)


@pytest.mark.parametrize("command", ["", "curl 'unclosed"])
def test_a_command_that_cannot_be_read_is_the_blueprints_error(command: str) -> None:
    """It never reaches a container."""
    with pytest.raises(ValueError, match=r"empty|quotation"):
        run_health_command(FakeExec(0), PLACE, command)
