"""ApisixRoute: routes as objects, which APISIX's ingress controller takes up (CX 4.9).

https://apisix.apache.org/docs/ingress-controller/references/apisix_route_v2/
"""

from collections.abc import Iterator
from typing import Any, Final

from cx_conformance.objects.gateway_route import GatewayRoute, Target, active, answering, rewriting
from cx_conformance.objects.json_fields import Json, count, flag, mapping, number, objects, port, text, texts
from cx_conformance.objects.metadata import ApiObject, conditions, metadata

_TAKEN_UP: Final = ("ResourcesAvailable", "Accepted")
"""The controller's conditions, of version 1 and of version 2: False where it did not take the object up."""
_VARIABLES: Final = {"Header": "http_", "Query": "arg_", "Cookie": "cookie_", "Path": "uri", "Variable": ""}
_OPERATORS: Final = {
    "Equal": "==",
    "NotEqual": "~=",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "LessThan": "<",
    "LessThanEqual": "<=",
    "In": "in",
    "NotIn": "!in",
    "RegexMatch": "~~",
    "RegexNotMatch": "!~~",
    "RegexMatchCaseInsensitive": "~*",
    "RegexNotMatchCaseInsensitive": "!~*",
}


class ApisixRoute(ApiObject, frozen=True, kw_only=True):
    """An ApisixRoute; ``refused`` is why its controller did not take it up, empty where it did or has not said."""

    class_name: str
    routes: tuple[GatewayRoute, ...]
    refused: str


def apisix_route(source: Json) -> ApisixRoute:
    """Read an ApisixRoute of ``apisix.apache.org/v2``."""
    meta, spec = metadata(source), mapping(source, "spec")
    stated = [one for one in conditions(mapping(source, "status")) if one.type in _TAKEN_UP]
    refused = next((one.message or one.reason for one in stated if one.status == "False"), "")
    where = f"ApisixRoute {meta['namespace']}/{meta['name']}"
    return ApisixRoute(
        **meta,
        class_name=text(spec, "ingressClassName"),
        routes=tuple(_route(rule, meta["namespace"], where) for rule in objects(spec, "http")),
        refused=refused,
    )


def _route(rule: Json, namespace: str, where: str) -> GatewayRoute:
    match = mapping(rule, "match")
    plugins = active(
        {
            text(one, "name"): mapping(one, "config")
            for one in objects(rule, "plugins")
            if flag(one, "enable") is not False
        }
    )
    names = (*plugins, "authentication") if flag(mapping(rule, "authentication"), "enable") else tuple(plugins)
    return GatewayRoute(
        where=where,
        paths=texts(match, "paths"),
        hosts=tuple(one.lower() for one in texts(match, "hosts")),
        methods=texts(match, "methods"),
        priority=number(rule, "priority") or 0,
        vars=_vars(match),
        limits=tuple(key for key in ("remoteAddrs", "filter_func") if match.get(key)),
        web_socket=flag(rule, "websocket") or False,
        plugins=names,
        rewrite=rewriting(plugins),
        answers=answering(plugins),
        targets=tuple(_targets(rule, namespace)),
    )


def _targets(rule: Json, namespace: str) -> Iterator[Target]:
    for one in objects(rule, "backends"):
        if number(one, "weight") != 0 or len(objects(rule, "backends")) == 1:
            yield Target(
                namespace=text(one, "namespace") or namespace,
                service=text(one, "serviceName"),
                port=port(one, "servicePort"),
            )
    for one in objects(rule, "upstreams"):
        yield Target(host=f"ApisixUpstream {namespace}/{text(one, 'name')}")


def _vars(match: Json) -> str:
    """Return the conditions ``exprs`` as the gateway's own ``vars``, in JSON."""
    import orjson

    found: list[Any] = []
    for one in objects(match, "exprs"):
        subject = mapping(one, "subject")
        prefix, name = _VARIABLES.get(text(subject, "scope"), ""), text(subject, "name")
        variable = prefix + (name.lower().replace("-", "_") if prefix == "http_" else name if prefix != "uri" else "")
        operator = _OPERATORS.get(text(one, "op"), "")
        values: Any = list(texts(one, "set")) or text(one, "value") or count(one, "value")
        found.append(
            [variable, "!", operator[1:], values] if operator.startswith("!") else [variable, operator, values]
        )
    return orjson.dumps(found).decode() if found else ""
