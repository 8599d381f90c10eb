"""What a controller makes of the host names of its Ingresses: whose rules count for a host, and which certificate.

ingress-nginx makes one server of each host name that a rule has, which knows the rules of that very name alone: one for
any host, or for a wildcard, is no use to a host that another Ingress names
(https://github.com/kubernetes/ingress-nginx/issues/7072). An annotation may give a server further names. It has one
certificate, by the oldest Ingress of it with a TLS section: the Secret of the section that names the host, else one
whose certificate is for it. The server for any host has the controller's default one, whatever TLS sections say
(createServers and extractTLSSecretName in internal/ingress/controller/controller.go). Traefik tries every rule, and
picks among the certificates of all of its Ingresses (loadConfigurationFromIngresses in
pkg/provider/kubernetes/ingress/kubernetes.go).
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from msgspec import Struct

from cx_conformance.cluster import foreign_expression
from cx_conformance.cluster.path_reach import is_nginx
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.running_controllers import TRAEFIKS
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.certificate import Certificate
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.other_route import TLSStore
from cx_conformance.outcome.looking import CouldNotLook

_RESOLVER: Final = "traefik.ingress.kubernetes.io/router.tls.certresolver"


class TlsPlace(Struct, frozen=True):
    """The Ingress that decides on a host's certificate, and its Secret; empty: the controller's; None: no TLS."""

    ingress: Ingress
    secret: str | None

    @property
    def where(self) -> str:
        """The Secret as messages name it."""
        return f"{self.ingress.namespace}/{self.secret}"


def ruled_by_others(seen: Seen, route: Route, host: str) -> Ingress | None:
    """Return an Ingress whose rules are the only ones for ``host``, and that of ``route`` none of them; None: none is.

    Raises CouldNotLook where Ingresses may not be listed.
    """
    wanted = host.lower()
    if route.host == wanted or not _makes_servers(seen, route):
        return None
    wildcard = f"*.{wanted.partition('.')[2]}"
    nearer = (wanted,) if route.host == wildcard else (wanted, wildcard)
    every = [one for one in seen.routing.beside(route.ingress) if not one.is_canary]
    return next((one for name in nearer for one in every if _names(one, name)), None)


def has_alias(seen: Seen, route: Route, host: str) -> bool:
    """Tell whether ingress-nginx serves a rule for ``host``, too, which its Ingress names in an annotation."""
    names = route.ingress.aliases if is_nginx(seen.routing.controller_of(route.ingress)) else ()
    return any(_is_alias(one.lower(), host.lower()) for one in names)


def called(seen: Seen, route: Route, host: str | None) -> str:
    """Return the name that a rule is called by: its own, or ``host``, the site's, where it is for many or an alias."""
    own = route.path.host
    many = not own or own.startswith("*.") or (host and has_alias(seen, route, host))
    return (host or own) if many else own


def tls_place(seen: Seen, route: Route, host: str) -> TlsPlace:
    """Return where the certificate of ``host`` comes from: of the rule's own Ingress, or of another of the same host.

    Raises CouldNotLook where Ingresses may not be listed.
    """
    own = TlsPlace(route.ingress, route.tls_secret)
    if own.secret is not None or not host:
        return own
    every = seen.routing.beside(route.ingress)
    if _makes_servers(seen, route) and route.host:
        deciding = [
            TlsPlace(one, _of_server(seen, one, route.host))
            for one in every
            if one.tls and _names(one, route.host) and not one.is_canary
        ]
        # Those of one second come in an order that their names decide, and not everywhere in the same way.
        return min(deciding, key=lambda one: (_age(one.ingress), one.secret is None), default=own)
    if seen.routing.controller_of(route.ingress) in TRAEFIKS:
        return next((TlsPlace(one, name) for one in every for name in _covering(seen, one, host)), own)
    return own


