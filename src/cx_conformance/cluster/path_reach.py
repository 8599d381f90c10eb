"""Whether an Ingress path is led to its backend with all that lies below it, in a language that the backend speaks.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types and
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
ingress-nginx reads the paths of a host as regular expressions, whatever their type, where any Ingress of that host has
one of two annotations; it replaces the whole path by the rewrite-target, and speaks plain HTTP unless told otherwise
(https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#backend-protocol).
Traefik knows no expressions but by an annotation
(https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/).
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from cx_conformance.cluster import foreign_expression
from cx_conformance.cluster.routes import Route, is_expression
from cx_conformance.cluster.running_controllers import TRAEFIK
from cx_conformance.objects.ingress import Ingress

_NGINX: Final = "k8s.io/*ingress-nginx*"
"""Second controllers in a cluster, of internal names for example, are told apart by longer ones."""
_MATCHER: Final = "traefik.ingress.kubernetes.io/router.pathmatcher"
_ANNOTATIONS: Final = "nginx.ingress.kubernetes.io/"
_USE_REGEX: Final = "nginx.ingress.kubernetes.io/use-regex"
_REWRITE: Final = "nginx.ingress.kubernetes.io/rewrite-target"
_PROTOCOL: Final = "nginx.ingress.kubernetes.io/backend-protocol"
_PASSTHROUGH: Final = "nginx.ingress.kubernetes.io/ssl-passthrough"
_BELOW: Final = "below"
LETTER_BY_LETTER: Final = "letter by letter"
"""How ingress-nginx reads every path of a host of which no Ingress asks for expressions."""
_GROUP: Final = re.compile(r"\$(\d)")


def is_nginx(controller: str) -> bool:
    """Whether a controller is ingress-nginx, or what serves the Ingresses that were written for it."""
    return fnmatchcase(controller, _NGINX)


def why_not_below(route: Route, controller: str, ingresses: Iterable[Ingress]) -> str | None:
    """Say why ``controller`` does not lead what is below the path to its backend; None where it does, or none can tell.

    ``ingresses`` are all that the controller may serve, the route's own among them.
    """
    path, nginx = route.path, is_nginx(controller)
    read_as_expression = nginx and any(_makes_expressions(one) for one in ingresses if _serves(one, path.host))
    if nginx and route.ingress.is_canary:
        return "it is a canary (annotation canary), and no Ingress serves its host and path for all calls"
    if nginx and is_expression(path.path) and not read_as_expression:
        return (
            f"ingress-nginx reads {path.path} {LETTER_BY_LETTER}: no Ingress of its host has the annotation "
            "use-regex or rewrite-target"
        )
    if path.path_type == "Exact" and not read_as_expression:
        return f"pathType Exact leads {path.path} alone there, and nothing below it"
    if is_expression(path.path) and not _matches(path.path, f"{route.literal.rstrip('/')}/below"):
        return f"the expression {path.path} matches nothing below {route.literal}"
    return _lost_by_rewriting(route, captures=True) if nginx else None


def doubts(route: Route, controller: str, scheme: str) -> Iterator[str]:
    """Yield what else makes it doubtful that the backend is served, which the page does not decide.

    ``scheme`` is what the name of the backend's port says that it speaks.
    """
    annotations = route.ingress.annotations
    if controller == TRAEFIK and is_expression(route.path.path) and "Regexp" not in annotations.get(_MATCHER, ""):
        yield (
            f"Traefik takes {route.path.path} {LETTER_BY_LETTER}: it wants a plain path and a middleware StripPrefix, "
            "or the annotation router.pathmatcher: PathRegexp"
        )
    if not is_nginx(controller):
        return
    lost = _lost_by_rewriting(route, captures=False)
    if lost is not None:
        yield lost
    if is_expression(route.path.path) and route.path.path_type != "ImplementationSpecific":
        yield f"from ingress-nginx 1.12 on {route.path.path} needs pathType ImplementationSpecific"
    snippets = [key for key in annotations if key.startswith(_ANNOTATIONS) and key.endswith("-snippet")]
    if snippets:
        yield f"from ingress-nginx 1.9 on {', '.join(snippets)} counts only where allow-snippet-annotations is on"
    spoken = annotations.get(_PROTOCOL, "HTTP").strip().upper()
    if annotations.get(_PASSTHROUGH) == "true":
        spoken = "HTTPS"
    understood = {"http": ("HTTP",), "https": ("HTTPS", "AUTO_HTTP")}.get(scheme, (spoken,))
    if spoken not in understood:
        yield f"ingress-nginx speaks {spoken} to a port of {scheme.upper()}: see the annotation backend-protocol"


def _lost_by_rewriting(route: Route, *, captures: bool) -> str | None:
    """Say what is lost where the rewrite-target replaces a path that has, or has no, groups to take the rest from."""
    target = route.ingress.annotations.get(_REWRITE)
    if not target:
        return None
    called = f"{route.literal.rstrip('/')}/{_BELOW}"
    matched = _matched(route.path.path, called)
    if matched is None or bool(matched.re.groups) is not captures:
        return None
    groups = matched.groups()
    made = _GROUP.sub(lambda one: (groups[int(one[1]) - 1] or "") if 0 < int(one[1]) <= len(groups) else "", target)
    if _BELOW in made:
        return None
    return f"rewrite-target {target} with path {route.path.path} makes {made or '/'} of {called}"


def _makes_expressions(ingress: Ingress) -> bool:
    return ingress.annotations.get(_USE_REGEX) == "true" or bool(ingress.annotations.get(_REWRITE))


def _serves(ingress: Ingress, host: str) -> bool:
    return any(one.host.lower() == host.lower() for one in ingress.paths)


def _matches(expression: str, path: str) -> bool:
    """Tell whether a path begins as the expression says; one that only another engine can read matches."""
    try:
        return foreign_expression.match(expression, path, re.IGNORECASE) is not None
    except re.error:
        return True


def _matched(expression: str, path: str) -> re.Match[str] | None:
    try:
        return foreign_expression.match(expression, path, re.IGNORECASE)
    except re.error:
        return None
