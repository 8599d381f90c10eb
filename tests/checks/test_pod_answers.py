"""What is told of the answers of pods, judged on answers that were made up."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.health_command import CommandObservation
from cx_conformance.probes.http_observation import HttpObservation
from cx_conformance.vantage.answers import PodAnswer, PodCommand
from cx_conformance.vantage.knocking import PodPort
from tests.checks.installation import Installation, blueprint

WHERE = "pod expertflow/a at http:8081/actuator/health"
DOWN = b'{"status": "DOWN", "components": {"mongo": {"status": "DOWN"}}}'


@cache
def pod(name: str, component: str = "ccm") -> Pod:
    """Return a pod of a component under another name."""
    installation = Installation()
    plan = Plan(blueprint(), installation.site)
    return replace(Seen(installation.snapshot(plan), plan).pods(plan.components[component])[0], name=name)


def answer(name: str = "a", *, component: str = "ccm", vantage: str = "direct", **seen: Any) -> PodAnswer:
    """Return what a pod answered: 200 where nothing else is said."""
    told: dict[str, Any] = {"url": "http://localhost", "status": 200} | seen
    return PodAnswer(pod(name, component), vantage, HttpObservation(**told), "http")


def judged(*answers: PodAnswer | PodCommand, component: str = "ccm") -> Outcome:
    """Judge the health of a component whose pods answered so."""
    installation = Installation()
    installation.probes["health_probes"] = SimpleNamespace(answers=lambda _: answers)
    return installation.outcome("CX601", component)


def command(status: int, explained: PodAnswer | None) -> PodCommand:
    """Return what the page's command came to, and what the request did from elsewhere."""
    ran = CommandObservation(
        argv=("curl",), exit_code=status, output="", words=f"it ended with {status}", milliseconds=4
    )
    return PodCommand(pod("a", "file-engine"), ran, explained)


def test_every_pod_is_told_with_its_answer_and_how_it_was_asked() -> None:
    """The vantages are each named once, and the most tries count."""
    outcome = judged(
        answer("a", milliseconds=12.34, tries=2), answer("b", milliseconds=7.07), answer("c", vantage="port-forward")
    )
    assert outcome.result is Result.PASS
    assert outcome.evidence == {
        "promised": "200 from http:8081/actuator/health",
        "found": {"a": 200, "b": 200, "c": 200},
        "ms": {"a": 12.3, "b": 7.1, "c": 0.0},
    }
    assert (outcome.vantage, outcome.tries) == ("direct, port-forward", 2)


def test_one_pod_of_several_that_is_ill_breaks_the_promise() -> None:
    """It is named, and no other is."""
    outcome = judged(answer("b"), answer(status=503, reason="Service Unavailable", body=b"no  database"))
    assert (outcome.result, outcome.message) == (
        Result.FAIL,
        f"{WHERE} answers 503 of promised 200: no database",
    )


def test_every_pod_that_is_ill_is_told_with_each_part_that_fails() -> None:
    """One sentence for each pod."""
    two = b'{"status": "DOWN", "components": {"db": {"status": "DOWN"}, "mongo": {"status": "DOWN"}}}'
    outcome = judged(answer(status=503, body=two), answer("b", status=500, body=b"oops"))
    assert outcome.message == (
        f"{WHERE} answers 503 of promised 200: db is DOWN, mongo is DOWN; "
        "pod expertflow/b at http:8081/actuator/health answers 500 of promised 200: oops"
    )


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (
            {"status": 302, "headers": {"location": "/login"}, "body": b"moved"},
            " of promised 200 (leads to /login): moved",
        ),
        ({"status": 503, "body": DOWN, "words": "it failed"}, " of promised 200: mongo is DOWN"),
        ({"status": 400, "body": b"<html>", "words": "HTTPS promised"}, " of promised 200: HTTPS promised"),
    ],
)
def test_another_status_is_told_with_what_is_said_best(seen: dict[str, Any], words: str) -> None:
    """The part that fails, else why the answer does not count, else how the body begins; and where it leads."""
    outcome = judged(answer(**seen))
    assert outcome.message == f"{WHERE} answers {seen['status']}{words}"


def test_no_answer_is_told_with_its_reason() -> None:
    """It stands for the status, too; the tunnel's local end is left out, for it is another one every night."""
    outcome = judged(answer(status=None, words="ccm:8081 refuses connections (through 127.0.0.1:43210)"))
    assert outcome.message == f"{WHERE} gives no answer: ccm:8081 refuses connections"
    assert outcome.evidence["found"] == {"a": "ccm:8081 refuses connections"}


@pytest.mark.parametrize(
    ("milliseconds", "notes"),
    [(2500, []), (2501, ["pod a took 2.5 s to answer"]), (90_000, ["pod a took 90.0 s to answer"])],
)
def test_an_answer_that_takes_longer_than_two_and_a_half_seconds_is_noted(
    milliseconds: float, notes: list[str]
) -> None:
    """It is healthy, and will be the first to be called slow."""
    outcome = judged(answer(milliseconds=milliseconds))
    assert (outcome.result, outcome.evidence.get("notes", [])) == (Result.PASS, notes)


@pytest.mark.parametrize("status", ["DOWN", "OUT_OF_SERVICE"])
def test_a_component_that_says_of_itself_that_it_is_down_is_not_healthy(status: str) -> None:
    """Spring Boot may be told to answer 200 all the same; the part that is down is named."""
    said = b'{"status": "%s", "components": {"mongo": {"status": "DOWN"}}}' % status.encode()
    outcome = judged(answer("b"), answer(body=said))
    assert (outcome.result, outcome.message) == (
        Result.FAIL,
        f"{WHERE} answers 200, and says of itself that it is {status}: mongo is DOWN",
    )
    cut = judged(answer(body=said[:40] + b" " * 99, body_is_whole=False))
    assert cut.message == f"{WHERE} answers 200, and says of itself that it is {status}"


