"""Health: what components say of themselves, asked of every ready pod."""

from typing import Final

from cx_conformance.blueprint.component import ContainerPort, ServicePort
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.promise import Severity
from cx_conformance.outcome.check import NotApplicable, check
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.outcome.outcome import Evidence
from cx_conformance.probes.actuator import failing_parts, own_status
from cx_conformance.probes.http_observation import is_web_page
from cx_conformance.vantage.answers import HealthProbes, PodAnswer, PodCommand
from cx_conformance.vantage.insides import InsideProbes, PodSockets
from cx_conformance.vantage.knocking import scheme_of
from cx_conformance.vantage.reach import EXEC

SLOW_MS: Final = 2500
"""A healthy answer that takes longer is noted."""


@check(
    "CX601",
    "Health endpoint answers",
    severity=Severity.CRITICAL,
    remedy="kubectl logs the pod; a component that is up and unhealthy says there what it lacks",
    rests_on=("CX101", "CX103", "CX104"),
    follows=("CX603",),
)
def check_health(health: Entry[Health], health_probes: HealthProbes, evidence: Evidence) -> None:
    """The documented health endpoint of every ready pod answers as documented, over the documented scheme."""
    promised = health.of
    answers = health_probes.answers(health)
    evidence.promised = f"{promised.healthy} from {promised.scheme}:{promised.port}{promised.path}"
    evidence.vantage = ", ".join(dict.fromkeys(one.vantage for one in answers))
    evidence.tries = max(one.seen.tries for one in answers)
    evidence.details["ms"] = {one.pod.name: round(one.seen.milliseconds, 1) for one in answers}
    found: dict[str, int | str] = {}
    broken, untold = [], []
    for one in answers:
        if one.seen.milliseconds > SLOW_MS:
            evidence.note(f"pod {one.pod.name} took {one.seen.milliseconds / 1000:.1f} s to answer")
        if isinstance(one, PodCommand):
            found[one.pod.name] = one.seen.words
            wrong = _down(one) if one.seen.healthy else _unhealthy(one, promised, evidence)
            _note_page(one.seen.words, one.seen.output, promised, evidence)
        else:
            found[one.pod.name] = one.seen.status or one.words
            wrong = None if one.untold else _wrong(one, promised, evidence)
            untold += [f"{_where(one, promised)}: {one.untold}"] if one.untold else []
        broken += [wrong] if wrong else []
    evidence.found = found
    if len(health.planned.facts.health) > 1 and promised.path != "/":
        # A process that hangs, or is down, answers alike at its other endpoints.
        evidence.cause = "; ".join(broken).replace(promised.path, "") or None
    assert not broken, "; ".join(broken)
    if untold:
        raise CouldNotLook("; ".join(untold))


def _down(one: PodCommand) -> str | None:
    """Say that a component whose answer the page's command was content with says of itself that it is not well."""
    down = own_status(one.seen.output.encode())
    return f"{one.seen.words}, and the component says of itself that it is {down}" if down else None


def _unhealthy(one: PodCommand, promised: Health, evidence: Evidence) -> str | None:
    """Say how the page's command failed, and what the same request came to from elsewhere.

    None where the command only ran out of time, as in a container that is starved of its CPU, and that other request
    was answered as promised.
    """
    if one.answer is None:
        return one.seen.words
    other = one.answer.untold or _wrong(one.answer, promised, evidence)
    if other is None and one.seen.out_of_time:
        evidence.note(f"{one.seen.words}; asked over {one.answer.vantage} it answers {one.answer.seen.status}")
        return None
    other = other or f"answers {one.answer.seen.status}"
    return f"{one.seen.words}; asked over {one.answer.vantage}: {other}"


def _note_page(said: str, body: str, promised: Health, evidence: Evidence) -> None:
    """Note that a page for people came where programs ask: it may be a login's, or the page of another server.

    It is no failure, for what the body holds is documented of few endpoints: the page's own command, `curl -f`, is
    content with any.
    """
    if promised.path != "/" and is_web_page(body):
        evidence.note(f"{said} with a web page, not as to the health of a component")


def _where(answer: PodAnswer, promised: Health) -> str:
    return f"pod {answer.pod.where} at {promised.scheme}:{promised.port}{promised.path}"


def _note_how(answer: PodAnswer, promised: Health, evidence: Evidence) -> None:
    """Note in which other way than the promised one a pod was asked, or answered."""
    if answer.instead:
        evidence.note(f"the page's command was not run, the same request was made instead: {answer.instead}")
    if answer.led_to:
        where = _where(answer, promised)
        evidence.note(f"{where} leads to {answer.led_to}, where it was asked again: it is served from a sub-path")
    if answer.scheme != promised.scheme:
        evidence.note(f"answers on {answer.scheme}, which is accepted: {promised.why}")


