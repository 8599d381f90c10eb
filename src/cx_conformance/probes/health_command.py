"""The literal health command of the page, run in the component's own container."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.outcome.looking import NoVantage

if TYPE_CHECKING:
    from cx_conformance.probes.edges import RunExec

_CURL = {
    5: "the proxy's name cannot be resolved",
    6: "the host name cannot be resolved",
    7: "nothing listens there",
    22: "the answer was an HTTP error (400 or above)",
    28: "no answer within the time limit",
    35: "the TLS handshake failed: perhaps HTTPS promised, HTTP answered",
    52: "the connection was closed without an answer",
    56: "the connection was reset",
    60: "the certificate is not accepted",
}
"""curl's exit codes, from its manual page."""

_SLACK_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandObservation:
    """What came of a health command: ``argv`` as it was run, its exit code, and a sentence about it."""

    argv: tuple[str, ...]
    exit_code: int
    output: str
    words: str
    milliseconds: float
    tries: int = 1

    @property
    def healthy(self) -> bool:
        """Whether the command says so."""
        return self.exit_code == 0


def repeat_health_command(
    run_exec: RunExec, place: ContainerPlace, command: str, *, consecutive: int = 1, tries: int = 2
) -> CommandObservation:
    """Run ``command`` until it was healthy ``consecutive`` times in a row, or failed ``tries`` times.

    Return the last run, with the number of all of them. Raises as ``run_health_command``.
    """
    runs = passed = failed = 0
    while True:
        seen = run_health_command(run_exec, place, command)
        runs += 1
        passed, failed = (passed + 1, failed) if seen.healthy else (0, failed + 1)
        if passed >= consecutive or failed >= tries:
            return replace(seen, tries=runs)


def run_health_command(
    run_exec: RunExec, place: ContainerPlace, command: str, *, seconds: int = 10
) -> CommandObservation:
    """Run ``command`` at ``place`` as it is written; curl is given a time limit unless it has one.

    Raises ``NoVantage`` where the program is not in the container (ask over the tunnel instead), another
    ``CouldNotLook`` where exec is refused or does not end, ValueError for a command that cannot be read.
    """
    argv = shlex.split(command)
    if not argv:
        raise ValueError("the health command is empty")
    if argv[0] == "curl" and not {"-m", "--max-time"} & set(argv):
        # Without it a server that hangs would leave the curl in the container.
        argv[1:1] = ["--max-time", str(seconds)]
    limits = ExecLimits(total_seconds=seconds + _SLACK_SECONDS, output_bytes=64 * 1024)
    result = run_exec(place, argv, b"", limits).complete(f"{command!r} in pod {place.namespace}/{place.pod}")
    code = result.exit_code
    if code is None or (code == 127 and not result.stdout):
        raise NoVantage(f"pod {place.namespace}/{place.pod} has no {argv[0]}; the request can be made over a tunnel")
    shown = " ".join((result.stdout or result.stderr).decode(errors="replace").split())[:200]
    said = "succeeded" if code == 0 else f"ended with status {code}"
    why = f": {_CURL[code]}" if argv[0] == "curl" and code in _CURL else f": {shown}" if code and shown else ""
    return CommandObservation(
        argv=tuple(argv),
        exit_code=code,
        output=shown,
        words=f"{command!r} in pod {place.namespace}/{place.pod} {said}{why}",
        milliseconds=result.milliseconds,
    )