def test_a_body_that_was_cut_is_noted_and_the_part_that_fails_too() -> None:
    """Both beside a good status of the whole, which counts."""
    outcome = judged(answer(body=DOWN.replace(b"DOWN", b"UP", 1), body_is_whole=False))
    assert (outcome.result, outcome.evidence["notes"]) == (
        Result.PASS,
        [
            "pod a answers with a body that does not end, or a large one; it was cut",
            f"{WHERE} answers 200, and says: mongo is DOWN",
        ],
    )


def test_a_body_that_is_broken_off_is_no_healthy_answer() -> None:
    """A kubelet takes it for a failure, and so does curl."""
    outcome = judged(answer(body=b'{"status": "U', body_is_whole=False, broken_off=True))
    assert outcome.message == f"{WHERE} answers 200, and hangs up before the end of its body (13 bytes came)"


def test_a_body_that_must_say_something_is_read() -> None:
    """Grafana's holds ``ok``, as its documentation has it; nothing is asked of other components' bodies."""
    assert judged(answer(component="grafana", body=b'{"database": "ok"}'), component="grafana").result is Result.PASS
    ended = judged(answer(component="grafana", body=b'{"database": "locked"}'), component="grafana")
    assert ended.message.endswith('answers without the promised \'ok\': {"database": "locked"}')
    assert judged(answer(body=b"anything")).result is Result.PASS


def test_a_scheme_that_is_accepted_is_noted() -> None:
    """Charts of older releases serve MinIO without TLS."""
    ended = judged(answer(component="minio"), component="minio")
    reason = "charts of older releases serve it without TLS"
    assert ended.evidence["notes"] == [f"answers on http, which is accepted: {reason}"]


def test_a_command_that_fails_is_told_with_what_is_known_from_elsewhere() -> None:
    """A good answer there is told as well: it is the command's own surroundings then."""
    good, bad = answer(component="file-engine"), answer(component="file-engine", status=503, body=b"down")
    good, bad = (replace(one, scheme="https") for one in (good, bad))
    where = "pod expertflow/a at https:8443/api/SystemInfo"
    told = [judged(command(7, one), component="file-engine") for one in (None, good, bad)]
    assert [(one.result, one.message) for one in told] == [
        (Result.FAIL, "it ended with 7"),
        (Result.FAIL, "it ended with 7; asked over direct: answers 200"),
        (
            Result.FAIL,
            f"it ended with 7; asked over direct: {where} answers 503 of promised 200: down",
        ),
    ]
    assert {one.evidence["found"]["a"] for one in told} == {"it ended with 7"}


def test_a_command_that_ran_out_of_time_is_no_answer() -> None:
    """The same request from elsewhere was answered: the container was starved; where it was not, that counts."""
    good = replace(answer(component="file-engine"), scheme="https")
    kept = judged(command(28, good), component="file-engine")
    assert (kept.result, kept.evidence["notes"]) == (
        Result.PASS,
        ["it ended with 28; asked over direct it answers 200"],
    )
    bad = replace(answer(component="file-engine", status=None, words="no answer within 10 s"), scheme="https")
    assert judged(command(28, bad), component="file-engine").result is Result.FAIL


def test_a_pod_that_did_not_tell_its_scheme_in_time_is_not_ill() -> None:
    """It is an error with both reasons; a pod that is ill beside it is still found."""
    untold = replace(
        answer(component="minio", status=None), untold="it hung up, and whether http was not known in time"
    )
    ended = judged(untold, component="minio")
    assert (ended.result, "whether http was not known in time" in ended.message) == (Result.ERROR, True)
    assert judged(untold, answer("b", component="minio", status=503), component="minio").result is Result.FAIL


def test_a_command_that_succeeds_is_told_and_asks_no_more() -> None:
    """Its words stand for the answer."""
    ended = judged(command(0, None), component="file-engine")
    assert (ended.result, ended.evidence["found"], ended.vantage) == (Result.PASS, {"a": "it ended with 0"}, "exec")


def knocked(*ports: PodPort) -> Outcome:
    """Judge a port of Redis's that its pods take, or do not."""
    installation = Installation()
    installation.probes["health_probes"] = SimpleNamespace(ports=lambda _: ports)
    return installation.outcome("CX602", "redis")


NO_ENDPOINT = "no health endpoint is documented: seen are the pod's readiness and an accepted connection"


def test_a_port_that_accepts_passes_and_no_more_is_claimed() -> None:
    """The note says that nothing else is known."""
    one, other = (PodPort(pod(name), way, True, "accepts") for name, way in (("a", "direct"), ("b", "port-forward")))
    ended = knocked(one, other)
    assert ended.result is Result.PASS
    assert ended.evidence == {
        "promised": "port 6379 accepts",
        "found": {"a": "accepts", "b": "accepts"},
        "notes": [NO_ENDPOINT],
    }
    assert ended.vantage == "direct, port-forward"


def test_a_port_that_one_of_several_pods_refuses_is_found() -> None:
    """The pod that is deaf is named."""
    words = [f"port 6379 of pod expertflow/{one}" for one in ("b refuses connections", "c is silent")]
    deaf, silent = (PodPort(pod(name), "direct", False, why) for name, why in zip("bc", words, strict=True))
    ended = knocked(PodPort(pod("a"), "direct", True, "accepts"), deaf)
    assert (ended.result, ended.message) == (Result.FAIL, words[0])
    assert ended.vantage == "direct"
    assert knocked(deaf, silent).message == "; ".join(words)
