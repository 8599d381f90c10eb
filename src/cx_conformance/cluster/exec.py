"""A program run in a container, over the API server: binary-safe, bounded in time and in size."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cx_conformance.outcome.looking import NoVantage, OutOfTime, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Ending(StrEnum):
    """How an exec ended."""

    EXITED = "exited"
    OUT_OF_TIME = "out of time"
    TOO_MUCH_OUTPUT = "too much output"
    DROPPED = "connection dropped"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerPlace:
    """Where a program is run; without ``container``, in the pod's only one."""

    namespace: str
    pod: str
    container: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecLimits:
    """How long an exec may take (seconds, to open it and in all) and how many bytes it may print."""

    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    output_bytes: int = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecResult:
    """What came of an exec; ``exit_code`` is None unless the program ended by itself."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    ending: Ending
    milliseconds: float

    def complete(self, what: str) -> ExecResult:
        """Return this if the program ended by itself; else raise the CouldNotLook that says how ``what`` ended."""
        if self.ending is Ending.EXITED:
            return self
        came = f"after {self.milliseconds:.0f} ms and {len(self.stdout) + len(self.stderr)} bytes"
        match self.ending:
            case Ending.OUT_OF_TIME:
                raise OutOfTime(f"{what} did not end: it was given up {came}")
            case Ending.TOO_MUCH_OUTPUT:
                raise NoVantage(f"{what} printed too much: it was given up {came}")
            case _:
                raise Unreachable(
                    f"{what} was cut off {came}: the container restarted, or the connection to the API server broke"
                )


def run(
    configuration: Any,
    place: ContainerPlace,
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    limits: ExecLimits | None = None,
) -> ExecResult:
    """Run ``argv`` in the container at ``place`` and return what it printed, also when a limit ended it.

    ``configuration`` is the official client's. Raises ``Forbidden``, ``Unauthorized``, ``NotServed`` or ``Unreachable``
    by the API server's answer, ``NoVantage`` when the pod is gone or pending, the container does not run, or the
    program is not in it. Blocks; to be called from a thread that runs no event loop.
    """
    from cx_conformance.cluster.conversation import converse

    return converse(configuration, place, tuple(argv), stdin, limits or ExecLimits())


def runner(configuration: Any) -> Callable[[ContainerPlace, Sequence[str], bytes, ExecLimits], ExecResult]:
    """Return ``run`` for one cluster, as the probes want it: a place, arguments, standard input, limits."""

    def run_exec(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits) -> ExecResult:
        return run(configuration, place, argv, stdin=stdin, limits=limits)

    return run_exec
