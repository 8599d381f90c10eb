"""A component: one row of the page, with everything that it promises."""

from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import Field

from cx_conformance.blueprint.chart import Chart
from cx_conformance.blueprint.health import Health
from cx_conformance.blueprint.names import (
    DnsLabel,
    DnsSubdomain,
    HttpPath,
    IngressUrl,
    MountPath,
    PortName,
    PortNumber,
    QuantityText,
    url_host,
    url_path,
)
from cx_conformance.blueprint.promise import Model, NamedPromise, Promise
from cx_conformance.blueprint.resources import Resources
from cx_conformance.blueprint.store import Store

ComponentId = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", min_length=1, max_length=63, examples=["ccm"])
]
"""The page's own spelling of a component, in lower case."""


Variable = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(:[A-Za-z_][A-Za-z0-9_]*)?$",
        examples=["CCM_URL", "REDIS_HOST:REDIS_PORT"],
    ),
]
"""An environment variable that holds an address, or two: one with its host and one with its port."""


class Group(StrEnum):
    """Which of the page's two tables a component stands in."""

    INTERNAL = "internal"
    """Expertflow's own components."""
    EXTERNAL = "external"
    """Components of others that the platform needs: stores, identity, reporting."""


class Kind(StrEnum):
    """The kinds of workload that a component may be."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    CRON_JOB = "CronJob"


class Namespace(NamedPromise):
    """Where the component's objects live."""

    name: DnsLabel
    """The documented namespace."""
    aliases: tuple[DnsLabel, ...] = ()
    """Other namespaces that real installations use, tried in this order."""


class Workload(NamedPromise):
    """The object that runs the component's pods."""

    kind: Kind
    """The documented kind."""
    also_kinds: tuple[Kind, ...] = ()
    """Kinds that real installations use instead; accepted with a note."""
    name: DnsSubdomain
    """The documented name."""
    aliases: tuple[DnsSubdomain, ...] = ()
    """Other names in use, tried in this order; accepted with a note."""
    replicas: Annotated[int, Field(ge=0, le=10_000, strict=True)] = 1
    """Desired replicas (the page's column ``ReplicaSet``)."""
    restart_policy: Literal["Always", "OnFailure", "Never"] = "Always"
    """When its containers are restarted."""
    containers: tuple[DnsLabel, ...] = ()
    """Names of its containers; empty: the component has one, whatever its name."""


class ContainerPort(Promise):
    """A port that a container of the component listens on."""

    port: PortNumber
    """Its number."""
    name: PortName | None = None
    """Its name, at most 15 characters; absent: the page names none."""
    aliases: tuple[PortName, ...] = ()
    """Other names in use; accepted with a note."""


class ServicePort(Promise):
    """A port of the component's Service."""

    port: PortNumber
    """The number by which it is called."""
    also: tuple[PortNumber, ...] = ()
    """Other numbers that real installations use; accepted with a note."""
    target_port: PortNumber | None = None
    """The container port it leads to; None: the same number."""
    name: PortName | None = None
    """Its name; absent: the page names none."""

    @property
    def container_port(self) -> int:
        """Return the number of the container port it leads to."""
        return self.target_port or self.port


class Service(NamedPromise):
    """The name under which the component is called."""

    name: DnsLabel
    """The documented name."""
    aliases: tuple[DnsLabel, ...] = ()
    """Other names in use, tried in this order; accepted with a note."""
    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """How it is exposed."""
    also_types: tuple[Literal["ClusterIP", "NodePort", "LoadBalancer"], ...] = ()
    """Types that real installations use instead; accepted with a note."""
    headless: bool = False
    """Whether it has no address of its own: its name leads to the pods themselves."""
    ports: Annotated[tuple[ServicePort, ...], Field(min_length=1)]
    """Its ports."""


class ConfigMap(NamedPromise):
    """A ConfigMap that exists and that the component's pods use."""

    name: DnsSubdomain
    """The documented name."""
    aliases: tuple[DnsSubdomain, ...] = ()
    """Other names in use, tried in this order; accepted with a note."""


class Secret(NamedPromise):
    """A Secret that exists and that the component's pods use."""

    name: DnsSubdomain
    """The documented name."""
    aliases: tuple[DnsSubdomain, ...] = ()
    """Other names in use, tried in this order; accepted with a note."""
    or_config_map: DnsSubdomain | None = None
    """A ConfigMap that real installations use instead; accepted with a note."""


_FILES: Final = frozenset(
    f".{ending}"
    for ending in (
        *("cfg", "cnf", "conf", "crt", "css", "env", "html", "ini", "jks", "js", "json", "key", "keystore", "p12"),
        *("pem", "pfx", "properties", "py", "sh", "sql", "toml", "truststore", "txt", "xml", "yaml", "yml"),
    )
)
"""How the names of files end that a ConfigMap or Secret holds."""


