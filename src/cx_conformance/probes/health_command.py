"""The literal health command of the page, run in the component's own container.

By the script that asks all else there; by itself where the container has no shell.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits
from cx_conformance.objects.admitted import quoted
from cx_conformance.outcome.looking import CouldNotLook, NoVantage
from cx_conformance.probes.inquiry import excerpt

if TYPE_CHECKING:
    from cx_conformance.probes.inquiry import RunExec, Told

_CURL = {
    5: "the proxy's name cannot be resolved",
    6: "the host name cannot be resolved",
    7: "nothing listens there",
    18: "the connection ended before the answer did",
    22: "the answer was an HTTP error (400 or above)",
    28: "no answer within the time limit",
    35: "the TLS handshake failed: perhaps HTTPS promised, HTTP answered",
    52: "the connection was closed without an answer",
    56: "the connection was reset",
    60: "the certificate is not accepted",
}
"""curl's exit codes, from its manual page."""

_NOT_ASKED = frozenset({1, 2, 4, 5, 27, 97})
"""curl's exit codes for what is its own affair: built without TLS, no memory, a proxy of its environment."""
_NOT_RUN = frozenset({126, 127, *range(129, 160)})
"""The shell's for a program that cannot be started, as without its library, and for one that a signal ended."""

_SECONDS = 10
"""What one run of the command may take."""
_CURL_TIMED_OUT = 28
_SLACK_SECONDS = 3.0
_SHOWN_BYTES = 64 * 1024
_ENDED = re.compile(rb"(?P<code>[0-9]{1,3}) (?P<took>-|[0-9]{1,7})")


class CommandObservation(Struct, frozen=True, kw_only=True):
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

    @property
    def out_of_time(self) -> bool:
        """Whether curl ran out of the time that it was given, which says nothing of the other side alone."""
        return self.argv[0] == "curl" and self.exit_code == _CURL_TIMED_OUT


class CommandQuestion(Struct, frozen=True):
    """What a health command comes to: run until it was healthy ``consecutive`` times in a row, or failed ``tries``."""

    command: str
    consecutive: int = 1
    tries: int = 2

    part: ClassVar = "inside_script"
    rank: ClassVar = 3
    output_bytes: ClassVar = 1_000_000

    @property
    def seconds(self) -> float:
        """Each run at its longest."""
        return max(self.consecutive, self.tries) * (_SECONDS + _SLACK_SECONDS)

    def words(self, number: int) -> tuple[tuple[str, ...], ...]:
        """Ask for all its runs."""
        return (("command", str(number), str(self.consecutive), str(self.tries), *_argv(self.command)),)

    def read(self, told: Told | CouldNotLook, number: int) -> CommandObservation | None:
        """Return the last run, with the number of all; None where the script did not start, for want of a shell.

        Raises ``NoVantage`` where the program is not in the container or cannot ask, another ``CouldNotLook``.
        """
        if isinstance(told, NoVantage):
            return None
        if isinstance(told, CouldNotLook):
            raise told
        if told.lines(number, "missing"):
            raise _missing(told.place, self.command)
        runs = told.sections(number)
        ended = [_ENDED.fullmatch(said) for _, said in runs]
        last = ended[-1] if ended else None
        if last is None or not self._is_over([one is not None and one["code"] == b"0" for one in ended]):
            what = f"{self.command!r} in {told.where}"
            told.complete(what)
            raise NoVantage(
                f"{what} came to nothing that can be read; it printed {excerpt(told.noise)}", told.unreadable
            )
        said = told.result.stderr.rpartition(f"{told.nonce} {number} begin\n".encode())[2]
        milliseconds = told.result.milliseconds if last["took"] == b"-" else float(last["took"])
        seen = _observed(self.command, told.place, int(last["code"]), runs[-1][0] or said, milliseconds)
        return replace(seen, tries=len(runs))

    def _is_over(self, healthy: list[bool]) -> bool:
        return healthy.count(False) >= self.tries or (
            len(healthy) >= self.consecutive and all(healthy[-self.consecutive :])
        )


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


def run_health_command(run_exec: RunExec, place: ContainerPlace, command: str) -> CommandObservation:
    """Run ``command`` at ``place`` as it is written, without a shell.

    curl is given a time limit unless it has one, and asks no proxy.

    Raises ``NoVantage`` where the program is not in the container or cannot ask (do so over the tunnel), another
    ``CouldNotLook`` where exec is refused or does not end, ValueError for a command that cannot be read.
    """
    limits = ExecLimits(total_seconds=_SECONDS + _SLACK_SECONDS, output_bytes=64 * 1024)
    result = run_exec(place, _argv(command), b"", limits).complete(f"{command!r} in pod {place.namespace}/{place.pod}")
    if result.exit_code is None or (result.exit_code == 127 and not result.stdout):
        raise _missing(place, command)
    return _observed(command, place, result.exit_code, result.stdout or result.stderr, result.milliseconds)


def _argv(command: str) -> tuple[str, ...]:
    argv = shlex.split(command)
    if not argv:
        raise ValueError("the health command is empty")
    if argv[0] == "curl" and not {"-m", "--max-time"} & set(argv):
        # Without it a server that hangs would leave the curl in the container.
        argv[1:1] = ["--max-time", str(_SECONDS)]
    if argv[0] == "curl" and not {"-x", "--proxy", "--noproxy"} & set(argv):
        # It asks its own container, and curl asks the environment's proxy even for localhost.
        argv[1:1] = ["--noproxy", "*"]
    return tuple(argv)


def _missing(place: ContainerPlace, command: str) -> NoVantage:
    program = _argv(command)[0]
    return NoVantage(f"pod {place.namespace}/{place.pod} has no {program}; the request can be made over a tunnel")


def _observed(
    command: str, place: ContainerPlace, code: int, printed: bytes, milliseconds: float
) -> CommandObservation:
    argv = _argv(command)
    shown = quoted(printed[:_SHOWN_BYTES])
    if code in _NOT_RUN or (argv[0] == "curl" and code in _NOT_ASKED):
        said = f": {_CURL.get(code) or shown}" if code in _CURL or shown else ""
        raise NoVantage(
            f"{argv[0]} in pod {place.namespace}/{place.pod} ended with status {code}, which is its own trouble{said}; "
            "the request can be made over a tunnel"
        )
    begins = " ".join(printed[:_SHOWN_BYTES].decode(errors="replace").split())[:200]
    said = "succeeded" if code == 0 else f"ended with status {code}"
    why = f": {_CURL[code]}" if argv[0] == "curl" and code in _CURL else f": {shown}" if code and shown else ""
    return CommandObservation(
        argv=argv,
        exit_code=code,
        output=begins,
        words=f"{command!r} in pod {place.namespace}/{place.pod} {said}{why}",
        milliseconds=milliseconds,
    )
