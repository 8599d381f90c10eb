"""The site file: one installation, how to reach it, what is deployed there, what deviates and until when."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.names import DnsLabel, DnsSubdomain, PortKey, PortNumber, QuantityText
from cx_conformance.blueprint.promise import Model
from cx_conformance.blueprint.resources import Amounts
from cx_conformance.blueprint.store import Login, Reference, StoreTls
from cx_conformance.blueprint.user_login import UserLogin

HostName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$", max_length=253, examples=["cx.example.com"])
]
CheckId = Annotated[str, Field(pattern=r"^CX[0-9]{3}$", examples=["CX201"])]


TEMPLATE: Final = "{release}-{component}"
"""How the vendor's charts name workloads."""


def _day(value: object) -> object:
    """Take a day as it is written; a number would be taken for seconds since 1970."""
    if not isinstance(value, dt.date | str):
        raise PydanticCustomError("date_type", "a day")
    return value


class DeploymentModel(StrEnum):
    """How the platform was installed; names and some facts differ."""

    MANIFESTS = "manifests"
    """By the vendor's manifests, as the page documents it."""
    HELM = "helm"
    """By the vendor's Helm charts."""


class Deployment(Model):
    """The deployment model and its naming."""

    model: DeploymentModel | None = None
    """How the platform was installed; it is read as before, but ``release`` stands in its place."""
    template: Annotated[str, Field(pattern=r"^[-a-z0-9{}]*\{component\}[-a-z0-9{}]*$")] = TEMPLATE
    """How workloads of the vendor's charts are named here; a Service has ``-svc`` behind it."""
    releases: dict[ComponentId, DnsLabel] = Field(default_factory=dict)
    """The Helm release of a component, where it is not the charts' usual one."""


class ClusterAccess(Model):
    """How the cluster is reached; the command's options come first."""

    kubeconfig: str | None = None
    """Path of a kubeconfig file, relative to the site file."""
    context: str | None = None
    """Context of that kubeconfig, or of the one that is used where none is said here; absent: its current one."""


class Installed(Model):
    """Which components this customer has: all, only some, or all but some."""

    only: tuple[ComponentId, ...] = ()
    """Only these are installed."""
    without: tuple[ComponentId, ...] = ()
    """All but these are installed."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.only and self.without:
            raise ValueError("name the installed components by `only` or by `without`, not by both")
        return self


class Replicas(Model):
    """A range of desired replicas, where an autoscaler moves them."""

    least: Annotated[int, Field(ge=0, strict=True)]
    """The fewest."""
    most: Annotated[int, Field(ge=0, strict=True)]
    """The most."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self


class ResourceOverride(Model):
    """Requests and limits that this site promises instead of the page's."""

    requests: Amounts
    """What the container requests."""
    limits: Amounts
    """What the container is limited to."""


class Override(Model):
    """What this site promises instead of the blueprint, for one component."""

    namespace: DnsLabel | None = None
    """Where its objects live here."""
    workload: DnsSubdomain | None = None
    """Name of its workload here."""
    service: DnsLabel | None = None
    """Name of its Service here."""
    replicas: Annotated[int, Field(ge=0, strict=True)] | Replicas | None = None
    """Desired replicas here: a number, or a range."""
    resources: ResourceOverride | None = None
    """Requests and limits here."""
    volume_sizes: dict[str, QuantityText] = Field(default_factory=dict)
    """By the volume's name or mount path, or by its documented size where the page gives neither."""
    service_ports: dict[PortKey, PortNumber] = Field(default_factory=dict)
    """Documented Service port to the one used here."""
    ingress_path: Annotated[str, Field(pattern=r"^/")] | None = None
    """Path of its address here."""


class Credentials(Model):
    """How a store is logged in to, where that is not what the blueprint says; always by reference."""

    login: Login | None = None
    """The account, by reference."""
    tls: StoreTls | None = None
    """Certificates, by reference."""


