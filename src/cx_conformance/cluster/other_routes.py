"""Who is led where by routes of other kinds than Ingresses, where no Ingress leads a path.

Among the rules of HTTPRoutes that take a call the one for the nearer host counts, then an exact path, then the longer
one (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule); among those of Traefik that of the higher priority,
which is the length of the rule where none is given. What only the gateway can tell is never said to lead anybody.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from msgspec import Struct

from cx_conformance.blueprint.component import ServicePort
from cx_conformance.cluster import foreign_expression
from cx_conformance.cluster.extensions import OTHER_ROUTES
from cx_conformance.cluster.gateway import runs_apisix
from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.cluster.traefik_rules import Taken, takes
from cx_conformance.objects.metadata import ApiObject
from cx_conformance.objects.other_route import Backend, HttpMatch, HTTPRoute, IngressRoute
from cx_conformance.objects.service import Service
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook, Forbidden


class Lead(Struct, frozen=True, kw_only=True):
    """A rule that takes the calls of a path, and where it leads them."""

    where: str
    backends: tuple[Backend, ...]
    trouble: str = ""
    """Why nobody is led there all the same."""
    rank: tuple[int, ...] = ()
    """Before which others it comes; the highest counts."""

    @property
    def text(self) -> str:
        """Where it leads, as messages say it."""
        return f"{self.where} leads there to {', '.join(one.text for one in self.backends) or 'nobody'}"

    def why_not(self, service: Service, ports: Iterable[ServicePort]) -> str:
        """Say why it does not lead to ``service``, at one of the promised ``ports``; empty where it does."""
        promised = {number for one in ports for number in (one.port, *one.also)}
        accepted = {key for one in service.ports if one.number in promised for key in (one.number, one.name)}
        there = [one for one in self.backends if (one.namespace, one.service) == (service.namespace, service.name)]
        if self.trouble or not there:
            return self.trouble or f"promised is Service {service.where}"
        if not any(one.port in accepted for one in there):
            return f"promised is port {', '.join(map(str, sorted(promised)))}"
        return ""


class Promise(Struct, frozen=True, kw_only=True):
    """A path at a host (empty: any), and the Service and ports that it is to lead to."""

    path: str
    exact: bool
    """Whether nothing is promised of what is below the path."""
    host: str
    service: Callable[[], Service]
    """Finds the Service; raises Absent, or CouldNotLook."""
    ports: tuple[ServicePort, ...]


class LedOtherwise(NotApplicable):
    """No Ingress leads a path, and a route of another kind does, as promised."""

    def __init__(self, lead: Lead, path: str) -> None:
        """Name the route."""
        self.lead = lead
        super().__init__(f"no Ingress leads {path}: {lead.text}, as is promised of an Ingress")


def lead_of(snapshot: Snapshot, namespaces: Sequence[str], host: str, paths: Sequence[str]) -> Lead | None:
    """Return the rule that takes all ``paths`` at ``host`` (empty: any); None where none surely does."""
    for kind, ranked in ((HTTPRoute, _by_http_routes), (IngressRoute, _by_ingress_routes)):
        found: list[Lead] = []
        with suppress(CouldNotLook):  # the cluster does not know the kind, or ``unseen`` tells it
            every = [each for name in namespaces for each in snapshot.list(kind, name)]
            beside = [each for each in snapshot.visible(kind) if _leads_into(each, namespaces)]
            found = [one for each in (*every, *beside) for one in ranked(each, host, paths)]
        if found:
            # One that nobody takes up, or that redirects, is told where there is no other.
            return max(found, key=lambda one: (not one.trouble, one.rank))
    return None


def _leads_into(route: ApiObject, namespaces: Sequence[str]) -> bool:
    """Tell whether a route of another namespace leads to a Service of ``namespaces``, as a ReferenceGrant lets it.

    Whether Traefik follows one of its own there is set where it is started, and not so by default.
    """
    if not isinstance(route, HTTPRoute) or route.namespace in namespaces:
        return False
    return any(one.namespace in namespaces for rule in route.rules for one in rule.backends)


def led_otherwise(snapshot: Snapshot, namespaces: Sequence[str], promise: Promise, *, ingresses: bool) -> str:
    """Say where a route of another kind leads a path that no Ingress does; empty where none takes it.

    Raises LedOtherwise where it leads as promised, NotApplicable where it leads to APISIX, and the Forbidden of a kind
    that may not be listed, unless there are ``ingresses`` that lead to components.
    """
    below = () if promise.exact else (f"{promise.path.rstrip('/')}/below",)
    lead = lead_of(snapshot, namespaces, promise.host, (promise.path, *below))
    if lead is None:
        missing = unseen(snapshot)
        if missing is not None and not ingresses:
            raise missing
        return f"; {missing}" if missing is not None else ""
    if any(runs_apisix(snapshot, one.namespace, one.service) for one in lead.backends):
        raise NotApplicable(f"{lead.text}, which is APISIX, without an Ingress")
    wrong = lead.why_not(promise.service(), promise.ports)
    if not wrong:
        raise LedOtherwise(lead, promise.path)
    return f"; {lead.text}, but {wrong}"


def unseen(snapshot: Snapshot) -> CouldNotLook | None:
    """Return the permission that lacks to look at routes of a kind that the cluster knows; None where none does."""
    for kind in OTHER_ROUTES:
        try:
            if kind in snapshot.listings:
                snapshot.visible(kind)
        except Forbidden as error:
            return error
        except CouldNotLook:
            continue
    return None


def _by_http_routes(route: ApiObject, host: str, paths: Sequence[str]) -> Iterator[Lead]:
    if not isinstance(route, HTTPRoute):
        return
    nearest = max((_nearness(one, host) for one in route.hosts or ("",)), default=0)
    for rule in route.rules:
        for match in rule.matches:
            if nearest and not match.limited and all(_taken(match, path) for path in paths):
                strange = any(one.namespace != route.namespace for one in rule.backends)
                trouble = "it redirects" if rule.redirects else ""
                yield Lead(
                    where=f"HTTPRoute {route.where}",
                    backends=rule.backends,
                    trouble=route.refused or (route.unresolved if strange else "") or trouble,
                    rank=(nearest, match.kind == "Exact", len(match.value)),
                )


def _by_ingress_routes(route: ApiObject, host: str, paths: Sequence[str]) -> Iterator[Lead]:
    for rule in route.rules if isinstance(route, IngressRoute) else ():
        if all(takes(rule.match, host, path) for path in paths):
            yield Lead(
                where=f"IngressRoute {route.where}",
                backends=rule.backends,
                rank=(rule.priority or len(rule.match),),
            )


def _nearness(name: str, host: str) -> int:
    """Return how near a route's host name is to ``host``: 0 where it is another."""
    if not name:
        return 1
    if not host or name == host:
        return 3
    return 2 if name.startswith("*.") and host.endswith(name[1:]) else 0


def _taken(match: HttpMatch, path: str) -> Taken:
    if match.kind == "Exact":
        return match.value == path
    if match.kind == "PathPrefix":
        prefix = match.value.rstrip("/")
        return path == prefix or path.startswith(f"{prefix}/")
    try:
        found = foreign_expression.match(match.value, path)
    except re.error:
        return None
    return found is not None and found.end() == len(path)
