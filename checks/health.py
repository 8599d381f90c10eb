"""Health: what components say of themselves, asked of every ready pod."""

from typing import Final

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.check import check
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.vantage.answers import HealthProbes

SLOW_MS: Final = 2500
"""A healthy answer that takes longer is noted."""


@check(
    "CX601",
    "Health endpoint answers",
    severity=Severity.CRITICAL,
    remedy="kubectl logs the pod; a component that is up and unhealthy says there what it lacks",
    rests_on=("CX101", "CX103", "CX104"),
)
def check_health(health: Entry[Health], health_probes: HealthProbes, evidence: Evidence) -> None:
    """The documented health endpoint of every ready pod answers as documented, over the documented scheme."""
    promised = health.of
    answers = health_probes.answers(health)
    evidence.promised = f"{promised.status} from {promised.scheme}:{promised.port}{promised.path}"
    evidence.vantage = answers[0].vantage
    evidence.tries = max(one.seen.tries for one in answers)
    evidence.found = {one.pod.name: one.seen.status or one.words for one in answers}
    evidence.details["ms"] = {one.pod.name: round(one.seen.milliseconds, 1) for one in answers}
    if answers[0].scheme != promised.scheme:
        evidence.note(f"answers on {answers[0].scheme}, which is accepted: {promised.why}")
    for one in answers:
        where = f"pod {one.pod.where} at {promised.scheme}:{promised.port}{promised.path}"
        seen = one.seen
        assert seen.status is not None, f"{where} gives no answer: {one.words}"
        led = f" (leads to {seen.location})" if seen.location else ""
        assert seen.status == promised.status, (
            f"{where} answers {seen.status} of promised {promised.status}{led}: {one.words or seen.excerpt()}"
        )
        if seen.milliseconds > SLOW_MS:
            evidence.note(f"pod {one.pod.name} took {seen.milliseconds / 1000:.1f} s to answer")
        if not seen.body_is_whole:
            evidence.note(f"pod {one.pod.name} answers with a body that does not end, or a large one; it was cut")
        if promised.body_contains:
            assert promised.body_contains in seen.text, (
                f"{where} answers without the promised {promised.body_contains!r}: {seen.excerpt()}"
            )


@check(
    "CX602",
    "Port accepts",
    severity=Severity.CRITICAL,
    remedy="kubectl logs the pod; the process does not listen on the port that its Service leads to",
    rests_on=("CX101", "CX103", "CX104"),
)
def check_port(port_only: Entry[ServicePort], health_probes: HealthProbes, evidence: Evidence) -> None:
    """Where no health endpoint is documented, the pod is ready and its port accepts a connection; no more is known."""
    ports = health_probes.ports(port_only)
    number = port_only.of.container_port
    evidence.promised = f"port {number} accepts"
    evidence.vantage = ports[0].vantage
    evidence.found = {one.pod.name: one.words for one in ports}
    evidence.note("no health endpoint is documented: seen are the pod's readiness and an accepted connection")
    closed = [f"pod {one.pod.where} port {number} {one.words}" for one in ports if not one.accepts]
    assert not closed, "; ".join(closed)
