"""Health endpoints and open ports, asked of every ready pod."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

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
from cx_conformance.probes.health_command import CommandObservation, CommandQuestion, repeat_health_command
from cx_conformance.probes.http_observation import HttpFailure, HttpObservation, HttpRequest, Trust
from cx_conformance.vantage.inquiries import Inquiries
from cx_conformance.vantage.knocking import PodPort, knocked, scheme_of, speaks_http
from cx_conformance.vantage.pool import Pending, ProbePool
from cx_conformance.vantage.reach import EXEC, Reach, Way

_OF_OTHER_SCHEME: Final = (HttpFailure.CLOSED, HttpFailure.RESET, HttpFailure.TLS, HttpFailure.TIMED_OUT)
_CUT_OFF: Final = (HttpFailure.CLOSED, HttpFailure.RESET)
"""How a port that is closed in the pod looks at a tunnel's local end, which always accepts."""


class PodAnswer(Struct, frozen=True):
    """What one pod answered to a health request."""

    pod: Pod
    vantage: str
    seen: HttpObservation
    scheme: str
    """The scheme on which it answered, or was asked."""
    instead: str | None = None
    """Why the page's own command was not run there."""
    untold: str | None = None
    """Why it is not known how it is; None: it is."""
    led_to: str | None = None
    """The longer path, with the promised one at its end, to which it led, and at which it was asked again."""

    @property
    def words(self) -> str:
        """Return why no answer came, without the tunnel's local port: it is another one every night."""
        return re.sub(r" \(through [^)]*\)", "", self.seen.words)


class PodCommand(Struct, frozen=True):
    """What the page's own health command came to in one pod."""

    pod: Pod
    seen: CommandObservation
    answer: PodAnswer | None = None
    """Where the command failed: what the same request came to from elsewhere, for curl says little."""
    vantage: str = EXEC


class HealthProbes:
    """What every ready pod answered, all of them asked at once."""

    def __init__(self, seen: Seen, reach: Reach, pool: ProbePool, inquiries: Inquiries, consecutive: int = 1) -> None:
        """Ask pods of the plan of ``seen``; of health ``consecutive`` good answers in a row are wanted."""
        self._seen = seen
        self._reach = reach
        self._pool = pool
        self._inquiries = inquiries
        self._consecutive = consecutive
        self._answers: dict[tuple[str, str], Pending[tuple[PodAnswer | PodCommand, ...]]] = {}
        self._ports: dict[tuple[str, str], Pending[tuple[PodPort, ...]]] = {}

    def start_asking(self, entry: Entry[Health]) -> Pending[tuple[PodAnswer | PodCommand, ...]]:
        """Ask every ready pod for a health endpoint, once."""
        key = entry.component, entry.id
        if key not in self._answers:
            command = entry.of.command
            asked = {} if command is None else self._commanded(entry.planned, command)
            self._answers[key] = self._pool.submit_after(tuple(asked.values()), self._ask, entry, asked)
        return self._answers[key]

    def start_knocking(self, entry: Entry[ServicePort]) -> Pending[tuple[PodPort, ...]]:
        """Connect to a port of every ready pod, once, and ask it for a page where its name promises HTTP."""
        key = entry.component, entry.id
        if key not in self._ports:
            self._ports[key] = self._pool.submit(self._knock, entry)
        return self._ports[key]

    def answers(self, entry: Entry[Health]) -> tuple[PodAnswer | PodCommand, ...]:
        """Return what each ready pod answered, or what the page's command came to in it; raises CouldNotLook."""
        return self.start_asking(entry).result()

    def ports(self, entry: Entry[ServicePort]) -> tuple[PodPort, ...]:
        """Return whether each ready pod's port does as promised; raises CouldNotLook."""
        return self.start_knocking(entry).result()

    def _commanded(self, planned: Planned, command: str) -> dict[str, Pending[CommandObservation | None]]:
        """Have the page's own command run in every ready pod; return what comes of it, by pod."""
        with suppress(CouldNotLook):
            question = CommandQuestion(command, self._consecutive)
            return {pod.where: self._inquiries.ask(self._place(planned, pod), question) for pod in self._ready(planned)}
        return {}

    def _ask(
        self, entry: Entry[Health], asked: Mapping[str, Pending[CommandObservation | None]]
    ) -> tuple[PodAnswer | PodCommand, ...]:
        pods = self._ready(entry.planned)
        if entry.of.command is None:
            return self._over_http(entry, pods)
        answers: list[PodAnswer | PodCommand] = []
        for pod in pods:
            try:
                seen = asked[pod.where].result() or self._run(entry.planned, pod, entry.of.command)
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
        """Run the command without a shell, which the container does not have."""
        place = self._place(planned, pod)
        return repeat_health_command(self._inquiries.run_exec, place, command, consecutive=self._consecutive)

    def _place(self, planned: Planned, pod: Pod) -> ContainerPlace:
        container = self._seen.container(planned).name
        return ContainerPlace(namespace=pod.namespace, pod=pod.name, container=container)

    def _over_http(self, entry: Entry[Health], pods: Sequence[Pod]) -> tuple[PodAnswer, ...]:
        ways = [self._reach.to(pod, entry.of.port) for pod in pods]
        answers = self._asked(entry, ways, entry.of.scheme)
        for scheme in entry.of.also_schemes:
            if any(_perhaps_otherwise(one.seen) for one in answers):
                others = self._asked(entry, ways, scheme)
                answers = tuple(_better(one, other) for one, other in zip(answers, others, strict=True))
        answers = tuple(self._followed(entry, way, one) for way, one in zip(ways, answers, strict=True))
        return tuple(told_by_way(way, one) for way, one in zip(ways, answers, strict=True))

    def _followed(self, entry: Entry[Health], way: Way, answer: PodAnswer) -> PodAnswer:
        """Return an answer, or the one below the path to which it leads, as that of a Grafana served from a sub-path.

        https://github.com/grafana/grafana/pull/66724
        """
        path = _below(answer.seen, entry.of.path)
        if path is None or entry.of.is_healthy(answer.seen.status):
            return answer
        (one,) = self._asked(entry, [way], answer.scheme, path)
        return replace(one, led_to=path)

    def _asked(
        self, entry: Entry[Health], ways: list[Way], scheme: str, path: str | None = None
    ) -> tuple[PodAnswer, ...]:
        promise = entry.of
        name = "localhost" if promise.command else _service_host(self._seen, entry.planned)
        requests = [
            HttpRequest(
                url=f"{scheme}://{name}:{promise.port}{path or promise.path}",
                connect_to=way.connect_to,
                trust=Trust.NOBODY,  # as the documented command does (curl -k); certificates are judged elsewhere
            )
            for way in ways
        ]
        seen = http.get_all(
            requests,
            good=lambda one: promise.is_healthy(one.status) and not one.broken_off,
            consecutive=self._consecutive,
        )
        return tuple(PodAnswer(way.pod, way.vantage, one, scheme) for way, one in zip(ways, seen, strict=True))

    def _knock(self, entry: Entry[ServicePort]) -> tuple[PodPort, ...]:
        ways = [self._reach.to(pod, entry.of.container_port) for pod in self._ready(entry.planned)]
        if scheme := scheme_of(entry.of):
            return speaks_http(entry.of, _service_host(self._seen, entry.planned), ways, scheme)
        return tuple(knocked(way) for way in ways)

    def _ready(self, planned: Planned) -> list[Pod]:
        try:
            pods = [pod for pod in self._seen.pods(planned) if pod.ready]
        except Absent as absent:
            raise NoVantage(f"no pod of {planned.id} to ask: {absent}") from None
        if not pods:
            raise NoVantage(f"no ready pod of {planned.id} to ask")
        return pods


