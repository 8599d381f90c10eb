"""Routes of other kinds than Ingresses: HTTPRoute of the Gateway API, and IngressRoute of Traefik, with its TLSStore.

https://gateway-api.sigs.k8s.io/reference/spec/#httproute and
https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.objects.json_fields import Json, count, mapping, number, objects, port, text, texts
from cx_conformance.objects.metadata import ApiObject, Condition, conditions, find_condition, metadata

_CONDITIONS_OF_A_CALL: Final = ("headers", "queryParams", "method")


class Backend(Struct, frozen=True, kw_only=True):
    """A Service that a rule leads to; ``kind`` is that of something else."""

    namespace: str
    service: str
    port: int | str | None
    kind: str = "Service"

    @property
    def text(self) -> str:
        """The place as messages name it."""
        what = "" if self.kind == "Service" else f"{self.kind} "
        return f"{what}{self.namespace}/{self.service}:{self.port if self.port is not None else 'no port'}"


class HttpMatch(Struct, frozen=True, kw_only=True):
    """What a rule takes: a path, and calls of certain headers, parameters or methods alone where it is ``limited``."""

    kind: str
    value: str
    limited: bool


class HttpRule(Struct, frozen=True, kw_only=True):
    """One rule; ``redirects`` is one that leads nowhere itself."""

    matches: tuple[HttpMatch, ...]
    backends: tuple[Backend, ...]
    redirects: bool


class HTTPRoute(ApiObject, frozen=True, kw_only=True):
    """An HTTPRoute. ``hosts`` are empty for any; ``refused`` is why no gateway takes it up, empty where one does.

    ``unresolved`` is what a gateway that takes it up misses of what it refers to.
    """

    hosts: tuple[str, ...]
    rules: tuple[HttpRule, ...]
    refused: str
    unresolved: str


class TraefikRule(Struct, frozen=True, kw_only=True):
    """One route of an IngressRoute: whom it takes, in Traefik's own words, before which others, and where to."""

    match: str
    priority: int
    backends: tuple[Backend, ...]


class IngressRoute(ApiObject, frozen=True, kw_only=True):
    """An IngressRoute; of what became of it Traefik says nothing in the object."""

    rules: tuple[TraefikRule, ...]


def http_route(source: Json) -> HTTPRoute:
    """Read an HTTPRoute."""
    meta, spec = metadata(source), mapping(source, "spec")
    stated = [conditions(one) for one in objects(mapping(source, "status"), "parents")]
    accepted = [one for one in stated if (found := find_condition(one, "Accepted")) and found.is_true]
    resolved = [find_condition(one, "ResolvedRefs") for one in accepted]
    whole = any(one is None or one.status != "False" for one in resolved)
    return HTTPRoute(
        **meta,
        hosts=tuple(one.lower() for one in texts(spec, "hostnames")),
        rules=tuple(_http_rule(one, meta["namespace"]) for one in objects(spec, "rules")),
        refused="" if accepted else _why([find_condition(one, "Accepted") for one in stated]) or "no gateway knows it",
        unresolved="" if whole or not accepted else _why(resolved),
    )


def _why(some: list[Condition | None]) -> str:
    return next((one.message or one.reason for one in some if one and (one.message or one.reason)), "")


def _http_rule(source: Json, namespace: str) -> HttpRule:
    filters = {text(one, "type") for one in objects(source, "filters")}
    return HttpRule(
        # A rule without a match, and a match without a path, take everything.
        matches=tuple(_http_match(one) for one in objects(source, "matches") or [{}]),
        backends=tuple(
            _backend(one, namespace) for one in objects(source, "backendRefs") if number(one, "weight") != 0
        ),
        redirects="RequestRedirect" in filters,
    )


def _http_match(source: Json) -> HttpMatch:
    path = mapping(source, "path")
    return HttpMatch(
        kind=text(path, "type") or "PathPrefix",
        value=text(path, "value") or "/",
        limited=any(source.get(one) for one in _CONDITIONS_OF_A_CALL),
    )


def _backend(source: Json, namespace: str) -> Backend:
    """Read what a route of ``namespace`` leads to, which both kinds write alike."""
    return Backend(
        namespace=text(source, "namespace") or namespace,
        service=text(source, "name"),
        port=port(source, "port"),
        kind=text(source, "kind") or "Service",
    )


def ingress_route(source: Json) -> IngressRoute:
    """Read an IngressRoute."""
    meta = metadata(source)
    return IngressRoute(**meta, rules=tuple(_traefik_rules(mapping(source, "spec"), meta["namespace"])))


def _traefik_rules(spec: Json, namespace: str) -> Iterator[TraefikRule]:
    for one in objects(spec, "routes"):
        yield TraefikRule(
            match=text(one, "match"),
            priority=count(one, "priority"),
            backends=tuple(_backend(each, namespace) for each in objects(one, "services")),
        )


class TLSStore(ApiObject, frozen=True, kw_only=True):
    """Certificates that Traefik has beside those of Ingresses, which count where it is called ``default``.

    https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/tls/tlsstore/
    """

    holds: bool


def tls_store(source: Json) -> TLSStore:
    """Read a TLSStore."""
    spec = mapping(source, "spec")
    given = (
        mapping(spec, "defaultCertificate") or mapping(spec, "defaultGeneratedCert") or objects(spec, "certificates")
    )
    return TLSStore(**metadata(source), holds=bool(given))
