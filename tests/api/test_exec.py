"""Exec over the API server, on recorded sessions of a real cluster and on servers that misbehave."""

from __future__ import annotations

import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cx_conformance.api.exec import run
from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits
from cx_conformance.api.stream import ApiStreams
from cx_conformance.api.tally import Tally
from cx_conformance.outcome.looking import (
    CouldNotLook,
    Forbidden,
    NotServed,
    NoVantage,
    OutOfTime,
    Unauthorized,
    Unreachable,
)
from tests.api.stream_server import Seen, StreamServer, recorded, refusing, replay, silent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from websockets.asyncio.server import ServerConnection

PLACE = ContainerPlace(namespace="shop", pod="db-0", container="db")
SESSIONS = recorded("exec")
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'


def test_both_streams_and_the_exit_code_come_back_apart() -> None:
    """Standard output, standard error and exit code 0 are told apart."""
    with StreamServer(replay(SESSIONS["exit 0, both streams"])) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["sh", "-c", "echo out; echo err >&2"])
    assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 0)
    assert result.ending is Ending.EXITED


def test_the_command_goes_as_arguments_with_the_credentials() -> None:
    """Each argument is its own ``command`` parameter, unchanged; the token goes along."""
    with StreamServer(replay(SESSIONS["exit 0, both streams"])) as server:
        run(ApiStreams(server.configuration), PLACE, ["sh", "-c", "a & b; 'c' $d é"])
    (seen,) = server.sessions
    assert seen.path == "/api/v1/namespaces/shop/pods/db-0/exec"
    assert seen.query["command"] == ["sh", "-c", "a & b; 'c' $d é"]
    assert seen.query["container"] == ["db"]
    assert "stdin" not in seen.query
    assert seen.authorization == "Bearer planted-token"
    assert seen.protocol == "v5.channel.k8s.io"


def test_names_that_lead_elsewhere_are_one_part_of_the_path() -> None:
    """Whatever a false API server calls a pod, a namespace or a container."""
    place = ContainerPlace(namespace="../..", pod="x/../../../secrets?a=b#c", container="db&command=rm")
    with StreamServer(replay(SESSIONS["exit 0, both streams"])) as server:
        run(ApiStreams(server.configuration), place, ["sh"])
    (seen,) = server.sessions
    assert seen.path == "/api/v1/namespaces/..%2F../pods/x%2F..%2F..%2F..%2Fsecrets%3Fa%3Db%23c/exec"
    assert seen.query["container"] == ["db&command=rm"]
    assert seen.query["command"] == ["sh"]


@pytest.mark.parametrize(
    ("session", "code"), [("exit 3", 3), ("v4, exit 3", 3), ("killed by a signal", 137), ("both protocols offered", 0)]
)
def test_the_exit_code_is_the_programs(session: str, code: int) -> None:
    """The exit code is read from the Status of v5 and v4."""
    with StreamServer(replay(SESSIONS[session])) as server:
        assert run(ApiStreams(server.configuration), PLACE, ["sh"]).exit_code == code


def test_standard_input_is_sent_and_closed() -> None:
    """In v5 the input is followed by the close of its channel."""
    with StreamServer(replay(SESSIONS["stdin echoed and closed (v5)"])) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["cat"], stdin=b"hello\n")
    (seen,) = server.sessions
    assert seen.messages == [b"\x00hello\n", b"\xff\x00"]
    assert result.stdout == b"hello\n"


def test_output_is_binary_safe() -> None:
    """Bytes that are no text come through unchanged."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x01" + bytes(range(256)))
        await connection.send(SUCCESS)

    with StreamServer(play) as server:
        assert run(ApiStreams(server.configuration), PLACE, ["cat"]).stdout == bytes(range(256))


def test_a_program_that_is_not_there_is_no_vantage() -> None:
    """The runtime's long text becomes one sentence that names the program."""
    with (
        StreamServer(replay(SESSIONS["program not found"])) as server,
        pytest.raises(NoVantage, match=r"container db of pod shop/db-0 has no program /no/such"),
    ):
        run(ApiStreams(server.configuration), PLACE, ["/no/such"])


