"""The conversation of an exec with the API server.

The protocols are ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``: the first byte of a message is its channel, channel 3
carries a Status with the exit code, and in v5 ``ff 00`` closes standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.api.stream import PAUSE_SECONDS, ApiStreams
from cx_conformance.api.stream_refusals import NotBegun, StreamTarget, refused_within
from cx_conformance.api.web_socket import drop
from cx_conformance.objects.admitted import quoted
from cx_conformance.objects.json_fields import whole
from cx_conformance.outcome.looking import NoVantage
from cx_conformance.wire.bounds import TooMuch
from cx_conformance.wire.event_loop import Loop
from cx_conformance.wire.json_text import parsed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 32 * 1024
_MUCH = 1_000_000
_TURNS = BoundedSemaphore(4)
"""For the execs that print more than ``_MUCH``: thirty of them at once would fill the memory."""
_PAUSE_SECONDS = 0.02
_NOT_THERE = (
    "executable file not found",
    "not found in $path",
    "no such file or directory",
    "permission denied",
    "exec format error",
)
_NEVER_STARTED = re.compile(
    r"runtime exec failed"  # Docker's words
    r"|exec failed: (unable to start container process|container_linux\.go)"  # runc's
    r"|executable file `[^`]*` not found in \$PATH|open executable: "  # crun's
    r"|cannot exec in a paused container"  # of both
)
_CODES_OF_RUNTIMES = (1, 126, 127, 255)
"""Docker's are the shell's, runc's is 255, and crun's 1 or 255: https://github.com/containers/crun/pull/2245"""


def converse(
    streams: ApiStreams, place: ContainerPlace, argv: tuple[str, ...], stdin: bytes, limits: ExecLimits
) -> ExecResult:
    """Run ``argv`` at ``place``, as ``exec.run`` promises it."""
    target = StreamTarget(namespace=place.namespace, pod=place.pod, container=place.container, subresource="exec")
    headers = streams.credentials()

    async def twice() -> ExecResult:
        """Converse, and once more where the first did not get to the node: it may have been a moment's."""
        ends = time.monotonic() + limits.total_seconds
        try:
            return await _Conversation(streams, target, argv, stdin, limits).run(headers)
        except NotBegun:
            left = ends - time.monotonic() - PAUSE_SECONDS
            if left <= 0:
                raise
        await streams.pause(target.subresource)
        return await _Conversation(streams, target, argv, stdin, replace(limits, total_seconds=left)).run(headers)

    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(twice())


class _Conversation:
    """One exec while it runs."""

    def __init__(
        self, streams: ApiStreams, target: StreamTarget, argv: tuple[str, ...], stdin: bytes, limits: ExecLimits
    ) -> None:
        self._streams = streams
        self._target = target
        self._argv = argv
        self._stdin = stdin
        self._limits = limits
        self._out = {_STDOUT: bytearray(), _STDERR: bytearray()}
        self._status = bytearray()
        self._has_turn = False
        self._for_nobody = 0
        """Bytes on channels that an exec does not have."""

    async def run(self, headers: dict[str, str]) -> ExecResult:
        started = time.monotonic()
        opening = min(self._limits.connect_seconds, self._limits.total_seconds)
        connection = await self._streams.open(self._target, self._query(), _PROTOCOLS, headers, opening)
        remaining = self._limits.total_seconds - (time.monotonic() - started)
        ending = Ending.OUT_OF_TIME
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    ending = await self._converse(connection)
        finally:
            if ending is Ending.EXITED:
                await connection.close()
            else:
                drop(connection)
            if self._has_turn:
                _TURNS.release()
        milliseconds = (time.monotonic() - started) * 1000
        code = self._exit_code() if ending is Ending.EXITED else None
        return ExecResult(
            stdout=bytes(self._out[_STDOUT]),
            stderr=bytes(self._out[_STDERR]),
            exit_code=code,
            ending=Ending.DROPPED if ending is Ending.EXITED and code is None else ending,
            milliseconds=milliseconds,
        )

    def _query(self) -> list[tuple[str, str]]:
        query = [("command", each) for each in self._argv]
        if self._target.container:
            query.append(("container", self._target.container))
        if self._stdin:
            query.append(("stdin", "true"))
        return [*query, ("stdout", "true"), ("stderr", "true")]

    async def _converse(self, connection: ClientConnection) -> Ending:
        sending = asyncio.create_task(self._send(connection))
        try:
            async for message in connection:
                data = message.encode() if isinstance(message, str) else message
                if not data or data[0] == _CLOSE:
                    continue
                if data[0] == _STATUS:
                    self._status += data[1:]
                    return Ending.EXITED
                if data[0] in self._out:
                    if not self._take(data[0], data[1:]):
                        return Ending.TOO_MUCH_OUTPUT
                    await self._take_turn()
                else:
                    self._for_nobody += len(data)
                    if self._for_nobody > self._limits.output_bytes:
                        return Ending.TOO_MUCH_OUTPUT
        except ConnectionClosed:
            return Ending.DROPPED
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return Ending.DROPPED

    def _take(self, channel: int, data: bytes) -> bool:
        room = self._limits.output_bytes - self._printed
        self._out[channel] += data[:room]
        return len(data) <= room

    async def _take_turn(self) -> None:
        """Wait, once it has printed much, until few others hold as much."""
        while not self._has_turn and self._printed > _MUCH:
            self._has_turn = _TURNS.acquire(blocking=False)
            if not self._has_turn:
                await asyncio.sleep(_PAUSE_SECONDS)

    @property
    def _printed(self) -> int:
        return sum(map(len, self._out.values()))

    async def _send(self, connection: ClientConnection) -> None:
        if not self._stdin:
            return
        with contextlib.suppress(ConnectionClosed):
            for at in range(0, len(self._stdin), _CHUNK):
                await connection.send(bytes([_STDIN]) + self._stdin[at : at + _CHUNK])
            if connection.subprotocol == _PROTOCOLS[0]:
                await connection.send(bytes([_CLOSE, _STDIN]))

    def _exit_code(self) -> int | None:
        """Return the exit code that the Status tells; None for a program that broke off, which had printed something.

        Raises the CouldNotLook for one that was not started. What breaks off between the API server and the node, or in
        the node's runtime, is told by the same Status as what never began.
        """
        status = _json_object(bytes(self._status))
        if status.get("status") == "Success":
            return 0
        details = status.get("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        for cause in causes if isinstance(causes, list) else ():
            told = cause.get("message") if isinstance(cause, dict) and cause.get("reason") == "ExitCode" else None
            if (code := whole(told)) is not None:
                self._refuse_if_never_started(code)
                return code
        if self._printed:
            return None
        said = str(status.get("message") or "no reason given")
        raise refused_within(self._target, said) or self._not_started(said)

    def _refuse_if_never_started(self, code: int) -> None:
        # Some runtimes tell their own failure as the program's: CRI-O passes on what runc or crun says and ends with.
        said = bytes(self._out[_STDOUT] + self._out[_STDERR])[:2000].decode(errors="replace")
        if code in _CODES_OF_RUNTIMES and _NEVER_STARTED.search(said):
            raise self._not_started(said)

    def _not_started(self, said: str) -> NoVantage:
        if any(each in said.lower() for each in _NOT_THERE):
            return NoVantage(f"{self._target} has no program {self._argv[0]} that can be run, so nothing to look with")
        return NoVantage(f"{self._argv[0]} could not be started in {self._target}: {quoted(said, 300)}")


def _json_object(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError, TooMuch):
        value = parsed(body)
        if isinstance(value, dict):
            return value
    return {}
