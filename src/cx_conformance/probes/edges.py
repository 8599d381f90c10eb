"""Edges: what one component's own container reaches of the others, name resolution and all.

One exec for each caller, for all its callees at once, by a script that runs in whatever shell and with whatever tools
the container has.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import edge_lines
from cx_conformance.probes.inquiry import SLACK_SECONDS, WAIT_SECONDS, RunExec, Told, ask, excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cx_conformance.api.exec_record import ContainerPlace, ExecResult
    from cx_conformance.probes.edge_lines import EdgeLine

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,252}")
_TOGETHER_SECONDS = 3.0
"""What the script waits for all names and all connections together, before it tests one by one what is not well."""


class Vantage(StrEnum):
    """What an edge is looked at from: a container of the caller itself, or what takes its place."""

    EXEC = "exec"
    PROBE_POD = "probe-pod"
    DEBUG_CONTAINER = "debug-container"


_STANDS = {
    Vantage.EXEC: "in pod",
    Vantage.PROBE_POD: "as seen by a probe pod in place of pod",
    Vantage.DEBUG_CONTAINER: "as seen by a debug container in pod",
}


class EdgeFinding(StrEnum):
    """What came of an edge that was looked at."""

    CONNECTS = "connects"
    CLOSED = "closed at once"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    NO_ROUTE = "no route"
    NOT_RESOLVABLE = "not resolvable"
    LOOKUP_TIMED_OUT = "name lookup timed out"


_SUSPECTS = {
    EdgeFinding.REFUSED: "nobody stands behind the Service, nothing listens there, or a policy rejects it",
    EdgeFinding.TIMED_OUT: "a policy drops it, kube-proxy lacks the Service, or the other side hangs",
    EdgeFinding.NO_ROUTE: "a node's firewall or a policy rejects it, or nobody stands behind the Service (Cilium)",
    EdgeFinding.NOT_RESOLVABLE: "no such Service, or DNS does not answer",
}
"""What may be behind a finding."""

UNRESOLVED = (EdgeFinding.NOT_RESOLVABLE, EdgeFinding.LOOKUP_TIMED_OUT)
"""That the callee's name was not found."""

_FINDINGS = {
    "connects": EdgeFinding.CONNECTS,
    "closed": EdgeFinding.CLOSED,
    "refused": EdgeFinding.REFUSED,
    "timeout": EdgeFinding.TIMED_OUT,
    "noroute": EdgeFinding.NO_ROUTE,
    "unresolved": EdgeFinding.NOT_RESOLVABLE,
    "lookup-timeout": EdgeFinding.LOOKUP_TIMED_OUT,
}


class Edge(Struct, frozen=True, kw_only=True):
    """``caller`` calls ``callee`` at ``host`` and ``port``. Raises ValueError for what is no host name or port."""

    caller: str
    callee: str
    host: str
    port: int

    def __post_init__(self) -> None:
        """Refuse what the script could read as anything but a host and a port."""
        if not _HOST.fullmatch(self.host):
            raise ValueError(f"{self.host!r} is no host name")
        if not 0 < self.port < 65536:
            raise ValueError(f"{self.port} is no port")

    def __str__(self) -> str:
        """Name the edge as reports do."""
        return f"{self.caller} -> {self.callee} at {self.host}:{self.port}"


class CallerEdges(Struct, frozen=True, kw_only=True):
    """The edges of one caller, and the container of it that they are tested from."""

    place: ContainerPlace
    edges: tuple[Edge, ...]


class EdgeLimits(Struct, frozen=True, kw_only=True):
    """Seconds for each name lookup and each connection (whole ones: a shell counts no others).

    A lookup and a connection that are not answered are tried once more, and a container that its CPU limit holds up
    takes as long again. ``slack_seconds`` are for opening the exec and starting the tools, ``at_once`` is how many
    execs run at a time.
    """

    seconds: int = WAIT_SECONDS
    slack_seconds: float = SLACK_SECONDS
    at_once: int = 32

    @property
    def total_seconds(self) -> float:
        """What an exec for edges alone may take: all together, both waits at their longest and as long again, slack."""
        return _TOGETHER_SECONDS + 4 * self.seconds + self.slack_seconds


