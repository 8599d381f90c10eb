"""What a pod is made of, the same in a pod and in a workload's template: containers, volumes, references.

The file is long because a pod has many fields, each read by a line and told by another.
Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from cx_conformance.objects.http_get import HttpGet, http_gets
from cx_conformance.objects.json_fields import (
    Json,
    flag,
    mapping,
    number,
    objects,
    optional_text,
    quantities,
    text,
    text_map,
    texts,
)
from cx_conformance.objects.placement import Placement, placement
from cx_conformance.objects.secrecy import mask_arguments, mask_value

Role = Literal["init", "sidecar", "container", "ephemeral"]
How = Literal["envFrom", "env", "volume", "projected", "imagePullSecret"]


class Reference(Struct, frozen=True, kw_only=True):
    """One use of a ConfigMap, Secret or PersistentVolumeClaim.

    ``key`` is None when the whole object is used; ``where`` names the container (env, envFrom) or the volume.
    ``prefix`` is what envFrom puts before each key, ``path`` the file under which a volume shows the key.
    """

    kind: Literal["ConfigMap", "Secret", "PersistentVolumeClaim"]
    name: str
    key: str | None
    optional: bool
    how: How
    where: str
    prefix: str = ""
    path: str = ""


class ContainerPort(Struct, frozen=True, kw_only=True):
    """A port that a container declares; ``name`` is empty when it has none."""

    name: str
    number: int
    protocol: str
    host_port: int | None


class EnvVar(Struct, frozen=True, kw_only=True):
    """An environment variable: a literal (masked when its name looks secret), a reference, or a pod field."""

    name: str
    value: str | None
    reference: Reference | None


class VolumeMount(Struct, frozen=True, kw_only=True):
    """Where a container sees a volume."""

    name: str
    mount_path: str
    sub_path: str
    read_only: bool


class Volume(Struct, frozen=True, kw_only=True):
    """A volume: ``source`` is the API's field (configMap, secret, emptyDir, hostPath, nfs ...).

    ``read_only`` is whether it takes no writes, wherever it is mounted; snapshots of earlier versions do not say.
    """

    name: str
    source: str
    host_path: str | None
    references: tuple[Reference, ...]
    read_only: bool = False


class Container(Struct, frozen=True, kw_only=True):
    """A container as specified; ``requests`` and ``limits`` hold quantities as they are written.

    ``http_gets`` are what its probes ask by HTTP; of that, and ``may_escalate``, snapshots of earlier versions do not
    say anything.
    """

    name: str
    role: Role
    image: str
    ports: tuple[ContainerPort, ...]
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    env: tuple[EnvVar, ...]
    env_from: tuple[Reference, ...]
    volume_mounts: tuple[VolumeMount, ...]
    probes: tuple[str, ...]
    command: tuple[str, ...]
    args: tuple[str, ...]
    http_gets: tuple[HttpGet, ...] = ()
    may_escalate: bool | None = None
    """Whether it does not forbid itself to gain privileges, as the Pod Security profile restricted wants it."""

    @property
    def image_name(self) -> str:
        """The last part of its image's name, without registry, tag and digest."""
        return self.image.rpartition("/")[2].partition("@")[0].partition(":")[0]

    @property
    def is_sidecar(self) -> bool:
        """Whether it is a native sidecar: an init container with restart policy Always."""
        return self.role == "sidecar"