def _wrong(answer: PodAnswer, promised: Health, evidence: Evidence) -> str | None:
    """Say what is wrong with a pod's answer; None where nothing is, with what is worth a note."""
    seen, where = answer.seen, _where(answer, promised)
    _note_how(answer, promised, evidence)
    if seen.status is None:
        return f"{where} gives no answer: {answer.words}"
    parts, down = ", ".join(str(part) for part in failing_parts(seen.body)), own_status(seen.body)
    failing = parts or down
    if not promised.is_healthy(seen.status):
        led = f" (leads to {seen.shown_location})" if seen.location else ""
        said = failing or answer.words or seen.excerpt()
        return f"{where} answers {seen.status} of promised {promised.healthy}{led}: {said}"
    if not seen.body_is_whole and not seen.broken_off:
        evidence.note(f"pod {answer.pod.name} answers with a body that does not end, or a large one; it was cut")
    if down:
        why = f": {parts}" if parts else ""
        return f"{where} answers {seen.status}, and says of itself that it is {down}{why}"
    if seen.broken_off:
        # Neither a kubelet nor `curl -f` takes it (pkg/probe/http/http.go; exit status 18).
        return f"{where} answers {seen.status}, and hangs up before the end of its body ({len(seen.body)} bytes came)"
    if failing:
        evidence.note(f"{where} answers {seen.status}, and says: {failing}")
    _note_page(f"{where} answers {seen.status}", seen.text, promised, evidence)
    if promised.body_contains and promised.body_contains not in seen.text:
        return f"{where} answers without the promised {promised.body_contains!r}: {seen.excerpt()}"
    return None


@check(
    "CX602",
    "Port accepts",
    severity=Severity.CRITICAL,
    remedy="kubectl logs the pod; the process does not serve the port that its Service leads to",
    rests_on=("CX101", "CX103", "CX104"),
    follows=("CX603",),
)
def check_port(port_only: Entry[ServicePort], health_probes: HealthProbes, evidence: Evidence) -> None:
    """Where no health endpoint is documented, the pod's port accepts, and speaks HTTP where its name begins so.

    Any status below 500 will do; a port that hangs up or is silent is one that nobody can call.
    """
    ports = health_probes.ports(port_only)
    number, scheme = port_only.of.container_port, scheme_of(port_only.of)
    evidence.promised = f"port {number} {f'speaks {scheme.upper()}' if scheme else 'accepts'}"
    evidence.vantage = ", ".join(dict.fromkeys(one.vantage for one in ports))
    evidence.found = {one.pod.name: one.words for one in ports}
    more = "that its port speaks HTTP" if scheme else "an accepted connection"
    evidence.note(f"no health endpoint is documented: seen are the pod's readiness and {more}")
    broken = [one.words for one in ports if not one.kept]
    assert not broken, "; ".join(broken)


@check(
    "CX603",
    "Process listens",
    severity=Severity.MAJOR,
    remedy="let the process listen on the promised port and on every address (0.0.0.0 or ::), not on localhost",
    rests_on=("CX101", "CX103", "CX104"),
)
def check_listens(container_port: Entry[ContainerPort], inside_probes: InsideProbes, evidence: Evidence) -> None:
    """In the pod something listens on the promised port, and not on loopback only, where no other pod reaches it."""
    evidence.vantage, port = EXEC, container_port.of.port
    evidence.promised = f"listens on {port}"
    try:
        pods = inside_probes.sockets(container_port)
    except NoVantage as reason:
        raise NotApplicable(f"not to be seen from inside: {reason}") from None
    evidence.found = {one.pod.name: list(one.listening(port)) for one in pods}
    deaf = [one for one in pods if not one.reachable(port)]
    if deaf and container_port.of.optional and not any(one.listening(port) for one in deaf):
        raise NotApplicable(f"nothing listens, which is accepted: {container_port.of.why}")
    told = [f"pod {one.pod.where}: {_deaf(one, port)}" for one in deaf]
    assert not told, "; ".join(told)


def _deaf(pod: PodSockets, port: int) -> str:
    """Say why nobody outside the pod reaches its port."""
    addresses = pod.listening(port)
    if addresses:
        return f"port {port} is listened on at {', '.join(addresses)} only, where no other pod reaches it"
    others = ", ".join(str(one) for one in sorted({one.port for one in pod.sockets if pod.reachable(one.port)}))
    return f"nothing listens on port {port}; there is {others or 'none'}"