class Publishing(Model):
    """The S3 server that ``--publish`` stores reports on, and the account, always by reference."""

    endpoint: Annotated[str, Field(pattern=r"^https?://[^/@\s]+/?$", examples=["https://minio.ef-external.svc:9000"])]
    """Address of the server, without the bucket."""
    access_key: Reference
    """The account's access key."""
    secret_key: Reference
    """The account's secret key."""
    ca: Reference | None = None
    """PEM certificates of the authorities that its certificate is verified by; absent: the system's."""
    region: str | None = None
    """Its region; absent: it is asked for it."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        for name in ("access_key", "secret_key", "ca"):
            one = getattr(self, name)
            if one is not None and (one.secret or one.config_map) and not one.namespace:
                raise ValueError("a reference to a Secret or a ConfigMap needs its namespace here")
        return self


class Waiver(Model):
    """A known deviation, accepted by somebody until a day."""

    check: CheckId
    """ID of the check, such as CX201."""
    component: ComponentId | None = None
    """None: any component."""
    entry: str | None = None
    """None: any entry of the check; else as the outcome names it."""
    reason: Annotated[str, Field(min_length=1)]
    """Why the deviation is accepted."""
    owner: Annotated[str, Field(min_length=1)]
    """Who accepted it."""
    expires: Annotated[dt.date, BeforeValidator(_day)]
    """The last day on which it holds (UTC)."""
    errors_too: bool = False
    """Whether it also covers outcomes that could not be looked at."""

    def matches(self, check: str, component: str, entry: str) -> bool:
        """Whether it is about the promise of this check, component and entry."""
        return self.check == check and self.component in (None, component) and self.entry in (None, entry)


class SiteHead(Model):
    """Name and customer of an installation."""

    name: str
    """Its name; it stands in reports."""
    customer: str | None = None
    """Whose installation it is."""


class Site(Model):
    """One installation."""

    site: SiteHead = SiteHead.model_construct(name="unnamed")
    """Which installation this is."""
    cluster: ClusterAccess = ClusterAccess.model_construct()
    """How the cluster is reached."""
    fqdn: HostName | None = None
    """The host name under which the platform is reached from outside."""
    hosts: dict[ComponentId, HostName] = Field(default_factory=dict)
    """Components with a host name of their own, such as Superset."""
    release: Annotated[str, Field(min_length=1, examples=["4.10"])] | None = None
    """The release of the platform that is installed; absent, or ``auto``: it is recognised."""
    tenants: tuple[DnsLabel, ...] = ()
    """From 5.0: namespaces of tenants. They must exist, and what runs there must be well; no release promises what."""
    deployment: Deployment = Deployment.model_construct()
    """How the platform was installed, and how its objects are named."""
    components: Installed = Installed.model_construct()
    """Which components are installed."""
    namespaces: dict[DnsLabel, DnsLabel] = Field(default_factory=dict)
    """Documented namespace to the one used here."""
    overrides: dict[ComponentId, Override] = Field(default_factory=dict)
    """What is promised here instead of the blueprint, by component."""
    credentials: dict[ComponentId, Credentials] = Field(default_factory=dict)
    """How stores are logged in to, by component."""
    login: UserLogin | None = None
    """A person's account that a run logs in to, once; absent: nobody logs in as a person."""
    publish: Publishing | None = None
    """Where ``--publish`` stores reports; absent: the environment says it (AWS_ACCESS_KEY_ID and its kin)."""
    waivers: tuple[Waiver, ...] = ()
    """Known deviations that somebody has accepted."""

    @property
    def superseded(self) -> tuple[str, ...]:
        """Return a line about each field that something else stands in the place of by now."""
        if self.deployment.model is None or self.release:
            return ()
        is_charted = self.deployment.model is DeploymentModel.HELM
        instead = 'release: "4.10", or whichever it is' if is_charted else 'release: "4.5.3"'
        return (f"deployment.model: {self.deployment.model} is no longer needed; write {instead}, or nothing at all",)