class PodSpec(Struct, frozen=True, kw_only=True):
    """Containers, volumes and what they refer to. ``init_containers`` includes the native sidecars.

    ``requests`` and ``limits`` are those of the pod as a whole (empty before Kubernetes 1.32, and mostly after).
    """

    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...]
    volumes: tuple[Volume, ...]
    restart_policy: str
    image_pull_secrets: tuple[str, ...]
    service_account: str
    node_name: str
    node_selector: Mapping[str, str]
    host_network: bool
    grace_seconds: int
    requests: Mapping[str, str]
    limits: Mapping[str, str]
    dns_policy: str = ""
    """Empty: not known, as in snapshots of earlier versions."""
    dns_servers: tuple[str, ...] = ()
    """Resolvers that it names itself."""
    placement: Placement | None = None
    """None: not known, as in snapshots of earlier versions."""
    host_aliases: Mapping[str, tuple[str, ...]] = {}
    """Addresses by name that its containers know without asking DNS."""
    scheduler: str = ""
    """By name the one that is to find it a node; empty as above."""

    @property
    def serving_containers(self) -> tuple[Container, ...]:
        """The containers that run for the pod's life and so may be reached: the ordinary ones, then the sidecars."""
        return self.containers + tuple(item for item in self.init_containers if item.is_sidecar)

    @property
    def unmounted(self) -> tuple[Volume, ...]:
        """The volumes that no container mounts: the kubelet leaves them alone, whatever they refer to."""
        mounted = {mount.name for one in self.init_containers + self.containers for mount in one.volume_mounts}
        return tuple(one for one in self.volumes if one.name not in mounted)

    def references(self) -> Iterator[Reference]:
        """Yield every use of a ConfigMap, Secret or claim, in the order of the spec.

        A ConfigMap or Secret of a volume that no container mounts is not used; a claim is, for the scheduler binds it.
        """
        for container in self.init_containers + self.containers:
            yield from container.env_from
            yield from (item.reference for item in container.env if item.reference is not None)
        unmounted = self.unmounted
        for volume in self.volumes:
            for one in volume.references:
                if one.kind == "PersistentVolumeClaim" or volume not in unmounted:
                    yield one
        for name in self.image_pull_secrets:
            yield Reference(kind="Secret", name=name, key=None, optional=False, how="imagePullSecret", where=name)


