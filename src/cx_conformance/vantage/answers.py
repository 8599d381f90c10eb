"""Health endpoints and open ports, asked of every ready pod."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cx_conformance.api.exec_record import ContainerPlace
from cx_conformance.blueprint.component import ServicePort
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.plan import Entry
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import http
from cx_conformance.probes.edges import RunExec
from cx_conformance.probes.health_command import CommandObservation, repeat_health_command
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation, HttpRequest, Trust
from cx_conformance.vantage.pool import Pending, ProbePool
from cx_conformance.vantage.reach import EXEC, Reach, Way

_CUT_OFF: Final = (HttpFailure.CLOSED, HttpFailure.RESET)
"""How a port that is closed in the pod looks at a tunnel's local end, which always accepts."""


@dataclass(frozen=True, slots=True)
class PodAnswer:
    """What one pod answered to a health request."""

    pod: Pod
    vantage: str
    seen: HttpObservation
    scheme: str
    """The scheme on which it answered, or was asked."""
    instead: str | None = None
    """Why the page's own command was not run there."""

    @property
    def words(self) -> str:
        """Return why no answer came, without the tunnel's local port: it is another one every night."""
        return re.sub(r" \(through [^)]*\)", "", self.seen.words)


@dataclass(frozen=True, slots=True)
class PodCommand:
    """What the page's own health command came to in one pod."""

    pod: Pod
    seen: CommandObservation
    answer: PodAnswer | None = None
    """Where the command failed: what the same request came to from elsewhere, for curl says little."""
    vantage: str = EXEC


@dataclass(frozen=True, slots=True)
class PodPort:
    """Whether one pod's port accepts a connection."""

    pod: Pod
    vantage: str
    accepts: bool
    words: str
    """``accepts``, or the whole sentence of why it does not."""