def _below(seen: HttpObservation, path: str) -> str | None:
    """Return where a redirect leads, if that is the same path below another one."""
    try:
        led = urlsplit(seen.location or "").path
    except ValueError:
        return None
    plain = led.isascii() and led.isprintable() and " " not in led
    return led if plain and path not in ("/", led) and led.endswith(path) and led.startswith("/") else None


def _perhaps_otherwise(seen: HttpObservation) -> bool:
    """Whether it may be a server of another scheme that did not answer; silence may come of one, too."""
    return seen.failure is HttpFailure.SCHEME or (seen.status is None and seen.failure in _OF_OTHER_SCHEME)


def _better(one: PodAnswer, other: PodAnswer) -> PodAnswer:
    """Return the answer that counts: the other scheme's where there was any, or where it is known to be that one's.

    A server that hung up, and was silent over the other scheme, did not tell whether it speaks that one.
    """
    if other.seen.status is not None or one.seen.failure is HttpFailure.SCHEME:
        return other
    if other.seen.failure is HttpFailure.TIMED_OUT and one.seen.failure is not HttpFailure.TIMED_OUT:
        return replace(one, untold=f"{one.words}, and whether it speaks {other.scheme} instead was not known in time")
    return one


def told_by_way(way: Way, answer: PodAnswer) -> PodAnswer:
    """Return an answer, with the tunnel's own word for why there is none; raises what kept the run from looking.

    That may be a mesh's proxy, which answers in the pod's place.
    """
    if answer.seen.status is not None:
        if answer.seen.is_turned_away:
            way.raise_for_mesh()
        if answer.seen.broken_off and way.tunnel:
            way.tunnel.raise_trouble(silent=False)
        return answer
    way.raise_trouble(silent=answer.seen.failure is HttpFailure.TIMED_OUT)
    why = way.why_closed() if answer.seen.failure in _CUT_OFF else None
    return replace(answer, seen=replace(answer.seen, words=why)) if why else answer


def _service_host(seen: Seen, planned: Planned) -> str:
    try:
        service = seen.service(planned).object
    except Absent:
        return planned.service_names[0] if planned.service_names else planned.id
    return f"{service.name}.{service.namespace}.svc"
