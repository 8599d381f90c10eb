"""Exec over WebSocket: the channels, statuses and refusals of ``v5.channel.k8s.io`` and ``v4.channel.k8s.io``.

The first byte of a message is its channel. Source: the recorded sessions of a Kubernetes 1.36, and
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Sequence

import orjson
from msgspec import Struct

from cx_conformance.sandbox import pods, programs
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import CannotConfine, Confinement
from cx_conformance.sandbox.starvation import HERE, Held
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import bad_request, not_implemented
from cx_conformance.sandbox.web import Request, Switch, WebSocket

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")

_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK = 32768
_SUCCESS: Object = {"metadata": {}, "status": "Success"}


class Execution(Struct, frozen=True):
    """One exec request that was found to be in order."""

    state: State
    confinement: Confinement
    nameserver: str
    pod: Object
    container: Object
    argv: tuple[str, ...]
    streams: frozenset[str]
    protocol: str | None

    async def run(self, socket: WebSocket) -> None:
        """Serve the session until the program ends or the client goes away."""
        if "stdout" in self.streams:
            await socket.send(bytes([_STDOUT]))
        environment = pods.environment(self.state, self.pod, self.container)
        environment["PATH"] = programs.search_path(self.pod, self.confinement.folder, environment["PATH"])
        missing = _not_startable(self.argv[0], self.pod, environment["PATH"])
        if missing is not None:
            await self._report(socket, _cannot_start(missing))
            return
        metadata = self.pod["metadata"]
        await HERE.hold(Held.EXEC, metadata["name"])
        name = f"{metadata['namespace']}_{metadata['name']}"
        environment["CURL_HOME"] = str(self.confinement.folder / name)
        try:
            process = await self.confinement.start(
                name,
                pods.etc(self.pod, self.nameserver),
                self.argv,
                environment,
                stdin="stdin" in self.streams,
            )
        except CannotConfine as why:
            await self._report(socket, _cannot_start(str(why)))
            return
        try:
            await self._converse(socket, process)
        finally:
            await self.confinement.end(process)

    async def _converse(self, socket: WebSocket, process: Process) -> None:
        listening = asyncio.ensure_future(self._feed(socket, process))
        speaking = asyncio.ensure_future(self._relay(socket, process))
        try:
            await asyncio.wait((listening, speaking), return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():
                speaking.result()
                code = await process.wait()
                await self._report(socket, _ended(code, self.argv, self.protocol))
        finally:
            for task in (listening, speaking):
                task.cancel()
            await asyncio.gather(listening, speaking, return_exceptions=True)

    async def _feed(self, socket: WebSocket, process: Process) -> None:
        """Pass on what the client sends; returns when it is gone."""
        async for message in socket.messages():
            if process.stdin is None or not message:
                continue
            if message[0] == _STDIN:
                process.stdin.write(message[1:])
            elif message[0] == _CLOSE and message[1:2] == bytes([_STDIN]):
                process.stdin.close()

    async def _relay(self, socket: WebSocket, process: Process) -> None:
        """Pass on both outputs to their end."""
        await asyncio.gather(
            self._copy(socket, process.stdout, _STDOUT if "stdout" in self.streams else None),
            self._copy(socket, process.stderr, _STDERR if "stderr" in self.streams else None),
        )

    async def _copy(self, socket: WebSocket, stream: asyncio.StreamReader | None, channel: int | None) -> None:
        while stream is not None and (data := await stream.read(_CHUNK)):
            if channel is not None:
                await socket.send(bytes([channel]) + data)
            if programs.misbehaviour(self.pod) == programs.RESTART:
                raise ConnectionAbortedError("the container restarts")

    async def _report(self, socket: WebSocket, status: Object) -> None:
        if self.protocol is not None:
            await socket.send(bytes([_STATUS]) + orjson.dumps(status))


def accept(state: State, confinement: Confinement, nameserver: str, pod: Object, request: Request) -> Switch:
    """Return the switch to an exec session.

    Raises a Refusal, worded as the API server's, for whatever is wrong with the request.
    """
    query = request.query
    container = pods.chosen_container(pod, query.get("container", ""))
    pods.require_host(pod)
    streams = frozenset(name for name in ("stdin", "stdout", "stderr") if query.get(name) in ("true", "1"))
    if not request.wants_websocket:
        raise bad_request("Upgrade request required")
    if not streams:
        raise bad_request("you must specify at least 1 of stdin, stdout, stderr")
    if query.get("tty") in ("true", "1"):
        raise not_implemented("exec with a terminal (tty)")
    if not pods.is_running(pod, container["name"]):
        raise pods.not_running(container["name"])
    argv = tuple(value for name, value in request.pairs if name == "command")
    if not argv:
        raise bad_request("you must specify at least one command for the container")
    protocol = next((each for each in request.subprotocols if each in PROTOCOLS), None)
    if request.subprotocols and protocol is None:
        raise bad_request(f"unable to upgrade: none of {', '.join(request.subprotocols)} is supported")
    execution = Execution(state, confinement, nameserver, pod, container, argv, streams, protocol)
    return Switch(execution.run, protocol)


def _not_startable(program: str, pod: Object, path: str) -> str | None:
    if programs.startable(program, pod, path):
        return None
    if "/" in program:
        return f'exec: "{program}": stat {program}: no such file or directory: unknown'
    return f'exec: "{program}": executable file not found in $PATH: unknown'


def _cannot_start(why: str) -> Object:
    said = (
        "Internal error occurred: error executing command in container: failed to exec in container: failed to start "
        f'exec "{"0" * 64}": OCI runtime exec failed: exec failed: unable to start container process: {why}'
    )
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {said}",
        "reason": "InternalError",
        "details": {"causes": [{"message": said}]},
        "code": 500,
    }


def _ended(code: int, argv: Sequence[str], protocol: str | None) -> Object:
    if code == 0:
        return _SUCCESS
    code = code if code > 0 else 128 - code
    if protocol == "v4.channel.k8s.io":
        said = f"error executing command [{' '.join(argv)}], exit code {code}"
    else:
        said = f"command terminated with exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {said}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
