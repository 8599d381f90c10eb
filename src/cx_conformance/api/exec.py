"""A program run in a container, over the API server: binary-safe, bounded in time and in size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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
    from cx_conformance.api.conversation import converse

    return converse(configuration, place, tuple(argv), stdin, limits or ExecLimits())


def runner(configuration: Any) -> Callable[[ContainerPlace, Sequence[str], bytes, ExecLimits], ExecResult]:
    """Return ``run`` for one cluster, as the probes want it: a place, arguments, standard input, limits."""

    def run_exec(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits) -> ExecResult:
        return run(configuration, place, argv, stdin=stdin, limits=limits)

    return run_exec