class PodTemplate(Struct, frozen=True, kw_only=True):
    """What a workload stamps its pods from."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: PodSpec


def pod_template(source: Any) -> PodTemplate:
    """Read a PodTemplateSpec."""
    meta = mapping(source, "metadata")
    return PodTemplate(
        labels=text_map(meta, "labels"),
        annotations=text_map(meta, "annotations"),
        spec=pod_spec(mapping(source, "spec")),
    )


def pod_spec(spec: Json) -> PodSpec:
    """Read a PodSpec; defaults are those that the API server would have filled in."""
    grace = number(spec, "terminationGracePeriodSeconds")
    return PodSpec(
        containers=tuple(_container(item, "container") for item in objects(spec, "containers")),
        init_containers=tuple(
            _container(item, "sidecar" if text(item, "restartPolicy") == "Always" else "init")
            for item in objects(spec, "initContainers")
        ),
        volumes=tuple(_volume(item) for item in objects(spec, "volumes")),
        restart_policy=text(spec, "restartPolicy") or "Always",
        image_pull_secrets=tuple(
            name for name in (text(item, "name") for item in objects(spec, "imagePullSecrets")) if name
        ),
        service_account=text(spec, "serviceAccountName") or "default",
        node_name=text(spec, "nodeName"),
        node_selector=text_map(spec, "nodeSelector"),
        host_network=flag(spec, "hostNetwork") or False,
        grace_seconds=30 if grace is None else grace,
        requests=quantities(mapping(spec, "resources"), "requests"),
        limits=quantities(mapping(spec, "resources"), "limits"),
        dns_policy=text(spec, "dnsPolicy") or "ClusterFirst",
        dns_servers=texts(mapping(spec, "dnsConfig"), "nameservers"),
        placement=placement(spec),
        host_aliases=_host_aliases(spec),
        scheduler=text(spec, "schedulerName"),
    )


def _host_aliases(spec: Json) -> dict[str, tuple[str, ...]]:
    """Return the addresses of each name; https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/."""
    found: dict[str, tuple[str, ...]] = {}
    for item in objects(spec, "hostAliases"):
        for name in texts(item, "hostnames"):
            found[name.lower()] = (*found.get(name.lower(), ()), text(item, "ip"))
    return found


def _container(source: Json, role: Role) -> Container:
    name = text(source, "name")
    resources = mapping(source, "resources")
    return Container(
        name=name,
        role=role,
        image=text(source, "image"),
        ports=tuple(
            ContainerPort(
                name=text(item, "name"),
                number=declared,
                protocol=text(item, "protocol") or "TCP",
                host_port=number(item, "hostPort"),
            )
            for item in objects(source, "ports")
            if (declared := number(item, "containerPort")) is not None
        ),
        requests=quantities(resources, "requests"),
        limits=quantities(resources, "limits"),
        env=tuple(_env_var(item, name) for item in objects(source, "env")),
        env_from=tuple(_env_from(source, name)),
        volume_mounts=tuple(
            VolumeMount(
                name=text(item, "name"),
                mount_path=text(item, "mountPath"),
                sub_path=text(item, "subPath") or text(item, "subPathExpr"),
                read_only=flag(item, "readOnly") or False,
            )
            for item in objects(source, "volumeMounts")
        ),
        probes=tuple(word for word in ("startup", "readiness", "liveness") if mapping(source, f"{word}Probe")),
        command=mask_arguments(texts(source, "command")),
        args=mask_arguments(texts(source, "args")),
        http_gets=tuple(http_gets(source)),
        may_escalate=flag(mapping(source, "securityContext"), "allowPrivilegeEscalation") is not False,
    )


def _env_var(source: Json, container: str) -> EnvVar:
    name = text(source, "name")
    value_from = mapping(source, "valueFrom")
    if not value_from:
        return EnvVar(name=name, value=mask_value(name, text(source, "value")), reference=None)
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        found = mapping(value_from, field)
        if text(found, "name"):
            return EnvVar(
                name=name, value=None, reference=_reference(found, kind, "env", container, text(found, "key"))
            )
    return EnvVar(name=name, value=None, reference=None)


def _env_from(source: Json, container: str) -> Iterator[Reference]:
    for item in objects(source, "envFrom"):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            found = mapping(item, field)
            if text(found, "name"):
                yield _reference(found, kind, "envFrom", container, prefix=text(item, "prefix"))


def _volume(source: Json) -> Volume:
    name = text(source, "name")
    kind = next((field for field, value in source.items() if field != "name" and isinstance(value, dict)), "")
    return Volume(
        name=name,
        source=kind,
        host_path=optional_text(mapping(source, "hostPath"), "path"),
        references=tuple(_volume_references(source, name)),
        read_only=bool(flag(mapping(source, kind), "readOnly")),
    )


def _volume_references(source: Json, volume: str) -> Iterator[Reference]:
    claim = mapping(source, "persistentVolumeClaim")
    if text(claim, "claimName"):
        yield _reference({"name": claim["claimName"]}, "PersistentVolumeClaim", "volume", volume)
    config, secret = mapping(source, "configMap"), mapping(source, "secret")
    yield from _key_references(config, "ConfigMap", "volume", volume, text(config, "name"))
    yield from _key_references(secret, "Secret", "volume", volume, text(secret, "secretName"))
    for item in objects(mapping(source, "projected"), "sources"):
        config, secret = mapping(item, "configMap"), mapping(item, "secret")
        yield from _key_references(config, "ConfigMap", "projected", volume, text(config, "name"))
        yield from _key_references(secret, "Secret", "projected", volume, text(secret, "name"))


def _key_references(source: Json, kind: str, how: How, volume: str, name: str) -> Iterator[Reference]:
    """Yield one reference, or one for each key that ``items`` picks: a picked key must exist too."""
    if not name:
        return
    named = {"name": name, "optional": source.get("optional")}
    picked = objects(source, "items")
    if not picked:
        yield _reference(named, kind, how, volume)
    for item in picked:
        yield _reference(named, kind, how, volume, text(item, "key"), path=text(item, "path"))


def _reference(  # noqa: PLR0913 - each is a field
    source: Json, kind: str, how: How, where: str, key: str = "", *, prefix: str = "", path: str = ""
) -> Reference:
    return Reference(
        kind="Secret" if kind == "Secret" else "ConfigMap" if kind == "ConfigMap" else "PersistentVolumeClaim",
        name=text(source, "name"),
        key=key or None,
        optional=flag(source, "optional") or False,
        how=how,
        where=where,
        prefix=prefix,
        path=path,
    )
