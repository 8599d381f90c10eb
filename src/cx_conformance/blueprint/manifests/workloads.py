"""Workloads: the pods of each component as promised, and the claims behind their volumes."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from cx_conformance.blueprint.component import Component, Kind, Volume
from cx_conformance.blueprint.manifests.configuration import account_config_map, file_config_map, variables
from cx_conformance.blueprint.manifests.installation import (
    Installation,
    certificate_secret,
    metadata,
    own_labels,
    pod_labels,
    pull_secret,
)
from cx_conformance.blueprint.manifests.simulation import ANNOTATION, PASSWORD, TLS_FOLDER, USERNAME, simulation
from cx_conformance.blueprint.store import Reference

SIMULATOR_CONFIG_MAP: Final = "cx-conformance-simulator"
SIMULATOR_FOLDER: Final = "/opt/cx-conformance"
SIMULATOR_FILE: Final = "simulator.py"
_SECRETS_FOLDER: Final = "/etc/cx-conformance/secrets"


def claims(name: str, component: Component, made: Installation) -> Iterator[dict[str, Any]]:
    """Give the claims of a component that is not a StatefulSet, whose claims are made from its template."""
    if component.workload.kind is not Kind.STATEFUL_SET:
        for claim, volume in _claimed(component):
            about = metadata(made.namespace(component), claim, own_labels(name, component))
            yield {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": about, "spec": _claim_spec(volume)}


def workload(name: str, component: Component, made: Installation) -> dict[str, Any]:
    """Return the workload of one component."""
    labels = pod_labels(name, component)
    promised = component.workload
    about = metadata(made.namespace(component), promised.name, own_labels(name, component))
    template: dict[str, Any] = {"metadata": {"labels": dict(labels)}, "spec": _pod(name, component, made)}
    if made.simulate:
        template["metadata"]["annotations"] = {ANNOTATION: json.dumps(simulation(component, made))}
    spec: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": template}
    match promised.kind:
        case Kind.CRON_JOB:
            # A Job's pods end, and the API server refuses `Always` for them.
            template["spec"]["restartPolicy"] = "OnFailure"
            spec = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": template}}}
            return {"apiVersion": "batch/v1", "kind": promised.kind.value, "metadata": about, "spec": spec}
        case Kind.DEPLOYMENT:
            spec["replicas"] = promised.replicas
        case Kind.STATEFUL_SET:
            spec["replicas"] = promised.replicas
            spec["serviceName"] = component.service.name if component.service else promised.name
            templates = [
                {"metadata": {"name": claim}, "spec": _claim_spec(volume)} for claim, volume in _claimed(component)
            ]
            if templates:
                spec["volumeClaimTemplates"] = templates
    return {"apiVersion": "apps/v1", "kind": promised.kind.value, "metadata": about, "spec": spec}


def _pod(name: str, component: Component, made: Installation) -> dict[str, Any]:
    mounted = [*_promised_volumes(name, component), *_further_volumes(component, made)]
    spec: dict[str, Any] = {
        "containers": _containers(name, component, made, [mount for _, mount in mounted]),
        "restartPolicy": component.workload.restart_policy,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
    }
    pulled_with = pull_secret(component)
    if pulled_with:
        spec["imagePullSecrets"] = [{"name": pulled_with}]
    volumes = {volume["name"]: volume for volume, _ in mounted if len(volume) > 1}
    if volumes:
        spec["volumes"] = list(volumes.values())
    return spec


def _containers(
    name: str, component: Component, made: Installation, mounts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the component's own container, and beside it those that are promised by name, with a later port each."""
    own = _container(name, component, made, mounts)
    names = component.workload.containers[1:]
    ports = own.get("ports", [])
    first = len(ports) - len(names)
    others = []
    for number, other in enumerate(names):
        made_up = {"name": other, "image": own["image"], "imagePullPolicy": "IfNotPresent"}
        waiting = {"command": ["sleep", "2147483647"]} if made.simulate else {}
        others.append(made_up | waiting | ({"ports": [ports[first + number]]} if first > 0 else {}))
    if names and first > 0:
        own["ports"] = ports[:first]
    return [own, *others]


def _container(name: str, component: Component, made: Installation, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": made.image_of(name, component),
        "imagePullPolicy": "IfNotPresent",
    }
    if made.simulate:
        container["command"] = ["python3", "-u", f"{SIMULATOR_FOLDER}/{SIMULATOR_FILE}"]
    if component.container_ports:
        container["ports"] = [_port(port.port, port.name) for port in component.container_ports]
        # Not promised: it makes `Ready` mean that something listens.
        probed = component.container_ports[0]
        container["readinessProbe"] = {"tcpSocket": {"port": probed.name or probed.port}, "periodSeconds": 5}
    environment = list(_environment(name, component, made))
    if environment:
        container["env"] = environment
    held = {volume.config_map for volume in component.volumes}
    read = [promised.name for promised in component.config_maps if promised.name not in held]
    if read:
        container["envFrom"] = [{"configMapRef": {"name": name}} for name in read]
    if component.resources:
        container["resources"] = {
            field: {name: f"{amount}" for name, amount in amounts.promised.items()}
            for field, amounts in component.resources.promised
        }
    if mounts:
        container["volumeMounts"] = mounts
    return container


