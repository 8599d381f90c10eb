"""Health, judged by what pods answer, or by what the page's own command comes to in them."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import orjson
import pytest

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.api.tunnel import Trouble, TroubleReason, Tunnel
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import CouldNotLook, Forbidden, NoVantage
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of
from cx_conformance.probes.inquiry import RunExec
from cx_conformance.vantage.answers import HealthProbes
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.reach import Reach, Way
from tests.checks.installation import FQDN, Installation, blueprint, released
from tests.probes.authority import Authority
from tests.probes.inquired import Inquired, section
from tests.probes.targets import answering, http, listening, over_tls, resets
from tests.vantage.late_tunnel import LATE

DOWN = b"""{"status": "DOWN", "components": {
  "mongo": {"status": "DOWN", "details": {"error": "Timed out after 30000 ms"}}, "ping": {"status": "UP"}}}"""
Answer = Callable[[socket.socket], None]
COMMAND = "'curl -fsk https://localhost:8443/api/SystemInfo' in pod expertflow/ef-file-engine-"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority for this test."""
    return Authority(tmp_path)


class OneServer:
    """Every pod's port leads to one server."""

    def __init__(self, port: int, tunnel: object = None) -> None:
        """Lead to ``port`` of this machine, by what stands for a tunnel."""
        self._port = port
        self._tunnel = cast("Tunnel | None", tunnel)

    def to(self, pod: Pod, port: int) -> Way:
        """Return the way."""
        return Way(pod, port, ("127.0.0.1", self._port), self._tunnel)


class TunnelToAClosedPort:
    """A tunnel that has met a closed port."""

    trouble = Trouble(reason=TroubleReason.CLOSED_PORT, words="port 8081 of pod expertflow/ef-ccm-0 is closed")

    def raise_trouble(self, *, silent: bool) -> None:
        """Raise nothing: a closed port was looked at."""


def ends(*codes: int, printed: bytes = b"", shell: bool = True) -> tuple[RunExec, list[Sequence[str]]]:
    """Let a command print and end with these statuses, one after the other and the last again; note what is run.

    Without a ``shell`` each is an exec of its own; with one the script runs them all, here as there.
    """
    ran: list[Sequence[str]] = []

    def once(argv: Sequence[str]) -> int:
        ran.append(argv)
        return codes[min(len(ran), len(codes)) - 1]

    def answer(_: str, __: int, rest: tuple[str, ...]) -> bytes:
        wanted, tries, passed, failed, said = int(rest[0]), int(rest[1]), 0, 0, b""
        while passed < wanted and failed < tries:
            code = once(rest[2:])
            passed, failed = (passed, failed + 1) if code else (passed + 1, failed)
            passed = 0 if code else passed
            said += section(printed.decode(), f"{code} 1")
        return said

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        if argv[0] == "sh" and not shell:
            raise NoVantage("the container has no program sh that can be run")
        if argv[0] == "sh":
            return Inquired(answer)(place, argv, stdin, limits)
        code = once(argv)
        return ExecResult(stdout=printed, stderr=b"", exit_code=code, ending=Ending.EXITED, milliseconds=1.0)

    return run, ran


def refusing(reason: Exception) -> RunExec:
    """Let no command be run."""

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        raise reason

    return run


def judged(component: str, answer: Answer, run: RunExec, consecutive: int = 1, tunnel: object = None) -> Outcome:
    """Serve a component's pods by ``answer``, let ``run`` be its exec, and judge its health."""
    (outcome,) = all_judged(component, answer, run, promised=blueprint(), consecutive=consecutive, tunnel=tunnel)
    return outcome


def all_judged(
    component: str,
    answer: Answer,
    run: RunExec,
    *,
    promised: Blueprint,
    consecutive: int = 1,
    tunnel: object = None,
) -> list[Outcome]:
    """Judge each of its health endpoints."""
    known = promised is blueprint()
    manifests = None if known else orjson.dumps(reference_installation(promised, fqdn=FQDN))
    site = {"components": {"only": [component]}}
    installation = Installation(site=site, manifests=manifests, promised=promised)
    plan = Plan(promised, installation.site)
    seen = Seen(installation.snapshot(plan), plan)
    pool, inquiries = ProbePool(at_once=4), Inquiries(run)
    with listening(answer) as port:
        reach = cast("Reach", OneServer(port, tunnel))
        installation.probes["health_probes"] = HealthProbes(seen, reach, pool, inquiries, consecutive)
        outcomes = installation.outcomes("CX601")
    inquiries.close()
    pool.close()
    return outcomes


