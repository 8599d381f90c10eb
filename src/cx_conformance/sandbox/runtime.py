"""The container runtime: runs the commands of containers that clients started, as processes of this machine.

There are no images: a container finds this machine's programs, whatever its image is called. The one thing that is
known of images is that a registry below ``.invalid`` (RFC 2606) cannot be reached, and none from a node that says so.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

from cx_conformance.sandbox import pods
from cx_conformance.sandbox.annotations import REGISTRY
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.confinement import CannotConfine, Confinement
from cx_conformance.sandbox.container import mounted
from cx_conformance.sandbox.processes import Processes
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.volumes import Volumes
from cx_conformance.sandbox.world import now

_CHUNK = 32768
_KILLED = 137
_CANNOT_START = 128
_REFERENCE = re.compile(r"\$(\$|\(([^)]*)\))")


class Runtime:
    """Starts containers and notes what becomes of them; one for a whole embedded cluster."""

    def __init__(  # noqa: PLR0913 - what a runtime is given on its node
        self,
        state: State,
        processes: Processes,
        confinement: Confinement,
        nameserver: str,
        *,
        volumes: Volumes,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """Run containers of the pods in ``state``; ``changed`` is awaited after each change of one."""
        self._volumes = volumes
        self._state = state
        self._processes = processes
        self._confinement = confinement
        self._nameserver = nameserver
        self._changed = changed
        self._running: dict[str, set[asyncio.Task[None]]] = {}

    def start(self, pod: Object, container: Object, seconds: float | None = None) -> None:
        """Start a container of a pod that has its node, for at most ``seconds``."""
        uid = pod["metadata"]["uid"]
        task = asyncio.ensure_future(self._run(pod, container, seconds))
        tasks = self._running.setdefault(uid, set())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def end(self, uid: str) -> None:
        """End what runs of a pod, and wait until it is gone."""
        tasks = self._running.pop(uid, set())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """End everything."""
        for uid in tuple(self._running):
            await self.end(uid)

    async def _run(self, pod: Object, container: Object, seconds: float | None) -> None:
        uid, name = pod["metadata"]["uid"], container["name"]
        why = _unreachable(container["image"]) or self._refused(pod)
        if why:
            await self._become(uid, name, _not_pulled(container["image"], why))
            return
        started = now()
        try:
            process = await self._begin(pod, container)
        except (CannotConfine, OSError) as why:
            await self._become(uid, name, _ended(_CANNOT_START, "StartError", started, str(why)))
            return
        try:
            await self._become(uid, name, {"running": {"startedAt": started}})
            async with asyncio.timeout(seconds):
                await asyncio.gather(
                    self._keep(uid, name, process.stdout),
                    self._keep(uid, name, process.stderr),
                )
                code = await process.wait()
        except TimeoutError:
            self._processes.expire(uid)
            code = _KILLED
        finally:
            await self._confinement.end(process)
        code = code if code >= 0 else 128 - code
        await self._become(uid, name, _ended(code, "Error" if code else "Completed", started))

    async def _begin(self, pod: Object, container: Object) -> asyncio.subprocess.Process:
        metadata = pod["metadata"]
        environment = pods.environment(self._state, pod, container)
        words = [*container.get("command", []), *container.get("args", [])]
        argv = [expanded(word, environment) for word in words]
        name = f"{metadata['namespace']}_{metadata['name']}"
        if container.get("volumeMounts"):
            argv = mounted(self._confinement, self._volumes, pod, container, argv)
        return await self._confinement.start(name, pods.etc(pod, self._nameserver), argv, environment, stdin=False)

    def _refused(self, pod: Object) -> str:
        """Return why no registry is reached from the pod's node; empty where one is."""
        node = self._state.find("v1", "Node", "", pod["spec"]["nodeName"]) or {"metadata": {}}
        refused = node["metadata"].get("annotations", {}).get(REGISTRY) == "refused"
        return "dial tcp 192.0.2.1:443: connect: connection refused" if refused else ""

    async def _keep(self, uid: str, name: str, stream: asyncio.StreamReader | None) -> None:
        while stream is not None and (data := await stream.read(_CHUNK)):
            self._processes.printed(uid, name, data)

    async def _become(self, uid: str, name: str, state: Object) -> None:
        if name not in self._processes.states(uid):
            return  # the pod was deleted meanwhile
        self._processes.change(uid, name, state)
        with contextlib.suppress(OSError):
            await self._changed()


def expanded(word: str, environment: dict[str, str]) -> str:
    """Return a word of a command with ``$(NAME)`` filled in and ``$$`` made one; what is not known stays as it is.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ (Container, args)
    """
    return _REFERENCE.sub(lambda at: "$" if at[1] == "$" else environment.get(at[2], at[0]), word)


def _unreachable(image: str) -> str:
    host = image.partition("/")[0]
    return f"dial tcp: lookup {host}: no such host" if host.partition(":")[0].endswith(".invalid") else ""


def _not_pulled(image: str, why: str) -> Object:
    message = (
        f'Back-off pulling image "{image}": ErrImagePull: failed to pull and unpack image "{image}": failed to resolve '
        f'reference "{image}": failed to do request: {why}'
    )
    return {"waiting": {"reason": "ImagePullBackOff", "message": message}}


def _ended(code: int, reason: str, started: str, message: str = "") -> Object:
    ended: Object = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
    return {"terminated": ended | ({"message": message} if message else {})}
