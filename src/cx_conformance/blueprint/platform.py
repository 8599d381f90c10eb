"""What the page says about the cluster itself."""

from typing import Annotated, Final, Literal

from pydantic import Field

from cx_conformance.blueprint.promise import Model, Promise

Count = Annotated[int, Field(gt=0, strict=True)]
GATEWAY: Final = "apisix"
"""The component that the entrance of a release by APISIX leads to."""


class StorageProvider(Promise):
    """A storage provider that the platform may be installed on."""

    name: str
    """Its name."""
    provisioners: Annotated[tuple[str, ...], Field(min_length=1)]
    """Provisioner names of its StorageClasses; ``*`` stands for any text."""
    support: Literal["tested", "not tested", "unstated"]
    """The page's word for how well it is supported; some providers it only names."""
    scope: Literal["multi-node", "single-node", "cloud"]
    """Where it may be used; ``single-node`` is refused on more nodes."""


class IngressController(Promise):
    """An ingress controller that the platform works with."""

    name: str
    """Its name."""
    controllers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Values of ``spec.controller`` of its IngressClass; ``*`` stands for any text."""


class LoadBalancer(Promise):
    """A load balancer for clusters on own hardware."""

    name: str
    """Its name."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that it is installed in."""


class Distribution(Promise):
    """A Kubernetes distribution that the platform is supported on."""

    name: str
    """Its name."""
    support: Literal["recommended", "supported"]
    """The vendor's word for how well it is supported."""
    needs_load_balancer: bool = True
    """False: its nodes are reached directly, as with K3s."""


class Limits(Promise):
    """Kubernetes' own limits for large clusters."""

    nodes: Count = 5_000
    """Nodes of the cluster."""
    pods: Count = 150_000
    """Pods of the cluster."""
    containers: Count = 300_000
    """Containers of the cluster."""
    pods_per_node: Count = 110
    """Pods of any one node."""


class Platform(Model):
    """The page's sections below the tables."""

    storage: tuple[StorageProvider, ...] = ()
    """Storage providers that the platform may be installed on."""
    any_storage: bool = True
    """The page allows any other compatible dynamic provisioner; it is noted, not refused."""
    entrance: Literal["ingress", "apisix"] = "ingress"
    """What leads from outside to the components: an Ingress each, or APISIX behind one Ingress."""
    ingress_controllers: tuple[IngressController, ...] = ()
    """Ingress controllers that it works with."""
    load_balancers: tuple[LoadBalancer, ...] = ()
    """Load balancers that it works with."""
    distributions: tuple[Distribution, ...] = ()
    """Kubernetes distributions that it is supported on."""
    limits: Limits = Limits.model_construct()
    """Kubernetes' limits for large clusters."""
    node_conformance: str | None = None
    """The page's link to the node conformance test, which the suite does not run."""

    @property
    def gateway(self) -> str | None:
        """The component that every path from outside passes; None where each has an Ingress of its own."""
        return GATEWAY if self.entrance == "apisix" else None
