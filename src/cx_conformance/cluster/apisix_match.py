"""Which routes of APISIX take a call, in the order in which APISIX tries them.

A path without ``*`` is taken whole and comes first; of the others the longest beginning comes first. Routes of one path
are tried by priority, the highest first. So a route of high priority comes after one of a longer path. With the usual
router the host is looked up before the path: a route for the call's host comes before one for any host, whatever their
paths. https://apisix.apache.org/docs/apisix/router-radixtree/ and https://github.com/api7/lua-resty-radixtree
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.cluster.apisix_vars import holds
from cx_conformance.objects.gateway_route import GatewayRoute


class Router(StrEnum):
    """How APISIX looks routes up: its setting ``apisix.router.http``."""

    HOST_URI = "radixtree_host_uri"
    """By host, then by path: the default from 3.3 on."""
    URI = "radixtree_uri"
    """By path; the host is one condition among others."""
    URI_WITH_PARAMETER = "radixtree_uri_with_parameter"
    """Likewise, and ``:name`` in a path stands for one part of it."""


class Call(Struct, frozen=True):
    """One request."""

    path: str
    host: str
    method: str = "GET"

    @property
    def text(self) -> str:
        """The call as messages name it: ``POST /ccm/below``; without a method where that is GET."""
        return self.path if self.method == "GET" else f"{self.method} {self.path}"


def taking(routes: Iterable[GatewayRoute], call: Call, router: Router = Router.HOST_URI) -> Iterator[GatewayRoute]:
    """Yield the routes that take ``call``, the first that APISIX tries first; those switched off take none."""
    live = [one for one in routes if one.enabled]
    if router is not Router.HOST_URI:
        yield from _by_path((one for one in live if _takes_host(one, call.host)), call, router)
        return
    by_host: dict[str, list[GatewayRoute]] = defaultdict(list)
    for one in live:
        for host in one.hosts:
            by_host[host].append(one)
    for host in sorted(by_host, key=lambda host: (host.startswith("*"), -len(host))):
        if _covers(host, call.host):
            yield from _by_path(by_host[host], call, router)
    yield from _by_path((one for one in live if not one.hosts), call, router)


def _by_path(routes: Iterable[GatewayRoute], call: Call, router: Router) -> Iterator[GatewayRoute]:
    whole: list[tuple[str, GatewayRoute]] = []
    by_beginning: dict[str, list[tuple[str, GatewayRoute]]] = defaultdict(list)
    for route in routes:
        for path in route.paths:
            beginning = _beginning(path, router)
            if beginning is None:
                whole += [(path, route)] if path == call.path else []
            elif call.path.startswith(beginning) and _fits(path, call.path, router):
                by_beginning[beginning].append((path, route))
    longest_first = sorted(by_beginning, key=len, reverse=True)
    for some in (whole, *(by_beginning[one] for one in longest_first)):
        # Of equal priority the longer of the paths as they are written comes first, then the one that stands first.
        for _path, route in sorted(some, key=lambda one: (-one[1].priority, -len(one[0]))):
            taken = _takes(route, call)
            if taken is not False:
                yield route if taken else replace(route, limits=(*route.limits, "vars"))


def _takes(route: GatewayRoute, call: Call) -> bool | None:
    """Tell whether method and conditions of a route are the call's; None where only APISIX can tell."""
    known = {"uri": call.path, "request_uri": call.path, "host": call.host, "http_host": call.host}
    known |= {"request_method": call.method, "scheme": "http"}
    return holds(route.vars, known) if not route.methods or call.method in route.methods else False


def _beginning(path: str, router: Router) -> str | None:
    """Return what a path must begin with to be taken by this one; None: it is taken whole."""
    signs = (":", "*") if router is Router.URI_WITH_PARAMETER else ("*",)
    places = [path.index(sign) for sign in signs if sign in path]
    # A parameter counts first, wherever it stands.
    return path[: places[0]] if places else None


def _fits(pattern: str, path: str, router: Router) -> bool:
    """Tell whether ``path`` is as a pattern with a ``*`` or a parameter before its end asks."""
    has_parameter = router is Router.URI_WITH_PARAMETER and ":" in pattern
    if pattern.index("*") == len(pattern) - 1 if not has_parameter else False:
        return True
    parts = pattern.split("/")
    if not any(one.startswith(("*", ":")) for one in parts):
        return True
    made = [
        "[^/]+" if one.startswith(":") else r"(?:.|\n)*" if one.startswith("*") else re.escape(one) for one in parts
    ]
    return re.fullmatch("/".join(made), path) is not None


def _takes_host(route: GatewayRoute, host: str) -> bool:
    return not route.hosts or any(_covers(one, host) for one in route.hosts)


def _covers(pattern: str, host: str) -> bool:
    """Tell whether a route's host is the call's; a wildcard stands for any beginning, of several parts too."""
    return host.endswith(pattern[1:]) if pattern.startswith("*") else pattern == host
