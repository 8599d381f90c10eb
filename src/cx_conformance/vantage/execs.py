"""Exec within the time that a run has left."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cx_conformance.api import exec as execution
from cx_conformance.api.exec_record import ContainerPlace, ExecLimits, ExecResult
from cx_conformance.probes.inquiry import RunExec
from cx_conformance.vantage.pool import ProbePool

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster


def run_in_time(cluster: "Cluster", pool: ProbePool) -> RunExec:
    """Return what runs a program in a container of ``cluster``, for no longer than ``pool`` allows."""
    from cx_conformance.api.stream import ApiStreams

    def run(place: ContainerPlace, argv: Sequence[str], stdin: bytes, limits: ExecLimits, /) -> ExecResult:
        in_time = replace(limits, total_seconds=pool.allowed(limits.total_seconds))
        streams = ApiStreams(cluster.configuration, cluster.tally, cluster.renewed)
        return execution.run(streams, place, argv, stdin=stdin, limits=in_time)

    return run