def ends(code: int, *said: bytes) -> Callable[[ServerConnection, Seen], Awaitable[None]]:
    """Return a session in which these messages come, and then an exit code."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        for one in said:
            await connection.send(one)
        causes = b'"details":{"causes":[{"reason":"ExitCode","message":"%d"}]}' % code
        await connection.send(b'\x03{"status":"Failure","reason":"NonZeroExitCode",' + causes + b"}")

    return play


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (126, 'OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown', "has no program sh"),
        (
            255,
            'msg="exec failed: unable to start container process: exec: \\"sh\\": executable file not found in $PATH"',
            "has no program sh",
        ),
        (1, "executable file `sh` not found in $PATH: No such file or directory", "has no program sh"),
        (255, "2026-11-29T10:00:00Z: executable file `sh` not found in $PATH", "has no program sh"),
        (255, "ERRO[0000] exec failed: cannot exec in a paused container", "could not be started.*paused container"),
    ],
    ids=["Docker", "CRI-O with runc", "CRI-O with crun", "CRI-O with a later crun", "paused"],
)
def test_a_runtime_that_fails_through_the_programs_exit_code_is_no_vantage(code: int, said: str, words: str) -> None:
    """The runtime's own text means that nothing ran, whichever code comes with it."""
    with StreamServer(ends(code, b"\x02" + said.encode())) as server, pytest.raises(NoVantage, match=words):
        run(ApiStreams(server.configuration), PLACE, ["sh"])


def test_a_program_that_complains_of_a_missing_one_was_started() -> None:
    """Its exit code is its own."""
    with StreamServer(ends(127, b"\x02sh: 1: curl: not found")) as server:
        assert run(ApiStreams(server.configuration), PLACE, ["sh"]).exit_code == 127


@pytest.mark.parametrize(
    ("session", "kind", "words"),
    [
        ("pod that does not exist", NoVantage, "pod shop/db-0 is gone"),
        ("container that does not exist", NoVantage, "container none is not valid"),
        ("two containers, none named", NoVantage, r"choose one of: \[native-sidecar app sidecar\]"),
        ("container not running", NoVantage, "waits to start or to restart"),
        ("container restarting", NoVantage, "waits to start or to restart"),
        ("pending pod", NoVantage, "is pending: no node runs it yet"),
        ("forbidden", Forbidden, "may not get pods/exec in namespace shop"),
    ],
)
def test_each_recorded_refusal_has_its_own_words(session: str, kind: type[CouldNotLook], words: str) -> None:
    """A refused exec says why, and is never an exit code."""
    with refusing(SESSIONS[session]) as server, pytest.raises(kind, match=words):
        run(ApiStreams(server.configuration), PLACE, ["true"])


def test_an_api_server_that_starts_says_nothing_of_rights() -> None:
    """It has not read its roles yet; the words are those of https://github.com/kubernetes/minikube/issues/11966."""
    roles = ("system:public-info-viewer", "cluster-admin", "system:discovery", "system:basic-user")
    lost = ", ".join(f'clusterrole.rbac.authorization.k8s.io "{one}" not found' for one in roles)
    said = f'pods "db-0" is forbidden: User "audit" cannot get resource "pods/exec" in API group "": RBAC: [{lost}]'
    status = {"kind": "Status", "status": "Failure", "message": said, "reason": "Forbidden", "code": 403}
    with StreamServer(ends(0), refuse=(403, json.dumps(status)), refusals=1) as server:
        assert run(ApiStreams(server.configuration), PLACE, ["true"]).exit_code == 0
    with (
        StreamServer(ends(0), refuse=(403, json.dumps(status))) as server,
        pytest.raises(Unreachable, match="not even the roles that every cluster has, as long as it starts"),
    ):
        run(ApiStreams(server.configuration), PLACE, ["true"])


def test_a_forbidden_exec_names_both_verbs() -> None:
    """From Kubernetes 1.35 on, get alone is not enough, so the message says both."""
    with refusing(SESSIONS["forbidden"]) as server, pytest.raises(Forbidden, match="needs both get and create"):
        run(ApiStreams(server.configuration), PLACE, ["true"])


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, '{"kind":"Status","message":"Unauthorized"}', Unauthorized, "does not accept the credentials"),
        (
            403,
            '{"kind":"Status","message":"admission webhook \\"no-exec\\" denied the request: exec is not allowed"}',
            NoVantage,
            "refused .*not for want of a right to pods/exec: admission webhook .*exec is not allowed",
        ),
        (
            422,
            '{"kind":"Status","message":"ValidatingAdmissionPolicy \'no-exec\' denied request: exec is not allowed"}',
            NoVantage,
            r"refused \(HTTP 422\), not for want of a right to pods/exec: .*denied request: exec is not allowed",
        ),
        (403, "<html>Forbidden by the gateway</html>", NoVantage, "refused .*Forbidden by the gateway"),
        (404, "404 page not found", NotServed, "has no pods/exec"),
        (404, "pod does not exist", NoVantage, "kubelet does not know pod shop/db-0"),
        (500, "rpc error: code = Unknown desc = container is in CONTAINER_EXITED state", NoVantage, "is not running"),
        (
            403,
            "Forbidden (user=kube-apiserver-kubelet-client, verb=create, resource=nodes, subresource=proxy)",
            Unreachable,
            "kubelet does not let the API server open exec .*system:kubelet-api-admin",
        ),
        (501, "not implemented", Unreachable, r"HTTP 501\): not implemented"),
        (502, "<html>Bad Gateway</html>", Unreachable, r"HTTP 502"),
        (302, "", Unreachable, r"HTTP 302"),
    ],
)
def test_other_refusals_keep_status_and_text(status: int, body: str, kind: type[CouldNotLook], words: str) -> None:
    """What a proxy or a foreign server answers is shown, not followed."""
    with StreamServer(silent, refuse=(status, body)) as server, pytest.raises(kind, match=words):
        run(ApiStreams(server.configuration), PLACE, ["true"])


