"""Whether an Ingress path is led to its backend with all that lies below it, in a language that the backend speaks.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types and
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
ingress-nginx reads the paths of a host as regular expressions, whatever their type, where any Ingress of that host has
one of two annotations; it replaces the whole path by the rewrite-target, and speaks plain HTTP unless told otherwise
(https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#backend-protocol).
Traefik knows no expressions but by an annotation, for paths of type ImplementationSpecific (loadRouter in
pkg/provider/kubernetes/ingress/kubernetes.go), or in braces, before version 3 or by the older syntax of rules
(https://doc.traefik.io/traefik/v2.11/routing/routers/#path-pathprefix-and-regex).
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from cx_conformance.cluster import foreign_expression
from cx_conformance.cluster.routes import Route, is_expression
from cx_conformance.cluster.running_controllers import TRAEFIKS
from cx_conformance.objects.ingress import Ingress

_NGINX: Final = "k8s.io/*ingress-nginx*"
"""Second controllers in a cluster, of internal names for example, are told apart by longer ones."""
_MATCHER: Final = "traefik.ingress.kubernetes.io/router.pathmatcher"
_ANNOTATIONS: Final = "nginx.ingress.kubernetes.io/"
_USE_REGEX: Final = "nginx.ingress.kubernetes.io/use-regex"
_REWRITE: Final = "nginx.ingress.kubernetes.io/rewrite-target"
_PROTOCOL: Final = "nginx.ingress.kubernetes.io/backend-protocol"
_PASSTHROUGH: Final = "nginx.ingress.kubernetes.io/ssl-passthrough"
_REDIRECTS: Final = ("permanent-redirect", "temporal-redirect")
_ENTRY_POINTS: Final = "traefik.ingress.kubernetes.io/router.entrypoints"
_PLAIN: Final = "web"
"""What Traefik's chart, and K3s, call the entry point of plain HTTP; that of HTTPS is websecure."""
BELOW: Final = "below"
_LETTER_BY_LETTER: Final = "letter by letter"
"""How ingress-nginx reads every path of a host of which no Ingress asks for expressions, and Traefik all of them."""
_GROUP: Final = re.compile(r"\$(\d)")


def is_nginx(controller: str) -> bool:
    """Whether a controller is ingress-nginx, or what serves the Ingresses that were written for it."""
    return fnmatchcase(controller, _NGINX)


def why_not_below(route: Route, controller: str, ingresses: Iterable[Ingress], *, runs: bool) -> str | None:
    """Say why ``controller`` does not lead what is below the path to its backend; None where it does, or none can tell.

    ``ingresses`` are all that the controller may serve, the route's own among them; it ``runs`` where a pod of it is
    seen. Of a Traefik that is not seen it is not known how it reads paths: ``doubts`` tells it.
    """
    path, nginx = route.path, is_nginx(controller)
    if nginx and (alone := _never_led(route)):
        return alone
    read_as_expression = nginx and any(_makes_expressions(one) for one in ingresses if _serves(one, path.host))
    if nginx and is_expression(path.path) and not read_as_expression:
        return (
            f"ingress-nginx reads {path.path} {_LETTER_BY_LETTER}: no Ingress of its host has the annotation "
            "use-regex or rewrite-target"
        )
    if controller in TRAEFIKS and is_expression(path.path) and not _is_expression_to_traefik(route):
        return _taken_literally(path.path) if runs and "{" not in path.path else None
    if path.path_type == "Exact" and not read_as_expression:
        return f"pathType Exact leads {path.path} alone there, and nothing below it"
    return _lost_by_expression(route) or (_lost_by_rewriting(route, captures=True) if nginx else None)


def shared_cause(lost: str, host: str) -> str | None:
    """Return the cause that paths of ``host`` share which their controller reads letter by letter; None: it is another.

    ``lost`` is why what is below a path is not led to its backend.
    """
    if _LETTER_BY_LETTER not in lost:
        return None
    if lost.startswith("Traefik"):
        return f"the paths of {host} are written as expressions, for ingress-nginx, and Traefik serves them"
    return f"no Ingress of {host} has the annotation use-regex or rewrite-target, which its paths need"


def why_not_passed_on(
    route: Route, controller: str, ingresses: Iterable[Ingress], called: str, *, runs: bool
) -> str | None:
    """Say why ``controller`` does not pass the path ``called`` on as it is, to a gateway that has routes of its own."""
    target = route.ingress.annotations.get(_REWRITE) if is_nginx(controller) else None
    matched = _matched(route.path.path, called) if target else None
    if target and matched and (made := _made(target, matched)) != called:
        return _words(route, target, made, called)
    return why_not_below(route, controller, ingresses, runs=runs)


