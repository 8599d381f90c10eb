"""An exec as a record: where it runs, within what limits, and what came of it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cx_conformance.outcome.looking import NoVantage, OutOfTime, Unreachable


class Ending(StrEnum):
    """How an exec ended."""

    EXITED = "exited"
    OUT_OF_TIME = "out of time"
    TOO_MUCH_OUTPUT = "too much output"
    DROPPED = "connection dropped"


class ContainerPlace(Struct, frozen=True, kw_only=True):
    """Where a program is run; without ``container``, in the pod's only one."""

    namespace: str
    pod: str
    container: str | None = None


class ExecLimits(Struct, frozen=True, kw_only=True):
    """How long an exec may take (seconds, to open it and in all) and how many bytes it may print."""

    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    output_bytes: int = 1_000_000


class ExecResult(Struct, frozen=True, kw_only=True):
    """What came of an exec; ``exit_code`` is None unless the program ended by itself."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    ending: Ending
    milliseconds: float

    def complete(self, what: str, all_of_it: str = "") -> ExecResult:
        """Return this if the program ended by itself; else raise the CouldNotLook that says how ``what`` ended.

        ``all_of_it`` names what else was asked by the same exec, and came to nothing for the same reason.
        """
        if self.ending is Ending.EXITED:
            return self
        came = f"after {self.milliseconds:.0f} ms and {len(self.stdout) + len(self.stderr)} bytes"
        kind, how = {
            Ending.OUT_OF_TIME: (OutOfTime, f"did not end: it was given up {came}"),
            Ending.TOO_MUCH_OUTPUT: (NoVantage, f"printed too much: it was given up {came}"),
        }.get(
            self.ending,
            (Unreachable, f"was cut off {came}: the container restarted, or the connection to the API server broke"),
        )
        raise kind(f"{what} {how}", all_of_it and f"{all_of_it} {how}")
