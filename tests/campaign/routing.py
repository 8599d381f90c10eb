"""The routes of a gateway, to be broken in place: ApisixRoute objects and the text of one ConfigMap alike."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import yaml

from cx_conformance.blueprint.component import OutsidePath
from cx_conformance.blueprint.manifests.installation import STANDALONE_ROUTES
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.checks.installation import Object

_END: Final = "#END\n"


@dataclass(frozen=True, slots=True)
class Rule:
    """One route as it is written; ``inside`` are all of its kind, in which it stands, ``own`` its component's."""

    written: Object
    inside: list[Object]
    own: list[Object]
    is_object: bool
    """Whether it is a rule of an ApisixRoute."""

    @property
    def match(self) -> Object:
        """Return where its conditions stand."""
        found: Object = self.written["match"] if self.is_object else self.written
        return found

    @property
    def paths(self) -> list[str]:
        """Return its paths, to be changed in place."""
        found: list[str] = self.match["paths" if self.is_object else "uris"]
        return found

    def lead(self, namespace: str, service: str, port: str | int) -> None:
        """Let it lead to a port of a Service: by name where the gateway finds Services by the API, else by number."""
        if self.is_object:
            self.written["backends"][0] |= {"serviceName": service, "servicePort": port}
        else:
            self.written["upstream"]["service_name"] = f"{namespace}/{service}:{port}"

    def plug_in(self, name: str, **settings: Any) -> None:
        """Give it a plug-in."""
        if self.is_object:
            one = {"name": name, "enable": True, "config": settings}
            self.written.setdefault("plugins", []).append(one)
        else:
            self.written.setdefault("plugins", {})[name] = settings

    def add(self, **changes: Any) -> None:
        """Add one that is like it but for ``changes``, before all others."""
        name = "name" if self.is_object else "id"
        self.inside.insert(0, self.written | {name: "another"} | changes)

    def refuse_where_covered(self) -> None:
        """Raise Inapplicable where another route of the component takes the same calls: nothing is lost with it."""
        for one in self.own:
            conditions = one["match"] if self.is_object else one
            for path in conditions["paths" if self.is_object else "uris"] if one is not self.written else ():
                if path.endswith("*") and all(each.startswith(path[:-1]) for each in self.paths):
                    raise Inapplicable(f"a route of the component for {path} takes its calls too")

    @property
    def web_socket(self) -> str:
        """Return the field that lets WebSockets through."""
        return "websocket" if self.is_object else "enable_websocket"


@contextmanager
def rule_of(fact: Fact, ground: Ground) -> Iterator[Rule]:
    """Hand out the route of the fact's path to be changed; Inapplicable where none leads there."""
    component = ground.component(fact)
    path = next((one.path for one in reversed(fact.holders) if isinstance(one, OutsidePath)), None)
    if ground.promised.platform.entrance != "apisix" or component.ingress is None:
        raise Inapplicable("it is reached by an Ingress of its own")
    wanted = path or component.ingress.path
    objects = [
        one
        for one in ground.manifests
        if one["kind"] == "ApisixRoute" and one["metadata"]["name"] == f"{component.workload.name}-route"
    ]
    if objects:
        rules = objects[0]["spec"]["http"]
        yield Rule(_one(rules, "match", wanted, fact), rules, rules, is_object=True)
        return
    try:
        data = ground.find("ConfigMap", STANDALONE_ROUTES)["data"]
    except LookupError:
        raise Inapplicable("it is reached by an Ingress of its own") from None
    routes = yaml.load(data[STANDALONE_ROUTES], yaml.CSafeLoader)["routes"]
    own = [one for one in routes if re.fullmatch(rf"{re.escape(fact.component)}-\d+", one["id"])]
    yield Rule(_one(own, "", wanted, fact), routes, own, is_object=False)
    data[STANDALONE_ROUTES] = yaml.dump({"routes": routes}, Dumper=yaml.CSafeDumper, sort_keys=False) + _END


def _one(rules: list[Object], match: str, path: str, fact: Fact) -> Object:
    """Return the rule of a path; of several with one path that with the fact's method."""
    promised = next((one for one in reversed(fact.holders) if isinstance(one, OutsidePath)), None)
    fitting = []
    for one in rules:
        conditions = one[match] if match else one
        first = conditions["paths" if match else "uris"][0]
        if first in (path, f"{path}*"):
            fitting.append((conditions.get("methods", ["GET"]), one))
    if not fitting:
        raise Inapplicable("no route of its own leads there")
    wanted = promised.method if promised else "GET"
    return next((one for methods, one in fitting if wanted in methods), fitting[-1][1])
