"""Pod logs: what the kubelet says of containers that never started; for running ones, that they are simulated."""

from collections.abc import Mapping

from cx_conformance.sandbox import pods
from cx_conformance.sandbox.annotations import LOG
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.processes import Processes
from cx_conformance.sandbox.statuses import bad_request

_PULLING = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName")


def read(pod: Object, query: Mapping[str, str], processes: Processes) -> bytes:
    """Return the log of one container, its last ``tailLines``, or its first ``limitBytes``.

    Raises the API's 400 for a container that waits to start.
    """
    container = pods.chosen_container(pod, query.get("container", ""))["name"]
    pods.require_host(pod)
    status = pods.status_of(pod, container)
    waiting = status.get("state", {}).get("waiting")
    if waiting is not None and not status.get("restartCount"):
        reason = waiting.get("reason", "")
        why = "trying and failing to pull image" if reason in _PULLING else reason
        raise bad_request(f'container "{container}" in pod "{pod["metadata"]["name"]}" is waiting to start: {why}')
    printed = processes.output(pod["metadata"]["uid"], container)
    default = f"container {container} is simulated by the embedded cluster\n"
    said = pod["metadata"].get("annotations", {}).get(LOG, default).encode() if printed is None else printed
    tail, limit = query.get("tailLines"), query.get("limitBytes")
    if tail:
        said = b"".join(said.splitlines(keepends=True)[-int(tail) :])
    return said[: int(limit)] if limit else said