def _port(number: int, name: str | None) -> dict[str, Any]:
    return {"containerPort": number, "protocol": "TCP"} | ({"name": name} if name else {})


def _environment(name: str, component: Component, made: Installation) -> Iterator[dict[str, Any]]:
    if made.simulate:
        annotation = {"fieldRef": {"fieldPath": f"metadata.annotations['{ANNOTATION}']"}}
        yield {"name": "CX_SIMULATE", "valueFrom": annotation}
    yield from ({"name": variable, "value": value} for variable, value in dict(variables(component, made)).items())
    login = component.store.login if component.store else None
    if login is None:
        return
    if login.username_from:
        yield {"name": USERNAME, "valueFrom": _value_from(component, login.username_from, made)}
    else:
        yield {"name": USERNAME, "value": made.accounts[name].username}
    if login.password:
        yield {"name": PASSWORD, "valueFrom": _value_from(component, login.password, made)}


def _value_from(component: Component, reference: Reference, made: Installation) -> dict[str, Any]:
    if reference.secret:
        return {"secretKeyRef": {"name": reference.secret, "key": reference.key}}
    holder = account_config_map(component, reference, made)
    return {"configMapKeyRef": {"name": holder, "key": reference.key}}


def _promised_volumes(name: str, component: Component) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give pairs of a volume and its mount; a StatefulSet's claimed volume has a name only."""
    claimed = {id(volume): claim for claim, volume in _claimed(component)}
    for number, promised in enumerate(component.volumes):
        path = promised.mount_path or f"/var/lib/{name}"
        claim, holder = claimed.get(id(promised)), file_config_map(name, promised.name)
        if claim and component.workload.kind is Kind.STATEFUL_SET:
            yield {"name": claim}, {"name": claim, "mountPath": path}
        elif claim:
            volume = promised.name or claim
            source = {"persistentVolumeClaim": {"claimName": claim}}
            yield {"name": volume, **source}, {"name": volume, "mountPath": path}
        elif promised.secret or promised.config_map:
            yield _held(promised, path, number)
        elif holder:
            file = PurePosixPath(path).name
            source = {"configMap": {"name": holder}}
            volume = promised.name or f"volume-{number}"
            yield {"name": volume, **source}, {"name": volume, "mountPath": path, "subPath": file}
        else:
            volume = promised.name or f"volume-{number}"
            yield {"name": volume, "emptyDir": {}}, {"name": volume, "mountPath": path}


def _held(promised: Volume, path: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the volume of a promised Secret or ConfigMap and its mount; a path that is a file is that key alone."""
    name = promised.name or f"volume-{number}"
    source: dict[str, Any] = (
        {"secret": {"secretName": promised.secret}} if promised.secret else {"configMap": {"name": promised.config_map}}
    )
    if promised.optional:
        next(iter(source.values()))["optional"] = True
    alone = {"subPath": promised.file} if promised.file else {}
    return {"name": name, **source}, {"name": name, "mountPath": path, **alone}


def _further_volumes(component: Component, made: Installation) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    held = {volume.secret for volume in component.volumes}
    for promised in component.secrets:
        if promised.name in held:
            continue
        volume, path = f"secret-{promised.name}"[:63].rstrip("-"), f"{_SECRETS_FOLDER}/{promised.name}"
        yield (
            {"name": volume, "secret": {"secretName": promised.name}},
            {"name": volume, "mountPath": path, "readOnly": True},
        )
    certificate = certificate_secret(component)
    if certificate:
        yield (
            {"name": "tls", "secret": {"secretName": certificate}},
            {"name": "tls", "mountPath": TLS_FOLDER, "readOnly": True},
        )
    if made.simulate:
        yield (
            {"name": "simulator", "configMap": {"name": SIMULATOR_CONFIG_MAP}},
            {"name": "simulator", "mountPath": SIMULATOR_FOLDER, "readOnly": True},
        )


def _claimed(component: Component) -> Iterator[tuple[str, Volume]]:
    """Give the name of the claim (in a StatefulSet, of its template) for each volume that promises a size."""
    sized = [volume for volume in component.volumes if volume.size]
    plain = "data" if component.workload.kind is Kind.STATEFUL_SET else component.workload.name
    for number, volume in enumerate(sized):
        given = volume.name if component.workload.kind is Kind.STATEFUL_SET else None
        yield given or plain + (f"-{number}" if number else ""), volume


def _claim_spec(volume: Volume) -> dict[str, Any]:
    """Return a claim that names no class, as the charts do: exactly one class is the default."""
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": f"{volume.size}"}}}
