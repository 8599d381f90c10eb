"""Each trouble of a call edge has its own outcome and words, and none of them holds up the others or the run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.run.options import Options
from cx_conformance.run.run import Run
from cx_conformance.sandbox.cluster import EmbeddedCluster
from tests.checks.installation import blueprint


@dataclass(frozen=True)
class Trouble:
    """A fault, an edge that it troubles, and what is then said of that edge by its name and by its port."""

    fault: str
    edge: str
    name: tuple[Result, str]
    """How CX701, of the callee's name, ends."""
    port: tuple[Result, str]
    """How CX702, of its port, ends."""


P, F, E, B = Result.PASS, Result.FAIL, Result.ERROR, Result.BLOCKED
KEPT = (P, "^$")
NOT_SEEN = (B, "^blocked: CX701 ")

TROUBLES = (
    # Of the callee: every caller sees it.
    Trouble("edge-refused:bot-framework", "ccm -> bot-framework:8082", KEPT, (F, r"is refused by .*:8082 \(127")),
    Trouble("edge-hang:routing-engine", "bot-framework -> routing-engine:8081", KEPT, (F, "got no answer from ef-rou")),
    Trouble("edge-reset:license-manager", "agent-manager -> license-manager:8888", KEPT, KEPT),
    Trouble("lookup-slow:cim-customer", "agent-manager -> cim-customer:8080", KEPT, KEPT),
    Trouble(
        "lookup-too-slow:conversation-manager",
        "agent-manager -> conversation-manager:8080",
        (F, "got no answer from DNS for "),
        NOT_SEEN,
    ),
    Trouble(
        "name-not-resolvable:file-engine",
        "unified-admin -> file-engine:8443",
        (F, "cannot resolve .*no such"),
        NOT_SEEN,
    ),
    Trouble(
        "wrong-address:unified-admin",
        "agent-manager -> unified-admin:3000",
        (F, r"resolves to 127\.255\.255\.254 of promised 127\."),
        NOT_SEEN,
    ),
    # Of the caller: nothing is said of the callee.
    Trouble("no-shell:360-connector", "360-connector -> ccm:8081", (E, "has no program sh that can be run"), NOT_SEEN),
    Trouble("no-tools:web-channel-manager", "web-channel-manager -> ccm:8081", (E, "has none of bash, nc, "), NOT_SEEN),
    Trouble(
        "shell-talks-garbage:customer-widget", "customer-widget -> ccm:8081", (E, "no readable line .*xff"), NOT_SEEN
    ),
    Trouble(
        "shell-floods:twillio-connecctor", "twillio-connector -> ccm:8081", (E, "printed too much: .* bytes"), NOT_SEEN
    ),
    Trouble(
        "shell-forges:unified-agent",
        "unified-agent -> agent-manager:3000",
        (E, "no readable line .*connects"),
        NOT_SEEN,
    ),
    Trouble(
        "shell-hangs:facebook-connector",
        "facebook-connector -> ccm:8081",
        (E, "did not end: it was given up"),
        NOT_SEEN,
    ),
    Trouble(
        # It restarts at its first output, which is not of this call: that one hangs.
        "container-restarts:conversation-manager",
        "conversation-manager -> routing-engine:8081",
        (E, "was cut off .*the container restarted"),
        NOT_SEEN,
    ),
)


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedCluster]:
    """Keep one embedded cluster up that has all of these troubles at once, each at a component of its own."""
    faults = [one.fault for one in TROUBLES]
    with EmbeddedCluster(reference_installation(blueprint(), seed=1), faults) as cluster:
        yield cluster


def judged(kubeconfig: Path) -> dict[tuple[str, str], Outcome]:
    """Judge every edge's name and port in one run, and return the outcomes by check and edge."""
    run = Run(Options(kubeconfig=str(kubeconfig), only=("CX701", "CX702")))
    run.judge.register(all_checks())
    try:
        return {
            (check, entry.id): run.judge.outcome(run.judge.checks[check], entry, run.looked)
            for check in ("CX701", "CX702")
            for entry in run.plan.entries("edge")
        }
    finally:
        run.close()


@pytest.fixture(scope="module")
def outcomes(embedded: EmbeddedCluster) -> dict[tuple[str, str], Outcome]:
    """Return how every edge ended in one run."""
    return judged(embedded.kubeconfig)


@pytest.mark.parametrize("trouble", TROUBLES, ids=[one.fault.partition(":")[0] for one in TROUBLES])
def test_each_trouble_has_its_own_outcome_and_words(outcomes: dict[tuple[str, str], Outcome], trouble: Trouble) -> None:
    """All troubles are there at once, and each is told where it is."""
    for check, (result, words) in (("CX701", trouble.name), ("CX702", trouble.port)):
        outcome = outcomes[check, trouble.edge]
        assert outcome.result is result, outcome.message
        assert re.search(words, outcome.message)


def test_what_nothing_troubles_is_reached(outcomes: dict[tuple[str, str], Outcome]) -> None:
    """A caller whose other calls hang or are refused still reaches those that are well."""
    for edge in ("agent-manager -> ccm:8081", "bot-framework -> redis:6379", "ccm -> redis:6379"):
        assert outcomes["CX702", edge].result is Result.PASS, outcomes["CX702", edge].message


def test_a_forbidden_exec_is_told_with_what_to_grant(embedded: EmbeddedCluster) -> None:
    """An account without pods/exec sees none of the edges, and each says so."""
    embedded.inject("exec-forbidden")
    outcome = judged(embedded.kubeconfig)["CX701", "agent-manager -> ccm:8081"]
    assert outcome.result is Result.ERROR
    assert "may not get pods/exec in namespace expertflow" in outcome.message
