"""Under which path a component is asked after APISIX has rewritten the call's.

https://apisix.apache.org/docs/apisix/plugins/proxy-rewrite/
"""

import re
from typing import Final

from cx_conformance.cluster import foreign_expression
from cx_conformance.objects.gateway_route import GatewayRoute

_GROUP: Final = re.compile(r"\$(?:\{(\d+)\}|(\d+))")
_VARIABLE: Final = re.compile(r"\$\{?(?:uri|request_uri)\b\}?")


def arriving(route: GatewayRoute, path: str) -> str | None:
    """Return the path by which the component is asked for ``path``; None where only APISIX can tell."""
    rewrite = route.rewrite
    if rewrite is None:
        return path
    if rewrite.uri:
        return _VARIABLE.sub(lambda _found: path, rewrite.uri)
    for expression, result in rewrite.pairs:
        try:
            found = foreign_expression.search(expression, path)
        except re.error:
            return None
        if found:
            return path[: found.start()] + _filled(result, found) + path[found.end() :]
    return path


def _filled(result: str, found: re.Match[str]) -> str:
    groups = ("", *found.groups(""))

    def group(one: re.Match[str]) -> str:
        number = int(one[1] or one[2])
        return found[0] if number == 0 else groups[number] if number < len(groups) else ""

    return _GROUP.sub(group, result)