class EdgeObservation(Struct, frozen=True, kw_only=True):
    """What was seen of an edge from ``place``.

    ``finding`` is None where it could not be looked at; ``trouble`` then says why. ``addresses`` are what the host
    resolved to, empty where no ``resolver`` of the container tells; ``tool`` is what connected, in ``milliseconds``.
    """

    edge: Edge
    place: ContainerPlace
    finding: EdgeFinding | None = None
    addresses: tuple[str, ...] = ()
    milliseconds: int | None = None
    tool: str | None = None
    resolver: str | None = None
    trouble: CouldNotLook | None = None
    vantage: Vantage = Vantage.EXEC
    instead: str = ""
    """Why it was not looked at by exec in the caller's own container."""
    wrote: tuple[str, ...] = ()
    """What was written to the cluster to look."""
    at_first: EdgeFinding | None = None
    """What was found among everything that a run asks at once; None: it was not asked again."""

    def looked(self) -> EdgeFinding:
        """Return the finding; raise the ``CouldNotLook`` where there is none."""
        if self.finding is None:
            raise self.trouble or NoVantage(f"{self.edge} was not looked at")
        return self.finding

    @property
    def words(self) -> str:
        """What was seen, in one sentence."""
        target = f"{self.edge.host}:{self.edge.port}"
        to = f" ({', '.join(self.addresses)})" if self.addresses else ""
        after = f" after {self.milliseconds} ms" if self.milliseconds is not None else ""
        match self.finding:
            case None:
                said = f"could not be tested: {self.trouble}"
            case EdgeFinding.CONNECTS:
                said = f"reaches {target}{to}{after}"
            case EdgeFinding.CLOSED:
                said = f"reaches {target}{to}, which ends the connection at once{after}"
            case EdgeFinding.REFUSED:
                said = f"is refused by {target}{to}{after}"
            case EdgeFinding.TIMED_OUT:
                said = f"got no answer from {target}{to}{after}"
            case EdgeFinding.NO_ROUTE:
                said = f"has no route to {target}{to}"
            case EdgeFinding.NOT_RESOLVABLE:
                said = f"cannot resolve {self.edge.host}"
            case EdgeFinding.LOOKUP_TIMED_OUT:
                said = f"got no answer from DNS for {self.edge.host}"
        by = f" (by {self.tool})" if self.tool and self.finding else ""
        return f"{self.edge.caller} {self.stands} {said}{self._suspect}{by}"

    @property
    def cause(self) -> str:
        """What is wrong with the callee, in words that are the same for all of its callers; empty where nothing is."""
        target = f"{self.edge.host}:{self.edge.port}"
        match self.finding:
            case EdgeFinding.REFUSED:
                said = f"{target} refuses connections"
            case EdgeFinding.TIMED_OUT:
                said = f"{target} does not answer"
            case EdgeFinding.NO_ROUTE:
                said = f"there is no route to {target}"
            case EdgeFinding.NOT_RESOLVABLE:
                said = f"the name {self.edge.host} cannot be resolved"
            case EdgeFinding.LOOKUP_TIMED_OUT:
                said = f"DNS does not answer for {self.edge.host}"
            case _:
                return ""
        return f"{said}{self._suspect}"

    @property
    def _suspect(self) -> str:
        suspect = _SUSPECTS.get(self.finding) if self.finding else None
        return f": {suspect}" if suspect else ""

    @property
    def stands(self) -> str:
        """Return where it was looked from: ``in pod expertflow/ccm-0``."""
        return f"{_STANDS[self.vantage]} {self.place.namespace}/{self.place.pod}"


