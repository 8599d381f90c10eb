"""Edges: what one component's own container reaches of the others, name resolution and all.

One exec for each caller, for all its callees at once, by a script that runs in whatever shell and with whatever tools
the container has.
"""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes import edge_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cx_conformance.probes.edge_lines import EdgeLine

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,252}")


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Edge:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerEdges:
    """The edges of one caller, and the container of it that they are tested from."""

    place: ContainerPlace
    edges: tuple[Edge, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EdgeLimits:
    """Seconds for each name lookup and each connection (whole ones: a shell counts no others), and for what is around.

    A lookup that is not answered, and a container that its CPU limit holds up, take as long again. ``slack_seconds``
    are for opening the exec and starting the tools, ``at_once`` is how many execs run at a time.
    """

    seconds: int = 3
    slack_seconds: float = 6.0
    at_once: int = 32

    @property
    def exec_limits(self) -> ExecLimits:
        """What a whole exec may take: both waits at their longest, each as long again, and the slack."""
        return ExecLimits(total_seconds=4 * self.seconds + self.slack_seconds)


@dataclass(frozen=True, kw_only=True, slots=True)
class EdgeObservation:
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
    trouble: CouldNotLook | None = field(default=None, compare=False)
    vantage: Vantage = Vantage.EXEC
    instead: str = ""
    """Why it was not looked at by exec in the caller's own container."""
    wrote: tuple[str, ...] = ()
    """What was written to the cluster to look."""

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


class RunExec(Protocol):
    """Runs a program in a container; raises CouldNotLook where it cannot."""

    def __call__(self, place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        """Return what the program printed, and how it ended."""


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
        return tuple(_probe_caller(run_exec, asked[0], limits))  # no thread, hence none to wait for at the end
    with ThreadPoolExecutor(min(limits.at_once, len(asked)), thread_name_prefix="edges") as pool:
        seen = pool.map(lambda each: _probe_caller(run_exec, each, limits), asked)
    return tuple(observation for group in seen for observation in group)


def edge_script() -> bytes:
    """Return the script that is run in the callers' containers."""
    return files("cx_conformance.probes").joinpath("edge_script.sh").read_bytes()


def _probe_caller(run_exec: RunExec, caller: CallerEdges, limits: EdgeLimits) -> list[EdgeObservation]:
    nonce = secrets.token_hex(16)
    targets = [text for edge in caller.edges for text in (edge.host, str(edge.port))]
    argv = ("sh", "-s", "--", str(limits.seconds), *targets)
    stdin = f"nonce={nonce}\n".encode() + edge_script()
    try:
        result = run_exec(caller.place, argv, stdin, limits.exec_limits)
    except CouldNotLook as trouble:
        return [EdgeObservation(edge=edge, place=caller.place, trouble=trouble) for edge in caller.edges]
    lines = edge_lines.read(result.stdout, nonce, len(caller.edges))
    return [_observation(edge, caller.place, lines.get(at), result) for at, edge in enumerate(caller.edges)]


def _observation(edge: Edge, place: ContainerPlace, line: EdgeLine | None, result: ExecResult) -> EdgeObservation:
    if line is None:
        return EdgeObservation(edge=edge, place=place, trouble=_unreadable(edge, place, result))
    finding = _FINDINGS.get(line.word)
    return EdgeObservation(
        edge=edge,
        place=place,
        finding=finding,
        addresses=line.addresses,
        milliseconds=line.milliseconds,
        tool=line.tool,
        resolver=line.resolver,
        trouble=None if finding else _no_finding(edge, place, line, result),
    )


def _no_finding(edge: Edge, place: ContainerPlace, line: EdgeLine, result: ExecResult) -> NoVantage:
    if line.word == "notool":
        return NoVantage(
            f"pod {place.namespace}/{place.pod} has none of bash, nc, curl, wget, python3 and node "
            f"to test {edge.host}:{edge.port} with"
        )
    said = edge_lines.excerpt(result.stderr)
    return NoVantage(
        f"{line.tool} in pod {place.namespace}/{place.pod} did not tell of {edge.host}:{edge.port}: {said}"
    )


def _unreadable(edge: Edge, place: ContainerPlace, result: ExecResult) -> CouldNotLook:
    what = f"the edge script in pod {place.namespace}/{place.pod}"
    printed = result.stdout or result.stderr
    shown = f"; it printed {edge_lines.excerpt(printed)}" if printed else ""
    try:
        result.complete(what)
    except CouldNotLook as trouble:
        return type(trouble)(f"{trouble}{shown}")
    said = f"{what} ended with status {result.exit_code} and no readable line for {edge.host}:{edge.port}"
    return NoVantage(said + (shown or "; it printed nothing"))