TRANSLATED = "Internal error occurred: unable to upgrade connection: "
"""What an API server from Kubernetes 1.30 on puts before the words of a kubelet, having accepted the exec."""


def not_opened(said: str) -> bytes:
    """Return the Status in which an API server tells that it did not get to the container."""
    status = {"metadata": {}, "status": "Failure", "message": said, "reason": "InternalError", "code": 500}
    return b"\x03" + json.dumps(status).encode()


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (TRANSLATED + 'container not found ("db")', NoVantage, "waits to start or to restart"),
        (TRANSLATED + "pod does not exist", NoVantage, "kubelet does not know pod shop/db-0"),
        (TRANSLATED + "Unauthorized", Unreachable, r"kubelet does not let the API server open exec .*\(Unauthorized\)"),
        (
            TRANSLATED + "Forbidden (user=kubernetes, verb=create, resource=nodes, subresource=proxy)",
            Unreachable,
            "kubelet does not let the API server open exec .*system:kubelet-api-admin",
        ),
        (
            "Internal error occurred: error dialing backend: dial unix /crio.sock: connect: no such file or directory",
            Unreachable,
            "could not open exec to container db of pod shop/db-0: error dialing backend: .*no such file or directory",
        ),
        (
            'Internal error occurred: error sending request: Post "https://192.0.2.7:10250/": tls: internal error',
            Unreachable,
            "could not open exec to container db of pod shop/db-0: error sending request: .*tls: internal error",
        ),
        (TRANSLATED, Unreachable, "could not open exec to container db of pod shop/db-0"),
    ],
)
def test_a_refusal_that_comes_after_the_stream_was_accepted_is_told_as_before_it(
    said: str, kind: type[CouldNotLook], words: str
) -> None:
    """From Kubernetes 1.30 on; it is no program that could not be started, for nobody came so far."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(not_opened(said))

    with StreamServer(play) as server, pytest.raises(CouldNotLook, match=words) as told:
        run(ApiStreams(server.configuration), PLACE, ["sh"])
    assert isinstance(told.value, kind)


def test_a_way_to_the_node_that_fails_for_a_moment_is_tried_a_second_time() -> None:
    """As a streaming server that refuses one connection: https://github.com/kubernetes/kubernetes/issues/137877."""
    said = TRANSLATED + "error dialing backend: dial tcp 127.0.0.1:46033: connect: connection refused"
    answers = iter((not_opened(said), b"\x01there", not_opened(said), not_opened(said)))
    tally = Tally()

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(next(answers))
        await connection.send(SUCCESS)

    with StreamServer(play) as server:
        assert run(ApiStreams(server.configuration, tally), PLACE, ["cat"], stdin=b"sent").stdout == b"there"
        with pytest.raises(Unreachable, match="connection refused"):
            run(ApiStreams(server.configuration, tally), PLACE, ["cat"])
    assert (len(server.sessions), tally.retries) == (4, {"exec": 2})


def test_the_credentials_follow_no_redirect() -> None:
    """A login page that redirects gets the token once, and where it leads gets nothing."""
    with (
        StreamServer(silent) as elsewhere,
        StreamServer(silent, refuse=(302, ""), location=f"ws://localhost:{elsewhere.port}/") as server,
        pytest.raises(Unreachable, match="HTTP 302"),
    ):
        run(ApiStreams(server.configuration), PLACE, ["true"])
    assert elsewhere.sessions == []


def test_a_silent_program_ends_at_the_time_limit_and_keeps_what_came() -> None:
    """The limit ends the exec; the output until then is in the result."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x01before")
        await connection.wait_closed()

    with StreamServer(play) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["sh"], limits=ExecLimits(total_seconds=0.3))
    assert (result.ending, result.stdout, result.exit_code) == (Ending.OUT_OF_TIME, b"before", None)
    with pytest.raises(OutOfTime, match="the look did not end"):
        result.complete("the look")


def test_endless_output_is_cut_at_the_byte() -> None:
    """A program that prints without end is given up at the size limit, at once."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        while True:
            await connection.send(b"\x02" + b"y\n" * 16000)

    with StreamServer(play) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["yes"], limits=ExecLimits(output_bytes=100_001))
    assert (result.ending, len(result.stderr), result.exit_code) == (Ending.TOO_MUCH_OUTPUT, 100_001, None)
    with pytest.raises(NoVantage, match="printed too much"):
        result.complete("yes")


