"""A route of an APISIX gateway, alike from a standalone configuration and from an ApisixRoute object.

https://apisix.apache.org/docs/apisix/terminology/route/
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from cx_conformance.objects.json_fields import whole

_LOGINS: Final = frozenset({"opa", "wolf-rbac", "consumer-restriction"})
"""Plug-ins that ask who calls, beside those whose name says so: openid-connect, key-auth, jwt-auth, authz-keycloak."""


class Target(Struct, frozen=True, kw_only=True):
    """One place that a route leads to, as it is written: a Service that is found by the API, or a host name.

    ``discovered`` is by the name of the Service's port, which may be its number where it has none; ``port`` is None
    where none is given.
    """

    namespace: str = ""
    service: str = ""
    host: str = ""
    port: int | str | None = None
    discovered: bool = False

    @property
    def text(self) -> str:
        """The place as messages name it."""
        place = f"{self.namespace}/{self.service}" if self.service else self.host
        return f"{place}:{self.port}" if self.port is not None else place


class Rewrite(Struct, frozen=True, kw_only=True):
    """What the plug-in proxy-rewrite makes of a path: ``uri`` in its place, or ``pairs`` of expression and result."""

    uri: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


class GatewayRoute(Struct, frozen=True, kw_only=True):
    """One route. ``hosts`` and ``methods`` are empty for any; ``where`` is how messages name it.

    ``vars`` is the condition of that name, as JSON; ``limits`` are conditions that cannot be told from outside.
    ``answers`` is the plug-in that answers in place of a target, ``lost`` what it refers to and nothing defines.
    """

    where: str
    line: int | None = None
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    priority: int = 0
    enabled: bool = True
    vars: str = ""
    limits: tuple[str, ...] = ()
    web_socket: bool = False
    plugins: tuple[str, ...] = ()
    rewrite: Rewrite | None = None
    answers: str = ""
    targets: tuple[Target, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def login(self) -> str | None:
        """The plug-in that lets only known callers through; None: anybody may call."""
        return next((one for one in self.plugins if one in _LOGINS or _asks_who(one)), None)

    @property
    def place(self) -> str:
        """The route with its line, where it stands in a text."""
        return f"{self.where} (line {self.line})" if self.line is not None else self.where


def _asks_who(plugin: str) -> bool:
    return re.search(r"auth|openid|oidc", plugin) is not None


def active(plugins: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return those plug-ins, by name, that are not switched off."""
    return {
        name: settings
        for name, settings in plugins.items()
        if isinstance(settings, Mapping)
        and settings.get("disable") is not True
        and not (isinstance(settings.get("_meta"), Mapping) and settings["_meta"].get("disable") is True)
    }


def rewriting(plugins: Mapping[str, Mapping[str, Any]]) -> Rewrite | None:
    """Return what proxy-rewrite makes of paths; None where it leaves them as they are."""
    settings = plugins.get("proxy-rewrite", {})
    uri, expressions = settings.get("uri"), settings.get("regex_uri")
    if isinstance(uri, str):
        return Rewrite(uri=uri)
    if not isinstance(expressions, list) or len(expressions) < 2:
        return None
    texts = [str(one) for one in expressions]
    return Rewrite(pairs=tuple(zip(texts[::2], texts[1::2], strict=False)))


def answering(plugins: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the plug-in that answers every call in place of a target; empty where none does."""
    if "mocking" in plugins:
        return "mocking"
    redirect = plugins.get("redirect", {})
    if redirect.get("uri") or redirect.get("regex_uri"):
        return "redirect"
    abort = plugins.get("fault-injection", {}).get("abort")
    sure = isinstance(abort, Mapping) and abort.get("percentage", 100) == 100 and not abort.get("vars")
    return "fault-injection" if sure else ""


def discovered(name: str) -> Target:
    """Return the target of ``namespace/service:port``, with a cluster's id before it where there are several."""
    place, _, port = name.rpartition(":")
    before, _, service = place.rpartition("/")
    namespace = before.rpartition("/")[2]
    return Target(namespace=namespace, service=service, port=port, discovered=True)


def nodes(written: Any) -> Iterable[Target]:
    """Yield the targets of ``nodes``: a mapping of ``host:port`` to weight, or a list of records."""
    if isinstance(written, Mapping):
        for place, weight in written.items():
            host, _, port = str(place).rpartition(":")
            if weight != 0:
                number = whole(port)
                yield Target(host=host, port=number) if host and number is not None else Target(host=str(place))
    for one in written if isinstance(written, list) else ():
        if isinstance(one, Mapping) and one.get("weight") != 0 and isinstance(one.get("host"), str):
            number = one.get("port")
            yield Target(host=one["host"], port=number if isinstance(number, int) else None)