def arriving(route: Route) -> str | None:
    """Return by which path ingress-nginx asks the backend for what is below the route's; None where that is not known.

    A snippet may rewrite it, too.
    """
    annotations = route.ingress.annotations
    if any(key.startswith(_ANNOTATIONS) and key.endswith("-snippet") for key in annotations):
        return None
    called = f"{route.literal.rstrip('/')}/{BELOW}"
    target = annotations.get(_REWRITE)
    if not target:
        return called
    matched = _matched(route.path.path, called)
    return _made(target, matched) if matched else None


def keeps_path(route: Route) -> bool:
    """Whether the backend is asked by a path below the route's own, as it was called."""
    return (arriving(route) or "").startswith(f"{route.literal.rstrip('/')}/")


def captures_rest(route: Route) -> bool:
    """Whether the path is an expression with a group for what is below it, as a rewrite-target needs it."""
    matched = (
        _matched(route.path.path, f"{route.literal.rstrip('/')}/{BELOW}") if is_expression(route.path.path) else None
    )
    return matched is not None and any(BELOW in (one or "") for one in matched.groups())


def doubts(route: Route, controller: str, scheme: str) -> Iterator[str]:
    """Yield what else makes it doubtful that the backend is served, which the page does not decide.

    ``scheme`` is what the name of the backend's port says that it speaks.
    """
    annotations = route.ingress.annotations
    if controller in TRAEFIKS and is_expression(route.path.path) and not _is_expression_to_traefik(route):
        path = route.path.path
        literally = f"from version 3 on Traefik takes {path} {_LETTER_BY_LETTER}, unless it reads rules as before"
        yield literally if "{" in path else _taken_literally(path)
    if controller in TRAEFIKS and annotations.get(_ENTRY_POINTS, "").strip() == _PLAIN:
        yield "Traefik serves it at its entry point web alone (annotation router.entrypoints), where no TLS is spoken"
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


def bars(route: Route) -> Iterator[str]:
    """Yield what keeps callers out before ingress-nginx asks anybody: a login of its own, or a list of addresses.

    https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#authentication
    """
    annotations = route.ingress.annotations
    for name in _LOGINS:
        said = annotations.get(f"{_ANNOTATIONS}{name}", "").strip()
        optional = annotations.get(f"{_ANNOTATIONS}auth-tls-verify-client", "on") if name == _BY_CERTIFICATE else "on"
        if said and optional == "on":
            yield f"ingress-nginx asks callers of {route.path.path} for a login of its own (annotation {name})"
    for name in _ADDRESSES:
        said = annotations.get(f"{_ANNOTATIONS}{name}", "").strip()
        if said:
            yield f"ingress-nginx lets in to {route.path.path} not everybody (annotation {name}: {said})"


_BY_CERTIFICATE: Final = "auth-tls-secret"
_LOGINS: Final = ("auth-type", "auth-url", _BY_CERTIFICATE)
_ADDRESSES: Final = ("whitelist-source-range", "allowlist-source-range", "denylist-source-range")


def _is_expression_to_traefik(route: Route) -> bool:
    return route.path.path_type == "ImplementationSpecific" and "Regexp" in route.ingress.annotations.get(_MATCHER, "")


def _never_led(route: Route) -> str:
    """Say why ingress-nginx leads nobody to the backend, whatever the path; empty where it does."""
    if route.ingress.is_canary:
        return "it is a canary (annotation canary), and no Ingress serves its host and path for all calls"
    redirecting = [one for one in _REDIRECTS if route.ingress.annotations.get(f"{_ANNOTATIONS}{one}")]
    return f"ingress-nginx sends every call elsewhere (annotation {redirecting[0]})" if redirecting else ""


def _taken_literally(path: str) -> str:
    return (
        f"Traefik takes {path} {_LETTER_BY_LETTER}: it wants a plain path and a middleware StripPrefix, or the "
        "annotation router.pathmatcher: PathRegexp with pathType ImplementationSpecific"
    )


def _lost_by_expression(route: Route) -> str | None:
    if is_expression(route.path.path) and not _matches(route.path.path, f"{route.literal.rstrip('/')}/below"):
        return f"the expression {route.path.path} matches nothing below {route.literal}"
    return None


def _lost_by_rewriting(route: Route, *, captures: bool) -> str | None:
    """Say what is lost where the rewrite-target replaces a path that has, or has no, groups to take the rest from."""
    target = route.ingress.annotations.get(_REWRITE)
    if not target:
        return None
    called = f"{route.literal.rstrip('/')}/{BELOW}"
    matched = _matched(route.path.path, called)
    if matched is None or bool(matched.re.groups) is not captures:
        return None
    made = _made(target, matched)
    return None if BELOW in made else _words(route, target, made, called)


def _made(target: str, matched: re.Match[str]) -> str:
    """Return what a rewrite-target makes of a path that the rule's expression matched."""
    groups = matched.groups()
    return _GROUP.sub(lambda one: (groups[int(one[1]) - 1] or "") if 0 < int(one[1]) <= len(groups) else "", target)


def _words(route: Route, target: str, made: str, called: str) -> str:
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