def test_a_container_that_restarts_during_the_exec_is_told() -> None:
    """A connection cut before the Status is no exit code 0."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x01half")
        connection.transport.abort()

    with StreamServer(play) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["sh"])
    assert (result.ending, result.stdout, result.exit_code) == (Ending.DROPPED, b"half", None)
    with pytest.raises(Unreachable, match="the container restarted, or the connection"):
        result.complete("the look")


@pytest.mark.parametrize(
    "said",
    [
        "Internal error occurred: error executing command in container: failed to exec in container: ttrpc: closed",
        "Internal error occurred: error reading from error stream: next reader: read tcp: connection reset by peer",
        "Internal error occurred: error sending request: read tcp 192.0.2.1:40132->192.0.2.7:10250: use of closed",
    ],
)
def test_an_exec_that_breaks_off_on_its_way_was_started(said: str) -> None:
    """From Kubernetes 1.30 on it is told in a Status, as what never began; what it printed until then is kept."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x01half")
        await connection.send(not_opened(said))

    with StreamServer(play) as server:
        result = run(ApiStreams(server.configuration), PLACE, ["sh"])
    assert (len(server.sessions), result.ending, result.stdout, result.exit_code) == (1, Ending.DROPPED, b"half", None)
    with pytest.raises(Unreachable, match=r"the look was cut off .*: the container restarted"):
        result.complete("the look")


@pytest.mark.parametrize("status", [b"", b"no json", b"[]", b'{"status":"Failure","details":{"causes":7}}'])
def test_a_status_that_is_none_is_not_an_exit_code(status: bytes) -> None:
    """Garbage where the Status should be raises, and passes for nothing."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x03" + status)

    with StreamServer(play) as server, pytest.raises(NoVantage, match="could not be started"):
        run(ApiStreams(server.configuration), PLACE, ["sh"])


def test_an_unreachable_api_server_is_named() -> None:
    """A refused connection to the API server is not the container's fault."""
    with StreamServer(silent) as server:
        configuration = server.configuration
    with pytest.raises(Unreachable, match=r"the API server http://127.0.0.1:\d+ cannot be reached"):
        run(ApiStreams(configuration), PLACE, ["true"])


def test_a_silent_api_server_ends_at_the_connect_limit() -> None:
    """A server that accepts and says nothing does not hang the run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with StreamServer(silent) as server:
            configuration = server.configuration
        configuration.host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable, match=r"did not open exec to .* within 0.3 s"):
            run(ApiStreams(configuration), PLACE, ["true"], limits=ExecLimits(connect_seconds=0.3))


def test_many_execs_at_once_do_not_disturb_each_other() -> None:
    """Forty concurrent execs each get their own output, and leave no thread."""

    async def play(connection: ServerConnection, seen: Seen) -> None:
        await connection.send(b"\x01" + seen.query["command"][1].encode())
        await connection.send(SUCCESS)

    with StreamServer(play) as server:
        before = threading.active_count()
        configuration = server.configuration
        with ThreadPoolExecutor(40) as pool:
            results = list(
                pool.map(lambda n: run(ApiStreams(configuration), PLACE, ["echo", str(n)]).stdout, range(40))
            )
        assert threading.active_count() == before
    assert results == [str(n).encode() for n in range(40)]


def test_the_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """The WebSocket library writes handshakes at DEBUG; none of it comes out."""
    with caplog.at_level(logging.DEBUG), StreamServer(replay(SESSIONS["exit 3"])) as server:
        run(ApiStreams(server.configuration), PLACE, ["sh"])
    assert not [each for each in caplog.records if each.name == "cx_conformance.websockets"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_a_second_time(status: int) -> None:
    """An API server that is busy, or whose kubelet dropped the connection, has begun nothing in the pod yet."""
    play = replay(SESSIONS["exit 0, both streams"])
    refused = (status, "error dialing backend: EOF")
    with StreamServer(play, refuse=refused, refusals=1) as server:
        assert run(ApiStreams(server.configuration), PLACE, ["true"]).exit_code == 0
    assert len(server.sessions) == 2


def test_what_does_not_pass_is_tried_no_third_time() -> None:
    """Nor is a refusal that will be the same tried again."""
    with StreamServer(silent, refuse=(503, "no agent available")) as busy, pytest.raises(Unreachable):
        run(ApiStreams(busy.configuration), PLACE, ["true"])
    with refusing(SESSIONS["forbidden"]) as server, pytest.raises(Forbidden):
        run(ApiStreams(server.configuration), PLACE, ["true"])
    assert (len(busy.sessions), len(server.sessions)) == (2, 1)