def is_odd_one_out(seen: Seen, route: Route) -> bool:
    """Whether the rule's Ingress alone, or with few others of its host, has no TLS section: somebody left it out."""
    if route.ingress.tls:
        return False
    alike = [one for one in seen.routing.beside(route.ingress) if _names(one, route.host) and not one.is_canary]
    return 2 * sum(not one.tls for one in alike) < len(alike)


def strange_names(seen: Seen, route: Route) -> Iterator[str]:
    """Yield the names in the TLS sections of the rule's Ingress for which their certificates are not: slips.

    "The values in this list must match the name/s used in the tlsSecret":
    https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/
    """
    for tls in route.ingress.tls if route.host else ():
        with suppress(CouldNotLook):
            pem = seen.snapshot.certificate(route.ingress.namespace, tls.secret_name) if tls.secret_name else None
            found = Certificate.read(pem)
            yield from (name for name in tls.hosts if found and not found.covers(name))


def uses_no_section(seen: Seen, route: Route) -> bool:
    """Whether the rule is for any host, and its controller takes no certificate for that from a TLS section."""
    return not route.host and _makes_servers(seen, route)


def own_certificate(seen: Seen, route: Route) -> str:
    """Say who serves a host that no TLS section has a certificate for, and by which of its own; empty: nobody is seen.

    Traefik has some made by a resolver, which an Ingress may name or an entry point have for all, or by a TLSStore.
    """
    running = seen.routing.serves_by_default_certificate(route.ingress)
    if running:
        by = f"the certificate of Secret {running.default_certificate}"
        return f"{running.name} serves with {by}, as the options of pod {running.pod} say"
    if seen.routing.controller_of(route.ingress) not in TRAEFIKS:
        return ""
    if resolver := route.ingress.annotations.get(_RESOLVER):
        return f"Traefik serves with a certificate of its resolver {resolver}, which an annotation names"
    if asking := seen.routing.serves_by_resolver(route.ingress):
        by = f"certificates of its resolver {asking.resolver}"
        return f"Traefik serves with {by}, as the options of pod {asking.pod} say"
    with suppress(CouldNotLook):
        stores = seen.snapshot.visible(TLSStore) if TLSStore in seen.snapshot.listings else ()
        if store := next((one for one in stores if one.name == "default" and one.holds), None):
            return f"Traefik serves with a certificate of TLSStore {store.where}"
    return ""


def _makes_servers(seen: Seen, route: Route) -> bool:
    """Tell whether ingress-nginx serves the rule, and not Traefik in its place, which has a provider for that."""
    controller = seen.routing.controller_of(route.ingress)
    return is_nginx(controller) and not seen.routing.traefik_serves(controller)


def _of_server(seen: Seen, ingress: Ingress, host: str) -> str | None:
    """Return the Secret that ingress-nginx takes for the server of ``host``; None: its default certificate."""
    named = (tls.secret_name for tls in ingress.tls if host in (one.lower() for one in tls.hosts))
    return next(named, None) or next(_covering(seen, ingress, host), None)


def _covering(seen: Seen, ingress: Ingress, host: str) -> Iterator[str]:
    for name in dict.fromkeys(tls.secret_name for tls in ingress.tls if tls.secret_name):
        with suppress(CouldNotLook):  # it is no Secret of the platform's namespaces
            found = Certificate.read(seen.snapshot.certificate(ingress.namespace, name))
            if found and found.covers(host):
                yield name


def _is_alias(name: str, host: str) -> bool:
    if not name.startswith("~"):
        return name in (host, f"*.{host.partition('.')[2]}")
    try:
        return foreign_expression.search(name[1:], host, re.IGNORECASE) is not None
    except re.error:  # only nginx can tell
        return True


def _names(ingress: Ingress, host: str) -> bool:
    return any(one.host.lower() == host for one in ingress.paths)


def _age(ingress: Ingress) -> float:
    return ingress.created.timestamp() if ingress.created else 0.0
