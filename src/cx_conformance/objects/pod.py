"""Pods: the spec as it runs and what the kubelet says of it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from cx_conformance.objects.json_fields import (
    Json,
    count,
    flag,
    mapping,
    moment,
    number,
    objects,
    text,
)
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, find_condition, metadata
from cx_conformance.objects.pod_spec import PodSpec, Role, pod_spec


class ContainerState(Struct, frozen=True, kw_only=True):
    """What a container does, or did: ``absent`` when the kubelet says nothing."""

    state: Literal["waiting", "running", "terminated", "absent"]
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    signal: int | None = None
    started: datetime | None = None
    finished: datetime | None = None


class ContainerStatus(Struct, frozen=True, kw_only=True):
    """One container of a pod as the kubelet sees it; ``image`` and ``image_id`` are what really runs."""

    name: str
    role: Role
    state: ContainerState
    last_state: ContainerState
    ready: bool
    restarts: int
    started: bool | None
    image: str
    image_id: str


class Pod(ApiObject, frozen=True, kw_only=True):
    """A pod. ``statuses`` holds init containers and sidecars first, then the ordinary ones, then ephemeral ones."""

    spec: PodSpec
    phase: str
    reason: str
    message: str
    conditions: tuple[Condition, ...]
    ip: str
    ips: tuple[str, ...]
    host_ip: str
    statuses: tuple[ContainerStatus, ...]

    @property
    def node(self) -> str:
        """The node it was bound to, empty when it was not."""
        return self.spec.node_name

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is true and it is not being deleted."""
        return (
            self.deleted is None and (found := find_condition(self.conditions, "Ready")) is not None and found.is_true
        )

    @property
    def finished(self) -> bool:
        """Whether its phase is Succeeded or Failed: nothing of it runs any more."""
        return self.phase in {"Succeeded", "Failed"}

    @property
    def ready_containers(self) -> str:
        """Ready of all containers as ``kubectl get pods`` counts them: ordinary containers and sidecars."""
        counted = [item for item in self.statuses if item.role in {"container", "sidecar"}]
        return f"{sum(item.ready for item in counted)}/{len(self.spec.serving_containers)}"

    @property
    def restarts(self) -> int:
        """Restarts of all containers together."""
        return sum(item.restarts for item in self.statuses)


def pod(source: Json) -> Pod:
    """Read a Pod."""
    spec, status = pod_spec(mapping(source, "spec")), mapping(source, "status")
    sidecars = {item.name for item in spec.init_containers if item.is_sidecar}
    ip = text(status, "podIP")
    ips = tuple(found for found in (text(item, "ip") for item in objects(status, "podIPs")) if found)
    return Pod(
        **metadata(source),
        spec=spec,
        phase=text(status, "phase") or "Unknown",
        reason=text(status, "reason"),
        message=text(status, "message"),
        conditions=conditions(status),
        ip=ip,
        ips=ips or ((ip,) if ip else ()),
        host_ip=text(status, "hostIP"),
        statuses=(
            *(
                _status(item, "sidecar" if text(item, "name") in sidecars else "init")
                for item in objects(status, "initContainerStatuses")
            ),
            *(_status(item, "container") for item in objects(status, "containerStatuses")),
            *(_status(item, "ephemeral") for item in objects(status, "ephemeralContainerStatuses")),
        ),
    )


def _status(source: Json, role: Role) -> ContainerStatus:
    return ContainerStatus(
        name=text(source, "name"),
        role=role,
        state=_state(mapping(source, "state")),
        last_state=_state(mapping(source, "lastState")),
        ready=flag(source, "ready") or False,
        restarts=count(source, "restartCount"),
        started=flag(source, "started"),
        image=text(source, "image"),
        image_id=text(source, "imageID"),
    )


_ABSENT = ContainerState(state="absent")


def _state(source: Json) -> ContainerState:
    """Read a ContainerState; ``running: {}`` is a state too."""
    for word in ("waiting", "terminated", "running"):
        found: Any = source.get(word)
        if isinstance(found, dict):
            return ContainerState(
                state=word,
                reason=text(found, "reason"),
                message=text(found, "message"),
                exit_code=number(found, "exitCode"),
                signal=number(found, "signal"),
                started=moment(found, "startedAt"),
                finished=moment(found, "finishedAt"),
            )
    return _ABSENT
