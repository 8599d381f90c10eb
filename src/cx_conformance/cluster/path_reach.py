"""Whether what lies below an Ingress path is led to its backend too: assets, API calls, WebSockets.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types and
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
ingress-nginx reads the paths of a host as regular expressions, whatever their type, where any Ingress of that host has
one of two annotations.
"""

import re
from collections.abc import Iterable
from typing import Final

from cx_conformance.cluster.ingress import Ingress
from cx_conformance.cluster.routes import Route, is_expression

NGINX: Final = "k8s.io/ingress-nginx"
_USE_REGEX: Final = "nginx.ingress.kubernetes.io/use-regex"
_REWRITE: Final = "nginx.ingress.kubernetes.io/rewrite-target"


def why_not_below(route: Route, controller: str, ingresses: Iterable[Ingress]) -> str | None:
    """Say why ``controller`` does not lead what is below the path to its backend; None where it does, or none can tell.

    ``ingresses`` are all that the controller may serve, the route's own among them.
    """
    path = route.path
    read_as_expression = controller == NGINX and any(
        _makes_expressions(one) for one in ingresses if _serves(one, path.host)
    )
    if controller == NGINX and is_expression(path.path) and not read_as_expression:
        return (
            f"ingress-nginx reads {path.path} letter by letter: no Ingress of its host has the annotation "
            "use-regex or rewrite-target"
        )
    if path.path_type == "Exact" and not read_as_expression:
        return f"pathType Exact leads {path.path} alone there, and nothing below it"
    if is_expression(path.path) and not _matches(path.path, f"{route.literal.rstrip('/')}/below"):
        return f"the expression {path.path} matches nothing below {route.literal}"
    return None


def _makes_expressions(ingress: Ingress) -> bool:
    return ingress.annotations.get(_USE_REGEX) == "true" or bool(ingress.annotations.get(_REWRITE))


def _serves(ingress: Ingress, host: str) -> bool:
    return any(one.host.lower() == host.lower() for one in ingress.paths)


def _matches(expression: str, path: str) -> bool:
    """Tell whether a path begins as the expression says; one that only another engine can read matches."""
    try:
        return re.match(expression, path, re.IGNORECASE) is not None
    except re.error:
        return True