NO_EXEC = refusing(AssertionError("nothing is run"))


def test_a_component_that_answers_as_documented_is_healthy() -> None:
    """Nothing is run in it where no command is documented."""
    outcome = judged("ccm", answering(http("200 OK", b'{"status":"UP"}')), NO_EXEC)
    assert (outcome.result, outcome.vantage) == (Result.PASS, "direct")


def test_an_unhealthy_component_names_what_it_lacks() -> None:
    """Of an actuator's body the failing part is told, with its reason."""
    outcome = judged("ccm", answering(http("503 Service Unavailable", DOWN)), NO_EXEC)
    assert outcome.result is Result.FAIL
    assert outcome.message.endswith("answers 503 of promised 200: mongo is DOWN (Timed out after 30000 ms)")


def test_a_component_whose_endpoints_are_all_down_is_one_cause() -> None:
    """Of 5.1 liveness and readiness are documented; a process that hangs or fails answers alike at both."""
    for answer in (http("503 Service Unavailable", DOWN), http("500 Internal Server Error", b"")):
        told = all_judged("ccm", answering(answer), NO_EXEC, promised=released("5.1"))
        assert [one.result for one in told] == [Result.FAIL, Result.FAIL], told[0].message
        (cause,) = causes_of(told)
        assert "at http:8081 answers 50" in cause.words


def test_a_component_that_says_it_is_down_is_not_healthy_although_the_status_is_good() -> None:
    """Some components answer 200 whatever they say; Spring shows no parts unless it is told to."""
    outcome = judged("ccm", answering(http("200 OK", DOWN)), NO_EXEC)
    assert outcome.result is Result.FAIL
    assert "answers 200, and says of itself that it is DOWN: mongo is DOWN" in outcome.message
    outcome = judged("ccm", answering(http("200 OK", b'{"status":"DOWN"}')), NO_EXEC)
    assert outcome.message.endswith("answers 200, and says of itself that it is DOWN")


def test_a_part_that_is_down_in_a_component_that_is_up_is_noted() -> None:
    """It says itself that it can do without."""
    outcome = judged("ccm", answering(http("200 OK", DOWN.replace(b"DOWN", b"UP", 1))), NO_EXEC)
    assert outcome.result is Result.PASS
    assert "answers 200, and says: mongo is DOWN" in outcome.evidence["notes"][0]


def test_the_pages_own_command_is_run_where_curl_is() -> None:
    """As it stands, with a time limit, in the component's container."""
    run, ran = ends(0)
    outcome = judged("file-engine", answering(http("500 Oops")), run)
    assert (outcome.result, outcome.vantage) == (Result.PASS, "exec")
    assert [" ".join(argv) for argv in ran] == [
        "curl --noproxy * --max-time 10 -fsk https://localhost:8443/api/SystemInfo"
    ]


def test_a_command_that_is_content_with_a_component_that_is_down_is_not_believed() -> None:
    """It looks at the status only."""
    outcome = judged("file-engine", answering(http("200 OK")), ends(0, printed=b'{"status": "DOWN"}')[0])
    assert outcome.result is Result.FAIL
    assert outcome.message.endswith("succeeded, and the component says of itself that it is DOWN")


def test_in_a_container_without_a_shell_the_command_is_run_by_itself() -> None:
    """It needs none."""
    run, ran = ends(22, shell=False)
    outcome = judged("file-engine", answering(http("200 OK")), run)
    assert (outcome.result, outcome.vantage, outcome.tries) == (Result.FAIL, "exec", 2)
    assert len(ran) == 2


def test_a_command_that_fails_says_how_and_what_the_request_came_to() -> None:
    """What curl says is little: the same request is made from elsewhere, too."""
    run, ran = ends(35)
    outcome = judged("file-engine", answering(http("400 Bad Request")), run)
    assert outcome.result is Result.FAIL
    assert COMMAND in outcome.message
    assert "ended with status 35" in outcome.message
    assert "asked over direct" in outcome.message
    assert "HTTPS promised, HTTP answered" in outcome.message
    assert (outcome.tries, len(ran)) == (2, 2)


