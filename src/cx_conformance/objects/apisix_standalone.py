"""The configuration of an APISIX that has no store of its own: the file ``apisix.yaml``, which it reads every second.

https://apisix.apache.org/docs/apisix/deployment-modes/#standalone and
https://apisix.apache.org/docs/apisix/terminology/service/ for how a route takes on what its service says.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from cx_conformance.objects.gateway_route import (
    GatewayRoute,
    Target,
    active,
    answering,
    discovered,
    nodes,
    rewriting,
)
from cx_conformance.objects.lined_yaml import LinedMapping, NotRead, read_yaml

FILE: Final = "apisix.yaml"
"""Its name below APISIX's folder ``conf``."""
_END: Final = re.compile(r"#END\s*")
_END_WITHIN: Final = 10
"""Of so many characters at the end of the file one line must be the mark; APISIX reads no further."""
_LIMITS: Final = ("remote_addr", "remote_addrs", "filter_func")


class Trouble(Struct, frozen=True, kw_only=True):
    """Why APISIX does not take the file, or a part of it; ``line`` is counted from 1."""

    line: int
    words: str


class Standalone(Struct, frozen=True, kw_only=True):
    """The routes of a file, and why APISIX takes none of it (``trouble``), or some of it not (``faults``)."""

    routes: tuple[GatewayRoute, ...] = ()
    trouble: Trouble | None = None
    faults: tuple[Trouble, ...] = ()


def is_standalone(key: str, text: str) -> bool:
    """Whether a ConfigMap's entry is such a file: by its name, or by the mark at its end."""
    return key == FILE or (_ends_well(text) and "routes:" in text)


def standalone(text: str) -> Standalone:
    """Read the file; whatever is wrong with it is told in the result."""
    try:
        read = read_yaml(text)
    except NotRead as error:
        return Standalone(trouble=Trouble(line=error.line, words=str(error)))
    found = read if isinstance(read, dict) else {}
    if not _ends_well(text):
        last = text.rstrip("\n").count("\n") + 1
        words = "the last line is not #END, without which APISIX takes none of the file"
        return Standalone(trouble=Trouble(line=last, words=words))
    if not isinstance(read, dict):
        return Standalone(trouble=Trouble(line=1, words="there is no mapping with routes in it"))
    return _Reading(found).run()


def _ends_well(text: str) -> bool:
    return _END.search(text[-_END_WITHIN:]) is not None


class _Reading:
    """A file's parts by their ids, and what its routes make of them."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._routes = _records(found, "routes")
        self._by_id = {
            part: {str(one.get("id", f"{part}#{index}")): one for index, one in enumerate(_records(found, part), 1)}
            for part in ("services", "upstreams", "plugin_configs")
        }
        self._faults: list[Trouble] = []

    def run(self) -> Standalone:
        routes = tuple(self._route(one, index) for index, one in enumerate(self._routes, 1))
        # A service that no route uses may refer to an upstream that does not exist, and harms nobody.
        return Standalone(routes=tuple(one for one in routes if one is not None), faults=tuple(self._faults))

    def _route(self, written: LinedMapping, index: int) -> GatewayRoute | None:
        name = str(written.get("id") or written.get("name") or index)
        paths = _texts(written.get("uris")) or _texts(written.get("uri"))
        if not paths:
            self._faults.append(Trouble(line=written.line, words=f"route {name} has neither uri nor uris"))
            return None
        lost: list[str] = []
        service = self._referred(written, "service_id", "services", lost)
        config = self._referred(written, "plugin_config_id", "plugin_configs", lost)
        plugins = active(
            {**_mapping(service, "plugins"), **_mapping(config, "plugins"), **_mapping(written, "plugins")}
        )
        answers = answering(plugins)
        web_socket = written.get("enable_websocket", service.get("enable_websocket"))
        condition = written.get("vars")
        return GatewayRoute(
            where=f"route {name}",
            line=written.line,
            paths=paths,
            hosts=_lower(_texts(written.get("hosts")) or _texts(written.get("host")) or _texts(service.get("hosts"))),
            methods=_texts(written.get("methods")),
            priority=_number(written.get("priority")),
            enabled=written.get("status", 1) != 0,
            vars=_json(condition) if condition else "",
            limits=tuple(key for key in _LIMITS if written.get(key)),
            web_socket=web_socket is True,
            plugins=tuple(plugins),
            rewrite=rewriting(plugins),
            answers=answers,
            targets=tuple(self._targets(written, service, lost)),
            lost=tuple(lost),
        )

    def _targets(self, route: LinedMapping, service: LinedMapping, lost: list[str]) -> Iterator[Target]:
        """Yield where it leads: the route's own upstream counts before its service's."""
        for holder in (route, service):
            if "upstream_id" in holder or "upstream" in holder:
                upstream = self._referred(holder, "upstream_id", "upstreams", lost) or _lined(holder.get("upstream"))
                if isinstance(upstream.get("service_name"), str):
                    if upstream.get("discovery_type") == "kubernetes":
                        yield discovered(upstream["service_name"])
                    else:
                        yield Target(host=upstream["service_name"])
                yield from nodes(upstream.get("nodes"))
                return

    def _referred(self, holder: LinedMapping, key: str, part: str, lost: list[str]) -> LinedMapping:
        """Return what ``holder`` names under ``key``; empty where it names nothing, or nothing that there is."""
        if key not in holder:
            return LinedMapping()
        found = self._by_id[part].get(str(holder[key]))
        if found is None:
            lost.append(f"{key} {holder[key]}, which no entry of {part} has")
        return found or LinedMapping()


def _records(found: dict[str, Any], part: str) -> list[LinedMapping]:
    listed = found.get(part)
    return [one for one in listed if isinstance(one, LinedMapping)] if isinstance(listed, list) else []


def _lined(value: object) -> LinedMapping:
    return value if isinstance(value, LinedMapping) else LinedMapping()


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _lower(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.lower() for one in texts)


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _json(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()
