"""What clients started beyond the manifests: the containers of pods that they created, and ephemeral ones.

The controllers read it as a kubelet reads its runtime; nothing here is served as it stands.
"""

from msgspec import Struct, field

from cx_conformance.sandbox.catalogue import Object

KEPT_OUTPUT = 20_000_000
"""Bytes of one container's log; a kubelet rotates them at 10 MiB a file."""


class Processes(Struct):
    """States, ephemeral containers and output, by the uid of the pod."""

    _states: dict[str, dict[str, Object]] = field(default_factory=dict)
    _ephemeral: dict[str, list[Object]] = field(default_factory=dict)
    _output: dict[tuple[str, str], bytearray] = field(default_factory=dict)
    _overdue: set[str] = field(default_factory=set)

    def states(self, uid: str) -> dict[str, Object]:
        """Return the state of each container that a client started in the pod, by its name."""
        return self._states.get(uid, {})

    def ephemeral(self, uid: str) -> list[Object]:
        """Return the pod's ephemeral containers, oldest first."""
        return self._ephemeral.get(uid, [])

    def output(self, uid: str, container: str) -> bytes | None:
        """Return what the container has printed; None for one that no client started."""
        held = self._output.get((uid, container))
        return None if held is None else bytes(held)

    def overdue(self, uid: str) -> bool:
        """Tell whether the pod was ended for being active longer than it may."""
        return uid in self._overdue

    def change(self, uid: str, container: str, state: Object) -> None:
        """Note that a container is now in ``state``, as a ContainerState."""
        self._states.setdefault(uid, {})[container] = state
        self._output.setdefault((uid, container), bytearray())

    def add(self, uid: str, container: Object) -> None:
        """Add an ephemeral container to a pod; there is no way to take it away again."""
        self._ephemeral.setdefault(uid, []).append(container)

    def printed(self, uid: str, container: str, data: bytes) -> None:
        """Keep what a container printed, up to a limit."""
        held = self._output.setdefault((uid, container), bytearray())
        held += data[: max(0, KEPT_OUTPUT - len(held))]

    def expire(self, uid: str) -> None:
        """Note that the pod's time is over."""
        self._overdue.add(uid)

    def forget(self, uid: str) -> None:
        """Drop everything about a pod that is gone."""
        for container in self._states.pop(uid, {}):
            self._output.pop((uid, container), None)
        self._ephemeral.pop(uid, None)
        self._overdue.discard(uid)