@pytest.mark.parametrize("reason", [NoVantage("pod x has no curl"), Forbidden("create", "pods/exec", "expertflow")])
def test_without_curl_the_same_request_is_made_and_the_reason_noted(authority: Authority, reason: CouldNotLook) -> None:
    """The vantage is the one that answered."""
    server = over_tls(authority.server("localhost"), answering(http("200 OK")))
    outcome = judged("file-engine", server, refusing(reason))
    assert (outcome.result, outcome.vantage) == (Result.PASS, "direct")
    assert str(reason) in outcome.evidence["notes"][0]


def test_several_passes_in_a_row_can_be_wanted_of_a_command() -> None:
    """One failure in between starts the count again."""
    run, ran = ends(0, 22, 0)
    outcome = judged("file-engine", answering(http("200 OK")), run, consecutive=3)
    assert (outcome.result, outcome.tries, len(ran)) == (Result.PASS, 5, 5)


def test_several_passes_in_a_row_can_be_wanted_of_a_request() -> None:
    """So many requests are made."""
    outcome = judged("ccm", answering(http("200 OK")), NO_EXEC, consecutive=3)
    assert (outcome.result, outcome.tries) == (Result.PASS, 3)


def test_a_port_that_is_closed_in_the_pod_is_told_as_that() -> None:
    """A tunnel's local end accepts and resets; what is wrong is that nothing listens in the pod."""
    outcome = judged("ccm", resets, refusing(NoVantage("unasked")), tunnel=TunnelToAClosedPort())
    assert outcome.result is Result.FAIL
    assert "gives no answer: port 8081 of pod expertflow/ef-ccm-0 is closed" in outcome.message


def test_a_reset_behind_a_tunnel_that_was_long_in_opening_is_the_pods_own() -> None:
    """However long the way took, it is no reason why the pod ended the connection."""
    assert judged("ccm", resets, NO_EXEC, tunnel=LATE).result is Result.FAIL


LOGIN_PAGE = b"<!DOCTYPE html><html><title>Sign in</title></html>"


@pytest.mark.parametrize(
    ("component", "run"),
    [("ccm", NO_EXEC), ("file-engine", ends(0, printed=LOGIN_PAGE)[0])],
    ids=["a request", "the page's own command"],
)
def test_a_web_page_from_a_health_endpoint_is_noted(component: str, run: RunExec) -> None:
    """Login pages, and servers that give their own page for every path, answer 200 too; no other body is promised."""
    outcome = judged(component, answering(http("200 OK", LOGIN_PAGE)), run)
    assert outcome.result is Result.PASS
    assert "with a web page, not as to the health of a component" in " ".join(outcome.evidence["notes"])


def test_a_component_whose_documented_health_is_its_page_answers_with_one() -> None:
    """Browser-facing components have no other."""
    outcome = judged("customer-widget", answering(http("200 OK", LOGIN_PAGE)), NO_EXEC)
    assert outcome.result is Result.PASS
    assert "notes" not in outcome.evidence


def leading(to: str, there: bytes) -> Answer:
    """Return a server that leads all others than those who ask for ``to`` there."""

    def answer(peer: socket.socket) -> None:
        path = peer.recv(65536).split(b" ")[1].decode()
        moved = http("301 Moved Permanently", location=f"https://{FQDN}{to}")
        peer.sendall(there if path == to else moved)

    return answer


@pytest.mark.parametrize(
    ("to", "there", "words"),
    [
        ("/grafana/api/health", http("200 OK", b'{"database": "ok"}'), None),
        ("/grafana/api/health", http("503 No", b'{"database": "failing"}'), "answers 503 of promised 200"),
        ("/login", http("200 OK", b"ok"), "answers 301 of promised 200 (leads to https://cx.example.com/login)"),
    ],
    ids=["well", "not well", "a login"],
)
def test_a_component_that_leads_to_itself_below_another_path_is_asked_there(
    to: str, there: bytes, words: str | None
) -> None:
    """Grafana 10 does so whose ``serve_from_sub_path`` is on, as it may be where all know it under /grafana."""
    outcome = judged("grafana", leading(to, there), NO_EXEC)
    assert outcome.result is (Result.FAIL if words else Result.PASS), outcome.message
    assert (words or "") in outcome.message
    assert ("leads to /grafana/api/health, where it was asked again" in str(outcome.evidence.get("notes"))) == (
        to != "/login"
    )
