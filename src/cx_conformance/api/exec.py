"""A program run in a container, over the API server: binary-safe, bounded in time and in size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cx_conformance.api.stream import ApiStreams


def run(
    streams: ApiStreams,
    place: ContainerPlace,
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    limits: ExecLimits | None = None,
) -> ExecResult:
    """Run ``argv`` in the container at ``place`` and return what it printed, also when a limit ended it.

    Raises ``Forbidden``, ``Unauthorized``, ``NotServed`` or ``Unreachable`` by the API server's answer, ``NoVantage``
    when the pod is gone or pending, the container does not run, or the program is not in it. Blocks; to be called from
    a thread that runs no event loop.
    """
    from cx_conformance.api.conversation import converse

    return converse(streams, place, tuple(argv), stdin, limits or ExecLimits())


def runner(configuration: Any) -> Callable[[ContainerPlace, Sequence[str], bytes, ExecLimits], ExecResult]:
    """Return ``run`` for the official client's ``configuration``, as the probes want it."""
    from cx_conformance.api.stream import ApiStreams

    streams = ApiStreams(configuration)

    def run_exec(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits) -> ExecResult:
        return run(streams, place, argv, stdin=stdin, limits=limits)

    return run_exec
