"""Services and the EndpointSlices that say who stands behind them.

Endpoints is deprecated from Kubernetes 1.33, so only ``discovery.k8s.io/v1`` is read.
"""

from collections.abc import Mapping

from msgspec import Struct

from cx_conformance.objects.json_fields import (
    Json,
    flag,
    mapping,
    number,
    objects,
    optional_text,
    port,
    text,
    text_map,
    texts,
)
from cx_conformance.objects.metadata import ApiObject, metadata, object_reference


class ServicePort(Struct, frozen=True, kw_only=True):
    """A port of a Service; ``target`` is a number, a container port's name, or None (the same as ``number``)."""

    name: str
    number: int
    target: int | str | None
    protocol: str
    node_port: int | None
    app_protocol: str

    @property
    def text(self) -> str:
        """The port as messages name it: ``8081 (http-ccm-8081)``."""
        return f"{self.number} ({self.name})" if self.name else str(self.number)


class Service(ApiObject, frozen=True, kw_only=True):
    """A Service; ``cluster_ip`` is ``None`` as text for a headless one and empty for ExternalName."""

    type: str
    cluster_ip: str
    cluster_ips: tuple[str, ...]
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...]
    external_name: str
    external_ips: tuple[str, ...]
    publish_not_ready: bool
    load_balancer: tuple[str, ...]
    load_balancer_class: str
    ip_families: tuple[str, ...]
    internal_traffic_policy: str = "Cluster"

    @property
    def keeps_to_node(self) -> bool:
        """Whether a call from inside the cluster reaches only endpoints on the caller's own node."""
        return self.internal_traffic_policy == "Local" and not self.headless

    @property
    def headless(self) -> bool:
        """Whether it has no cluster IP, so that its name resolves to the pods themselves."""
        return self.cluster_ip == "None"

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether its selector matches ``labels``; an empty selector selects nothing."""
        return bool(self.selector) and all(labels.get(key) == value for key, value in self.selector.items())


class SlicePort(Struct, frozen=True, kw_only=True):
    """A port of an EndpointSlice: the resolved target; ``number`` None means all ports."""

    name: str
    number: int | None
    protocol: str


class Endpoint(Struct, frozen=True, kw_only=True):
    """One endpoint; conditions are None where the slice does not tell."""

    addresses: tuple[str, ...]
    ready: bool | None
    serving: bool | None
    terminating: bool | None
    target_kind: str
    target_name: str
    node: str

    @property
    def is_ready(self) -> bool:
        """Whether it gets traffic: ready, or not told, which consumers must take for ready (API documentation)."""
        return self.ready is not False


class EndpointSlice(ApiObject, frozen=True, kw_only=True):
    """A slice of a Service's endpoints; ``ports`` is empty when a named target was found in no container."""

    service_name: str
    address_type: str
    ports: tuple[SlicePort, ...]
    endpoints: tuple[Endpoint, ...]

    @property
    def by_hand(self) -> bool:
        """Whether people keep it: no controller's name, such as ``controller.example.com``, says that it does.

        Proxies follow every slice of a Service, whoever keeps it.
        """
        return "." not in self.labels.get("endpointslice.kubernetes.io/managed-by", "")


def service(source: Json) -> Service:
    """Read a Service."""
    spec = mapping(source, "spec")
    cluster_ip = text(spec, "clusterIP")
    cluster_ips = texts(spec, "clusterIPs") or ((cluster_ip,) if cluster_ip else ())
    ingress = objects(mapping(source, "status", "loadBalancer"), "ingress")
    return Service(
        **metadata(source),
        type=text(spec, "type") or "ClusterIP",
        cluster_ip=cluster_ip,
        cluster_ips=tuple(item for item in cluster_ips if item != "None"),
        selector=text_map(spec, "selector"),
        ports=tuple(
            ServicePort(
                name=text(item, "name"),
                number=declared,
                target=port(item, "targetPort"),
                protocol=text(item, "protocol") or "TCP",
                node_port=number(item, "nodePort"),
                app_protocol=text(item, "appProtocol"),
            )
            for item in objects(spec, "ports")
            if (declared := number(item, "port")) is not None
        ),
        external_name=text(spec, "externalName"),
        external_ips=texts(spec, "externalIPs"),
        publish_not_ready=flag(spec, "publishNotReadyAddresses") or False,
        load_balancer=tuple(found for item in ingress if (found := text(item, "ip") or text(item, "hostname"))),
        load_balancer_class=text(spec, "loadBalancerClass"),
        ip_families=texts(spec, "ipFamilies"),
        internal_traffic_policy=text(spec, "internalTrafficPolicy") or "Cluster",
    )


def endpoint_slice(source: Json) -> EndpointSlice:
    """Read an EndpointSlice; the Service is the one that the well-known label names."""
    meta = metadata(source)
    return EndpointSlice(
        **meta,
        service_name=meta["labels"].get("kubernetes.io/service-name", ""),
        address_type=text(source, "addressType"),
        ports=tuple(
            SlicePort(name=text(item, "name"), number=number(item, "port"), protocol=text(item, "protocol") or "TCP")
            for item in objects(source, "ports")
        ),
        endpoints=tuple(_endpoint(item) for item in objects(source, "endpoints")),
    )


def _endpoint(source: Json) -> Endpoint:
    conditions = mapping(source, "conditions")
    kind, name = object_reference(source, "targetRef")
    return Endpoint(
        addresses=texts(source, "addresses"),
        ready=flag(conditions, "ready"),
        serving=flag(conditions, "serving"),
        terminating=flag(conditions, "terminating"),
        target_kind=kind,
        target_name=name,
        node=optional_text(source, "nodeName") or "",
    )
