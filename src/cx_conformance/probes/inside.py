"""What only the inside of a container shows, by testinfra, for checks of one's own: files, mounts, sockets, addresses.

Each thing asked is an exec of its own; the suite's checks ask by one for all (``inquiry``).
testinfra's own kubectl backend answers False for a pod that does not exist; this one raises. It needs no kubectl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testinfra.backend.base import (  # type: ignore[import-untyped] # publishes no types
    BaseBackend,
    CommandResult,
)
from testinfra.host import Host  # type: ignore[import-untyped] # publishes no types

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits

if TYPE_CHECKING:
    from cx_conformance.probes.inquiry import RunExec


def inside(run_exec: RunExec, place: ContainerPlace, limits: ExecLimits | None = None) -> Host:
    """Return testinfra's host for the container at ``place``.

    Whatever keeps a command from being run to its end raises a ``CouldNotLook`` out of the property that was asked;
    it is never False. ``socket`` wants ``ss`` or ``netstat`` in the container.
    """
    return Host(_ExecBackend(run_exec, place, limits or ExecLimits()))


class _ExecBackend(BaseBackend):  # type: ignore[misc] # testinfra publishes no types
    """Runs testinfra's commands by exec."""

    NAME = "cx-exec"

    def __init__(self, run_exec: RunExec, place: ContainerPlace, limits: ExecLimits) -> None:
        container = f"/{place.container}" if place.container else ""
        super().__init__(f"{place.namespace}/{place.pod}{container}")
        self._run_exec = run_exec
        self._place = place
        self._limits = limits

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        text = self.get_command(command, *args)
        result = self._run_exec(self._place, ("sh", "-c", text), b"", self._limits)
        result = result.complete(f"{text!r} in pod {self._place.namespace}/{self._place.pod}")
        # Not BaseBackend.result(), which writes the output to the log: a mounted Secret may be in it.
        return CommandResult(
            backend=self,
            exit_status=-1 if result.exit_code is None else result.exit_code,
            command=text.encode(),
            _stdout=result.stdout,
            _stderr=result.stderr,
        )

    def decode(self, data: bytes) -> str:
        return data.decode(errors="replace")

    def encode(self, data: str) -> bytes:
        return data.encode()