class Volume(Promise):
    """A volume of the component's pods."""

    name: DnsLabel | None = None
    """Its name in the pod; absent: the page names none."""
    mount_path: MountPath | None = None
    """Where it is mounted; absent: the page does not say."""
    size: QuantityText | None = None
    """The least capacity of the claim behind it; None: any kind of volume."""
    secret: DnsSubdomain | None = None
    """The Secret that it holds, where it is known."""
    config_map: DnsSubdomain | None = None
    """The ConfigMap that it holds, where it is known."""

    @property
    def label(self) -> str:
        """Return how outcomes name it: its name, else where it is mounted, else its size."""
        return self.name or self.mount_path or f"{self.size}"

    @property
    def file(self) -> str | None:
        """Return the name of the file that is mounted there, as its ending says; None: a folder, or not known.

        ``/etc/nginx/conf.d`` and ``/opt/app-1.2`` are folders.
        """
        path = PurePosixPath(self.mount_path or "")
        return path.name if path.suffix in _FILES and not (self.mount_path or "").endswith("/") else None


class OutsidePath(Model):
    """A further path that leads to the component, by a route of its own."""

    path: HttpPath
    """As it is called: `/widget-assets/` with a slash at its end means all that lies below it."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    """With which method it is called."""
    web_socket: bool = False
    """Whether clients upgrade to a WebSocket there."""
    open: bool = False
    """Whether the entrance lets callers through without a login: a sign-in, a widget on a web site."""
    inside: bool = False
    """Whether other components call it, by the name of the entrance's own Service."""


class Ingress(Promise):
    """The address under which the component is reached from outside."""

    url: IngressUrl
    """The address as the page writes it, the host a placeholder; or one with a host name of its own."""
    also_paths: tuple[str, ...] = ()
    """Further paths that lead to the same component, such as ``/`` or ``/assets``; not required."""
    paths: tuple[OutsidePath, ...] = ()
    """Further paths that are required."""
    web_socket: bool = False
    """Whether clients upgrade to a WebSocket (socket.io) below it."""
    exact: bool = False
    """Whether the path alone leads there, and nothing below it."""

    @property
    def path(self) -> str:
        """Return the path of the address: ``/ccm``."""
        return url_path(self.url)

    @property
    def host(self) -> str | None:
        """Return the host name of its own that the address has; None: the platform's."""
        return url_host(self.url)

    @property
    def over_tls(self) -> bool:
        """Whether the address is one of HTTPS."""
        return self.url.startswith("https:")


class Call(Promise):
    """An edge: the component connects to another one, or to an external party."""

    to: ComponentId
    """Id of the component or party that is called."""
    ports: tuple[PortNumber, ...] = ()
    """Which Service ports of the callee it uses; empty: all that are promised."""
    via: tuple[Variable, ...] = ()
    """Variables of the caller's containers that hold the address, each alone; ``HOST:PORT`` are two, of which the
    first holds the name and the second the port."""


class Component(Model):
    """One row of the page."""

    row: Annotated[str, Field(pattern=r"^e?[1-9][0-9]*$", examples=["1", "e1"])] | None = None
    """Its number on the page; rows of the external table start with ``e``; absent: the page has no row for it."""
    group: Group
    """Which of the page's two tables it stands in, or would stand in."""
    namespace: Namespace
    """Where its objects live."""
    workload: Workload
    """What runs its pods."""
    container_ports: tuple[ContainerPort, ...] = ()
    """Ports that its container listens on."""
    service: Service | None = None
    """The Service that it is called by; absent: it is not called."""
    further_services: tuple[Service, ...] = ()
    """Further Services of its pods, such as the headless one of a StatefulSet."""
    config_maps: tuple[ConfigMap, ...] = ()
    """ConfigMaps that exist and that its pods use."""
    secrets: tuple[Secret, ...] = ()
    """Secrets that exist and that its pods use."""
    volumes: tuple[Volume, ...] = ()
    """Volumes of its pods."""
    resources: Resources | None = None
    """Requests and limits of its container."""
    health: tuple[Health, ...] = ()
    """Endpoints that answer when it is well."""
    ingress: Ingress | None = None
    """Its address from outside."""
    calls: tuple[Call, ...] = ()
    """Whom it connects to."""
    called_by: tuple[ComponentId, ...] = ()
    """The page's column ``Called By``: an edge that stands only here is promised too."""
    store: Store | None = None
    """What it is asked in its own protocol, where it is a store."""
    chart: Chart | None = None
    """The vendor's chart that installs it; absent: none does."""
    optional: bool = False
    """A site may leave it out: absent as a whole it is noted, and half of it is broken."""
    image: str | None = None
    """Name of its image without registry and tag, by which its release is seen; it runs no other component's."""
