"""Further ports of stores, judged by what was heard on them."""

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.probes.stores.observation import Finding, Level, PortObservation, StoreObservation
from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.vantage.reach import Way
from cx_conformance.vantage.store_asked import StoreAsked
from tests.checks.installation import Installation, blueprint


class Answered:
    """Stands for the probes: ActiveMQ with one further port that was looked at."""

    def __init__(self, asked: StoreAsked) -> None:
        self.asked = asked

    def beside(self, _: object) -> StoreAsked:
        """Return what was answered."""
        return self.asked

    of = beside


def judged(finding: Finding, port: int = 61616, told: frozenset[str] = frozenset()) -> Outcome:
    """Judge one port of ActiveMQ."""
    installation = Installation()
    plan = Plan(blueprint(), installation.site)
    pod = Seen(installation.snapshot(plan), plan).pods(plan.components["activemq"])[0]
    heard = PortObservation(address=f"amq:{port}", promised="OpenWire", speaks=None, finding=finding)
    asked = StoreAsked(
        observation=StoreObservation(
            store="activemq",
            address="amq:61613",
            findings={level: Finding(ok=True, words="so it is") for level in Level},
            ports=(heard,),
        ),
        vantage="port-forward",
        pod=pod.name,
        secure=False,
        without_login=None,
        told_ports=told,
        others={port: Way(pod, port, ("127.0.0.1", 1))},
    )
    installation.probes |= {"store_probes": Answered(asked), "health_probes": None}
    return installation.outcome("CX807", "activemq", f"ef-amq:{port}")


def test_a_port_that_answers_passes() -> None:
    """What it speaks is in the evidence."""
    ended = judged(Finding(ok=True, words="amq:61616 speaks OpenWire"))

    assert ended.result is Result.PASS
    assert ended.evidence["found"] == "amq:61616 speaks OpenWire"
    assert ended.evidence["promised"] == "port 61616 answers"
    assert (ended.evidence["object"], ended.vantage) == ("pod ef-amq-0", "port-forward")


def test_a_port_that_speaks_something_else_is_named_in_a_note() -> None:
    """No document promises what each port speaks in each release."""
    words = "amq:61616 does not speak OpenWire, it speaks TLS"
    ended = judged(Finding(ok=False, kind=Kind.WRONG_PROTOCOL, words=words))

    assert ended.result is Result.PASS
    assert ended.evidence["notes"] == [words]


def test_a_certificate_counts_on_a_port_that_components_use() -> None:
    """Releases before TLS ship one that nobody looks at."""
    finding = Finding(ok=False, kind=Kind.TLS, words="the certificate of amq:61616 is not accepted")
    unused, used = judged(finding), judged(finding, told=frozenset({"61616"}))

    assert (unused.result, used.result) == (Result.PASS, Result.FAIL)
    assert unused.evidence["notes"] == [finding.words]


@pytest.mark.parametrize("kind", [Kind.REFUSED, Kind.TIMED_OUT])
def test_a_port_that_refuses_or_stays_silent_is_found(kind: Kind) -> None:
    """Components that use it get no further."""
    ended = judged(Finding(ok=False, kind=kind, words="amq:61616 gives nothing"))

    assert ended.result is Result.FAIL
    assert ended.message == "amq:61616 gives nothing"


def test_a_port_that_could_not_be_asked_is_an_error() -> None:
    """Nothing is known of it."""
    ended = judged(Finding(ok=None, kind=Kind.GAVE_UP, words="the client stopped"))

    assert ended.result in (Result.ERROR, Result.BLOCKED)
    assert "the client stopped" in (ended.message, ended.evidence.get("seen"))
