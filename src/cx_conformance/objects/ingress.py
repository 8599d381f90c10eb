"""Ingresses and their classes."""

from collections.abc import Iterator

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, mapping, objects, port, text, texts
from cx_conformance.objects.metadata import ApiObject, metadata

_CLASS = "kubernetes.io/ingress.class"
# https://cert-manager.io/docs/usage/ingress/#supported-annotations
_ISSUERS = ("cert-manager.io/issuer", "cert-manager.io/cluster-issuer")
_ACME = "kubernetes.io/tls-acme"


class IngressPath(Struct, frozen=True, kw_only=True):
    """One path of one rule; ``host`` is empty for any host, ``service`` for a backend that is no Service."""

    host: str
    path: str
    path_type: str
    service: str
    port: int | str | None


class IngressTls(Struct, frozen=True, kw_only=True):
    """The Secret that holds the certificate for ``hosts``; an empty name leaves the choice to the controller."""

    hosts: tuple[str, ...]
    secret_name: str


class Ingress(ApiObject, frozen=True, kw_only=True):
    """An Ingress; ``class_name`` is the field, or the older annotation, or empty (the default class)."""

    class_name: str
    paths: tuple[IngressPath, ...]
    default_backend: IngressPath | None
    tls: tuple[IngressTls, ...]
    addresses: tuple[str, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of its rules, each once."""
        return tuple(dict.fromkeys(item.host for item in self.paths if item.host))

    @property
    def class_by_annotation(self) -> bool:
        """Whether it names its class by the annotation; the API server refuses both, the field and the annotation."""
        return bool(self.class_name) and self.annotations.get(_CLASS) == self.class_name

    @property
    def asks_for_certificates(self) -> bool:
        """Whether cert-manager makes the Secrets that it names, each in its namespace (ingress-shim's annotations)."""
        return any(self.annotations.get(one) for one in _ISSUERS) or self.annotations.get(_ACME) == "true"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Further names for which ingress-nginx serves its rules; one that begins with ~ is an expression."""
        said = self.annotations.get("nginx.ingress.kubernetes.io/server-alias", "")
        return tuple(name for one in said.split(",") if (name := one.strip()))

    @property
    def is_canary(self) -> bool:
        """Whether ingress-nginx takes it for a share of another Ingress's calls, under the same host and path."""
        return self.annotations.get("nginx.ingress.kubernetes.io/canary") == "true"


class IngressClass(ApiObject, frozen=True, kw_only=True):
    """An IngressClass and the controller that serves it."""

    controller: str
    is_default: bool


def ingress(source: Json) -> Ingress:
    """Read an Ingress."""
    meta, spec = metadata(source), mapping(source, "spec")
    default = mapping(spec, "defaultBackend")
    return Ingress(
        **meta,
        class_name=text(spec, "ingressClassName") or meta["annotations"].get(_CLASS, ""),
        paths=tuple(_paths(spec)),
        default_backend=_path("", {"backend": default}) if default else None,
        tls=tuple(
            IngressTls(hosts=texts(item, "hosts"), secret_name=text(item, "secretName"))
            for item in objects(spec, "tls")
        ),
        addresses=tuple(
            found
            for item in objects(mapping(source, "status", "loadBalancer"), "ingress")
            if (found := text(item, "ip") or text(item, "hostname"))
        ),
    )


def _paths(spec: Json) -> Iterator[IngressPath]:
    for rule in objects(spec, "rules"):
        for item in objects(mapping(rule, "http"), "paths"):
            yield _path(text(rule, "host"), item)


def _path(host: str, source: Json) -> IngressPath:
    backend = mapping(source, "backend", "service")
    backend_port = mapping(backend, "port")
    return IngressPath(
        host=host,
        path=text(source, "path") or "/",
        path_type=text(source, "pathType") or "ImplementationSpecific",
        service=text(backend, "name"),
        port=port(backend_port, "number") or port(backend_port, "name"),
    )


def ingress_class(source: Json) -> IngressClass:
    """Read an IngressClass."""
    meta = metadata(source)
    return IngressClass(
        **meta,
        controller=text(mapping(source, "spec"), "controller"),
        is_default=meta["annotations"].get("ingressclass.kubernetes.io/is-default-class") == "true",
    )