class EdgesQuestion(Struct, frozen=True, kw_only=True):
    """Which of a caller's edges connect, all of them tested at once."""

    edges: tuple[Edge, ...]
    place: ContainerPlace
    limits: EdgeLimits = EdgeLimits()

    part: ClassVar = "edge_script"
    rank: ClassVar = 2
    output_bytes: ClassVar = 1_000_000

    @property
    def seconds(self) -> float:
        """What an exec for edges alone may take, without its slack."""
        return self.limits.total_seconds - self.limits.slack_seconds

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Return each edge's number, host and port."""
        return tuple(("edge", str(number + at), one.host, str(one.port)) for at, one in enumerate(self.edges))

    def read(self, told: Told | CouldNotLook, number: int) -> tuple[EdgeObservation, ...]:
        """Return what came of each edge; raises nothing, for what kept it from looking is in the observations."""
        if isinstance(told, CouldNotLook):
            return tuple(EdgeObservation(edge=edge, place=self.place, trouble=told) for edge in self.edges)
        lines = edge_lines.read(told.result.stdout, told.nonce, number, number + len(self.edges))
        return tuple(_observation(edge, told, lines.get(number + at)) for at, edge in enumerate(self.edges))


def probe_edges(
    run_exec: RunExec, callers: Sequence[CallerEdges], limits: EdgeLimits | None = None
) -> tuple[EdgeObservation, ...]:
    """Test all edges, one exec a caller, concurrently; return one observation for each, in the order given.

    Raises nothing for what a container or the API server does: that is in the observation.
    """
    asked = [each for each in callers if each.edges]
    if not asked:
        return ()
    limits = limits or EdgeLimits()
    if len(asked) == 1:
        return _probe_caller(run_exec, asked[0], limits)  # no thread, hence none to wait for at the end
    with ThreadPoolExecutor(min(limits.at_once, len(asked)), thread_name_prefix="edges") as pool:
        seen = pool.map(lambda each: _probe_caller(run_exec, each, limits), asked)
    return tuple(observation for group in seen for observation in group)


def _probe_caller(run_exec: RunExec, caller: CallerEdges, limits: EdgeLimits) -> tuple[EdgeObservation, ...]:
    question = EdgesQuestion(edges=caller.edges, place=caller.place, limits=limits)
    asked = ask(run_exec, caller.place, [question], wait_seconds=limits.seconds, seconds=limits.total_seconds)
    return asked.answer(question)


def _observation(edge: Edge, told: Told, line: EdgeLine | None) -> EdgeObservation:
    place = told.place
    if line is None:
        return EdgeObservation(edge=edge, place=place, trouble=_unreadable(edge, told))
    finding = _FINDINGS.get(line.word)
    return EdgeObservation(
        edge=edge,
        place=place,
        finding=finding,
        addresses=line.addresses,
        milliseconds=line.milliseconds,
        tool=line.tool,
        resolver=line.resolver,
        trouble=None if finding else _no_finding(edge, place, line, told.result),
    )


def _no_finding(edge: Edge, place: ContainerPlace, line: EdgeLine, result: ExecResult) -> NoVantage:
    if line.word == "notool":
        lacks = f"pod {place.namespace}/{place.pod} has none of bash, nc, curl, wget, python3 and node to test"
        return NoVantage(f"{lacks} {edge.host}:{edge.port} with", f"{lacks} its calls with")
    said = excerpt(result.stderr)
    return NoVantage(
        f"{line.tool} in pod {place.namespace}/{place.pod} did not tell of {edge.host}:{edge.port}: {said}"
    )


def _unreadable(edge: Edge, told: Told) -> CouldNotLook:
    what = f"the edge script in {told.where}"
    shown = f"; it printed {excerpt(told.noise)}" if told.noise else ""
    try:
        told.complete(what)
    except CouldNotLook as trouble:
        return type(trouble)(f"{trouble}{shown}", trouble.cause)
    said, printed = f"{what} ended with status {told.result.exit_code}", shown or "; it printed nothing"
    return NoVantage(f"{said} and no readable line for {edge.host}:{edge.port}{printed}", told.unreadable)
