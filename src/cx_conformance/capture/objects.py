"""What a workload's pods need and declare, as promises: ports, ConfigMaps, Secrets, volumes, resources, health."""

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import TypeAdapter, ValidationError

from cx_conformance.blueprint.component import ConfigMap, ContainerPort, Secret, Volume
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.names import HttpPath, MountPath
from cx_conformance.blueprint.promise import Source
from cx_conformance.blueprint.quantity import Quantity
from cx_conformance.blueprint.resources import Amounts, Resources
from cx_conformance.capture.gathered import Gathered
from cx_conformance.cluster.resources import effective
from cx_conformance.objects.config import ConfigMap as LiveConfigMap
from cx_conformance.objects.config import without_generated_end
from cx_conformance.objects.http_get import HttpGet
from cx_conformance.objects.pod_spec import Container, VolumeMount
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.objects.workload import Workload
from cx_conformance.outcome.looking import CouldNotLook

_MOUNT_PATH: Final = TypeAdapter(MountPath)
_HTTP_PATH: Final = TypeAdapter(HttpPath)
_ASKED: Final = ("readiness", "liveness")


def container_ports(workload: Workload) -> Iterator[ContainerPort]:
    """Yield each TCP port that a container of the pods declares, once."""
    numbers: set[int] = set()
    names: set[str] = set()
    for port in (port for one in workload.template.spec.serving_containers for port in one.ports):
        if port.protocol == "TCP" and port.number not in numbers:
            name = port.name if port.name and port.name not in names else None
            yield ContainerPort(port=port.number, name=name, source=Source.CAPTURED)
            numbers.add(port.number)
            names.add(port.name)


def config_maps(gathered: Gathered, workload: Workload) -> Iterator[ConfigMap]:
    """Yield each ConfigMap that the pods need, or use and that is there."""
    for name, optional in _referred(workload, "ConfigMap").items():
        there = gathered.snapshot.get(LiveConfigMap, workload.namespace, name) is not None
        if there or (not gathered.whole and not optional):
            yield ConfigMap(name=without_generated_end(name), source=Source.CAPTURED)
        elif not optional:
            gathered.leave_out(
                f"ConfigMap {workload.namespace}/{name}, which {workload.kind} {workload.name} needs: it is not there"
            )


def secrets(gathered: Gathered, workload: Workload) -> Iterator[Secret]:
    """Yield each Secret that the pods need, or use and that is there; pull secrets are looked at whoever names them."""
    for name, optional in _referred(workload, "Secret").items():
        there = _is_there(gathered, workload.namespace, name)
        if there or (there is None and not optional):
            yield Secret(name=without_generated_end(name), source=Source.CAPTURED)
        elif not optional:
            gathered.leave_out(
                f"Secret {workload.namespace}/{name}, which {workload.kind} {workload.name} needs: it is not there"
            )


def _is_there(gathered: Gathered, namespace: str, name: str) -> bool | None:
    """Tell whether a Secret exists; None where nobody knows."""
    try:
        return gathered.snapshot.secret(namespace, name) is not None
    except CouldNotLook:
        return None


def _referred(workload: Workload, kind: str) -> dict[str, bool]:
    """Return the names of what the pods refer to, and whether they start without it."""
    found: dict[str, bool] = {}
    for one in workload.template.spec.references():
        if one.kind == kind and one.how != "imagePullSecret":
            found[one.name] = one.optional and found.get(one.name, True)
    return found


def volumes(gathered: Gathered, workload: Workload, own: Iterable[Container]) -> Iterator[Volume]:
    """Yield what the component's ``own`` containers mount, with the size of the claim behind it."""
    paths: set[str] = set()
    for mount in (mount for one in own for mount in one.volume_mounts):
        path = mount.mount_path.rstrip("/") or "/"
        if path in paths:
            continue
        paths.add(path)
        try:
            _MOUNT_PATH.validate_python(path)
        except ValidationError:
            gathered.leave_out(f"mount path {path[:60]} of {workload.kind} {workload.where}")
            continue
        size = _claimed(gathered, workload, mount)
        yield Volume(name=mount.name, mount_path=path, size=size, source=Source.CAPTURED)


def _claimed(gathered: Gathered, workload: Workload, mount: VolumeMount) -> Quantity | None:
    """Return what the claim behind a mount asks for; None where there is none, or it is not seen."""
    for template in workload.volume_claim_templates:
        if template.name == mount.name:
            return _quantity(template.size)
    for volume in workload.template.spec.volumes:
        for one in volume.references if volume.name == mount.name else ():
            if one.kind == "PersistentVolumeClaim":
                claim = gathered.snapshot.get(PersistentVolumeClaim, workload.namespace, one.name)
                return _quantity((claim.requested or claim.capacity) if claim else None)
    return None


def resources(workload: Workload, own: Container) -> Resources | None:
    """Return what the component's ``own`` container asks for and is limited to; None: neither."""
    found = effective(workload.template.spec, own)
    requests, limits = (_amounts(found[kind]) for kind in ("requests", "limits"))
    if not requests.promised and not limits.promised:
        return None
    return Resources(requests=requests, limits=limits, source=Source.CAPTURED)


def _amounts(found: dict[str, str]) -> Amounts:
    return Amounts(cpu=_quantity(found.get("cpu")), memory=_quantity(found.get("memory")))


def _quantity(text: str | None) -> Quantity | None:
    try:
        return Quantity.parse(text) if text else None
    except ValueError:
        return None


def health(gathered: Gathered, workload: Workload) -> Iterator[Health]:
    """Yield what the kubelet asks the containers by HTTP to know that they are ready, or live."""
    if workload.kind == "CronJob":
        return
    said: set[tuple[str, int, str]] = set()
    for container in workload.template.spec.serving_containers:
        for one in container.http_gets:
            if one.probe not in _ASKED:
                continue
            number = _number(one, container)
            where = f"the {one.probe} probe of container {container.name} of {workload.kind} {workload.where}"
            why = _why_not(one, number)
            if why:
                gathered.leave_out(f"{where}: {why}")
            elif number is not None and (one.scheme, number, one.path) not in said:
                said.add((one.scheme, number, one.path))
                yield Health(scheme=one.scheme, port=number, path=one.path, status=None, source=Source.CAPTURED)


def _number(asked: HttpGet, container: Container) -> int | None:
    if isinstance(asked.port, int):
        return asked.port
    return next((port.number for port in container.ports if port.name == asked.port), None)


def _why_not(asked: HttpGet, number: int | None) -> str | None:
    """Say why a run cannot ask the same; None: it can."""
    if number is None or not 1 <= number <= 65535:
        return f"it asks port {asked.port}, which the container does not have"
    if asked.host:
        return f"it asks another host, {asked.host}"
    if asked.with_headers:
        return "it sends headers of its own"
    try:
        _HTTP_PATH.validate_python(asked.path)
    except ValidationError:
        return f"its path {asked.path[:60]!r} is none that a blueprint can hold"
    return None
