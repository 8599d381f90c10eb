"""The site file: one installation, how to reach it, what is deployed there, what deviates and until when."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from cx_conformance.blueprint.component import Amounts, ComponentId
from cx_conformance.blueprint.names import DnsLabel, DnsSubdomain, PortKey, PortNumber, QuantityText
from cx_conformance.blueprint.promise import Model
from cx_conformance.blueprint.store import Login, StoreTls

HostName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$", max_length=253, examples=["cx.example.com"])
]
CheckId = Annotated[str, Field(pattern=r"^CX[0-9]{3}$", examples=["CX201"])]


class DeploymentModel(StrEnum):
    """How the platform was installed; names and some facts differ."""

    MANIFESTS = "manifests"
    """By the vendor's manifests, as the page documents it."""
    HELM = "helm"
    """By the vendor's Helm charts."""


class Deployment(Model):
    """The deployment model and its naming."""

    model: DeploymentModel = DeploymentModel.MANIFESTS
    template: Annotated[str, Field(pattern=r"^[-a-z0-9{}]*\{component\}[-a-z0-9{}]*$")] = "{release}-{component}"
    """How workloads are named in the helm model; a Service has ``-svc`` behind it."""
    releases: dict[ComponentId, DnsLabel] = Field(default_factory=dict)
    """The Helm release of a component, where it is not the charts' usual one."""


class ClusterAccess(Model):
    """How the cluster is reached; the command's options come first."""

    kubeconfig: str | None = None
    """Path of a kubeconfig file, relative to the site file."""
    context: str | None = None


class Installed(Model):
    """Which components this customer has: all, only some, or all but some."""

    only: tuple[ComponentId, ...] = ()
    without: tuple[ComponentId, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.only and self.without:
            raise ValueError("name the installed components by `only` or by `without`, not by both")
        return self


class Replicas(Model):
    """A range of desired replicas, where an autoscaler moves them."""

    least: Annotated[int, Field(ge=0, strict=True)]
    most: Annotated[int, Field(ge=0, strict=True)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self


class ResourceOverride(Model):
    """Requests and limits that this site promises instead of the page's."""

    requests: Amounts
    limits: Amounts


class Override(Model):
    """What this site promises instead of the blueprint, for one component."""

    namespace: DnsLabel | None = None
    workload: DnsSubdomain | None = None
    service: DnsLabel | None = None
    replicas: Annotated[int, Field(ge=0, strict=True)] | Replicas | None = None
    resources: ResourceOverride | None = None
    volume_sizes: dict[str, QuantityText] = Field(default_factory=dict)
    """By the volume's name or mount path."""
    service_ports: dict[PortKey, PortNumber] = Field(default_factory=dict)
    """Documented Service port to the one used here."""
    ingress_path: Annotated[str, Field(pattern=r"^/")] | None = None


class Credentials(Model):
    """How a store is logged in to, where that is not what the blueprint says; always by reference."""

    login: Login | None = None
    tls: StoreTls | None = None


class Waiver(Model):
    """A known deviation, accepted by somebody until a day."""

    check: CheckId
    component: ComponentId | None = None
    """None: any component."""
    entry: str | None = None
    """None: any entry of the check; else as the outcome names it."""
    reason: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    """Who accepted it."""
    expires: dt.date
    """The last day on which it holds (UTC)."""
    errors_too: bool = False
    """Whether it also covers outcomes that could not be looked at."""


class SiteHead(Model):
    """Which installation this is."""

    name: str
    customer: str | None = None


class Site(Model):
    """One installation."""

    site: SiteHead = SiteHead(name="unnamed")
    cluster: ClusterAccess = ClusterAccess()
    fqdn: HostName | None = None
    """The host name under which the platform is reached from outside."""
    hosts: dict[ComponentId, HostName] = Field(default_factory=dict)
    """Components with a host name of their own, such as Superset."""
    deployment: Deployment = Deployment()
    components: Installed = Installed()
    namespaces: dict[DnsLabel, DnsLabel] = Field(default_factory=dict)
    """Documented namespace to the one used here."""
    overrides: dict[ComponentId, Override] = Field(default_factory=dict)
    credentials: dict[ComponentId, Credentials] = Field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