class HealthProbes:
    """What every ready pod answered, all of them asked at once."""

    def __init__(self, seen: Seen, reach: Reach, run_exec: RunExec, pool: ProbePool, consecutive: int = 1) -> None:
        """Ask pods of the plan of ``seen``; of health ``consecutive`` good answers in a row are wanted."""
        self._seen = seen
        self._reach = reach
        self._run_exec = run_exec
        self._pool = pool
        self._consecutive = consecutive
        self._answers: dict[tuple[str, str], Pending[tuple[PodAnswer | PodCommand, ...]]] = {}
        self._ports: dict[tuple[str, str], Pending[tuple[PodPort, ...]]] = {}

    def start_asking(self, entry: Entry[Health]) -> Pending[tuple[PodAnswer | PodCommand, ...]]:
        """Ask every ready pod for a health endpoint, once."""
        key = entry.component, entry.id
        if key not in self._answers:
            self._answers[key] = self._pool.submit(self._ask, entry)
        return self._answers[key]

    def start_knocking(self, entry: Entry[ServicePort]) -> Pending[tuple[PodPort, ...]]:
        """Connect to a port of every ready pod, once."""
        key = entry.component, entry.id
        if key not in self._ports:
            self._ports[key] = self._pool.submit(self._knock, entry)
        return self._ports[key]

    def answers(self, entry: Entry[Health]) -> tuple[PodAnswer | PodCommand, ...]:
        """Return what each ready pod answered, or what the page's command came to in it; raises CouldNotLook."""
        return self.start_asking(entry).result()

    def ports(self, entry: Entry[ServicePort]) -> tuple[PodPort, ...]:
        """Return whether each ready pod's port accepts; raises CouldNotLook."""
        return self.start_knocking(entry).result()

    def _ask(self, entry: Entry[Health]) -> tuple[PodAnswer | PodCommand, ...]:
        pods = self._ready(entry.planned)
        if entry.of.command is None:
            return self._over_http(entry, pods)
        answers: list[PodAnswer | PodCommand] = []
        for pod in pods:
            try:
                seen = self._run(entry.planned, pod, entry.of.command)
            except CouldNotLook as reason:
                answers += [replace(one, instead=str(reason)) for one in self._over_http(entry, [pod])]
                continue
            answers.append(PodCommand(pod, seen, None if seen.healthy else self._explained(entry, pod)))
        return tuple(answers)

    def _explained(self, entry: Entry[Health], pod: Pod) -> PodAnswer | None:
        try:
            return self._over_http(entry, [pod])[0]
        except CouldNotLook:
            return None

    def _run(self, planned: Planned, pod: Pod, command: str) -> CommandObservation:
        container = self._seen.container(planned).name
        place = ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container)
        return repeat_health_command(self._run_exec, place, command, consecutive=self._consecutive)

    def _over_http(self, entry: Entry[Health], pods: Sequence[Pod]) -> tuple[PodAnswer, ...]:
        ways = [self._reach.to(pod, entry.of.port) for pod in pods]
        answers = self._asked(entry, ways, entry.of.scheme)
        for scheme in entry.of.also_schemes:
            if any(one.seen.failure is HttpFailure.SCHEME for one in answers):
                answers = self._asked(entry, ways, scheme)
        return tuple(_told_by_tunnel(way, one) for way, one in zip(ways, answers, strict=True))

    def _asked(self, entry: Entry[Health], ways: list[Way], scheme: str) -> tuple[PodAnswer, ...]:
        promise = entry.of
        name = "localhost" if promise.command else _service_host(self._seen, entry.planned)
        requests = [
            HttpRequest(
                url=f"{scheme}://{name}:{promise.port}{promise.path}",
                connect_to=way.connect_to,
                trust=Trust.NOBODY,  # as the documented command does (curl -k); certificates are judged elsewhere
            )
            for way in ways
        ]
        seen = http.get_all(requests, good=lambda one: promise.is_healthy(one.status), consecutive=self._consecutive)
        return tuple(PodAnswer(way.pod, way.vantage, one, scheme) for way, one in zip(ways, seen, strict=True))

    def _knock(self, entry: Entry[ServicePort]) -> tuple[PodPort, ...]:
        pods = self._ready(entry.planned)
        return tuple(_knocked(self._reach.to(pod, entry.of.container_port)) for pod in pods)

    def _ready(self, planned: Planned) -> list[Pod]:
        try:
            pods = [pod for pod in self._seen.pods(planned) if pod.ready]
        except Absent as absent:
            raise NoVantage(f"no pod of {planned.id} to ask: {absent}") from None
        if not pods:
            raise NoVantage(f"no ready pod of {planned.id} to ask")
        return pods


def _told_by_tunnel(way: Way, answer: PodAnswer) -> PodAnswer:
    """Return an answer, with the tunnel's own word for why there is none; raises what kept the run from looking."""
    if answer.seen.status is not None:
        return answer
    way.raise_trouble()
    why = way.why_closed() if answer.seen.failure in _CUT_OFF else None
    return replace(answer, seen=replace(answer.seen, words=why)) if why else answer


def _service_host(seen: Seen, planned: Planned) -> str:
    try:
        service = seen.service(planned).object
    except Absent:
        return planned.service_names[0] if planned.service_names else planned.id
    return f"{service.name}.{service.namespace}.svc"


def _knocked(way: Way, seconds: float = 3.0) -> PodPort:
    """Connect once; a tunnel is asked itself, for its local end accepts whatever the pod does."""
    import socket

    port = f"port {way.port} of pod {way.pod.where}"
    if way.tunnel is not None:
        accepts = way.tunnel.accepts()
        if not accepts:
            way.raise_trouble()
        words = "accepts" if accepts else (way.why_closed() or f"{port} refuses connections")
        return PodPort(way.pod, way.vantage, accepts, words)
    try:
        with socket.create_connection(way.connect_to, timeout=seconds):
            return PodPort(way.pod, way.vantage, True, "accepts")
    except OSError as error:
        way.raise_trouble()
        return PodPort(way.pod, way.vantage, False, f"{port} {_unreached(error, seconds)} at {way.pod.ip}")


def _unreached(error: OSError, seconds: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections"
    if isinstance(error, TimeoutError):
        return f"does not answer within {seconds:g} s"
    return f"cannot be reached ({error.strerror})"
