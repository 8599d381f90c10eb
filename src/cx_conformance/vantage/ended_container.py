"""A container that runs to its end: waited for by its pod's status, then its log is what it printed."""

import time
from typing import TYPE_CHECKING, Final

from cx_conformance.api.exec_record import ContainerPlace, Ending, ExecLimits, ExecResult
from cx_conformance.api.request_path import part
from cx_conformance.objects.json_fields import Json, mapping, number, objects, text
from cx_conformance.outcome.looking import NoVantage

if TYPE_CHECKING:
    from cx_conformance.api.client import Cluster
from cx_conformance.wire.bounds import SMALL

START_SECONDS: Final = 45.0
"""So long a container may take to start, its image pulled first."""
_PAUSE_SECONDS: Final = 0.25
_LASTING: Final = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons for which waiting longer does not start a container."""


def await_end(cluster: "Cluster", place: ContainerPlace, limits: ExecLimits, seconds: float) -> ExecResult:
    """Wait for the container at ``place`` to end, and return its log as what it printed to standard output.

    ``seconds`` is how long all may take; of it the container itself may run ``limits.total_seconds``. Raises NoVantage
    when it cannot start, or its pod is gone; else as the cluster's ``get``.
    """
    path = f"/api/v1/namespaces/{part(place.namespace)}/pods/{part(place.pod)}"
    began = time.monotonic()
    started: float | None = None
    while True:
        pod = cluster.read(path)
        if pod is None:
            raise NoVantage(f"pod {place.namespace}/{place.pod} was deleted before it had looked")
        state = mapping(_status(pod, place.container or ""), "state")
        now = time.monotonic()
        if "terminated" in state:
            break
        if "running" in state and started is None:
            started = now
        if started is not None and now - started > limits.total_seconds:
            break
        _raise_lasting(place, state)
        if now - began > seconds or (started is None and now - began > START_SECONDS):
            raise NoVantage(f"{_named(place)} did not start within {now - began:.0f} s: {_waits(pod, state)}")
        time.sleep(_PAUSE_SECONDS)
    ended = mapping(state, "terminated")
    query = {"container": place.container or "", "limitBytes": str(limits.output_bytes)}
    log = cluster.get(f"{path}/log", query, most=max(SMALL, limits.output_bytes))
    if ended and text(ended, "reason") in ("StartError", "ContainerCannotRun"):
        raise NoVantage(f"{_named(place)} could not start: {text(ended, 'message') or 'no reason given'}")
    return ExecResult(
        stdout=bytes(log.body) if log.status == 200 else b"",
        stderr=b"" if log.status == 200 else bytes(log.body),
        exit_code=number(ended, "exitCode") if ended else None,
        ending=Ending.EXITED if ended else Ending.OUT_OF_TIME,
        milliseconds=(time.monotonic() - began) * 1000,
    )


def _status(pod: Json, container: str) -> Json:
    status = mapping(pod, "status")
    every = (*objects(status, "containerStatuses"), *objects(status, "ephemeralContainerStatuses"))
    return next((one for one in every if text(one, "name") == container), {})


def _raise_lasting(place: ContainerPlace, state: Json) -> None:
    waiting = mapping(state, "waiting")
    if text(waiting, "reason") in _LASTING:
        said = " ".join(text(waiting, "message").split())[:300]
        raise NoVantage(
            f"{_named(place)} cannot start: {text(waiting, 'reason')} {said}; "
            "name an image that the nodes can pull and that has a shell"
        )


def _waits(pod: Json, state: Json) -> str:
    """Say what the container waits for, as far as its pod tells."""
    for condition in objects(mapping(pod, "status"), "conditions"):
        if text(condition, "type") == "PodScheduled" and text(condition, "status") == "False":
            return text(condition, "message") or text(condition, "reason")
    waiting = mapping(state, "waiting")
    return text(waiting, "message") or text(waiting, "reason") or "the node says nothing of it"


def _named(place: ContainerPlace) -> str:
    return f"container {place.container} of pod {place.namespace}/{place.pod}"
