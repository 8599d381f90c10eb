"""Which Service an Ingress leads a request to, as ingress-nginx chooses.

Of the rules of a host the longest path wins, Exact before the others; with ``use-regex`` or ``rewrite-target`` paths of
type ImplementationSpecific are regular expressions from their beginning.
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.places import Place
from cx_conformance.sandbox.state import State

_NGINX: Final = "nginx.ingress.kubernetes.io"


class Led(Struct, frozen=True):
    """Where a request is led: the ready endpoints (none: nobody answers), the path there, and whether over TLS."""

    places: tuple[Place, ...]
    path: str
    tls: bool


class _Rule(Struct, frozen=True):
    namespace: str
    backend: Object
    kind: str
    path: str
    regex: bool
    rewrite: str
    tls: bool

    def matched(self, path: str) -> str | None:
        """Return the path behind the rule; None where it does not match."""
        if self.regex:
            found = re.match(self.path, path, re.IGNORECASE)
            if found is None:
                return None
            return re.sub(r"\$(\d)", lambda group: found[int(group[1])] or "", self.rewrite) if self.rewrite else path
        if self.kind == "Exact":
            return path if path == self.path else None
        below = self.path.rstrip("/")
        return path if path == below or path.startswith(f"{below}/") else None


def hosts(state: State) -> dict[str, tuple[str, str]]:
    """Return the host names that Ingresses serve over TLS, each with namespace and name of its Secret."""
    return {
        host: (one["metadata"]["namespace"], entry["secretName"])
        for one in _ingresses(state)
        for entry in one["spec"].get("tls", [])
        if "secretName" in entry
        for host in entry.get("hosts", [])
    }


def led(state: State, host: str, path: str) -> Led | None:
    """Return where a request for ``path`` of ``host`` is led; None where no rule matches."""
    chosen = sorted(_rules(state, host), key=lambda rule: (rule.kind != "Exact", -len(rule.path)))
    for rule in chosen:
        behind = rule.matched(path)
        if behind is not None:
            return Led(tuple(_places(state, rule)), behind, rule.tls)
    return None


def _ingresses(state: State) -> Iterator[Object]:
    classes = {one["metadata"]["name"] for one in state.of_kind("networking.k8s.io/v1", "IngressClass")}
    for one in state.of_kind("networking.k8s.io/v1", "Ingress"):
        # One of a class that does not exist is served by nobody.
        if one["spec"].get("ingressClassName") in classes:
            yield one


def _rules(state: State, host: str) -> Iterator[_Rule]:
    for one in _ingresses(state):
        notes = one["metadata"].get("annotations", {})
        regex = notes.get(f"{_NGINX}/use-regex") == "true" or f"{_NGINX}/rewrite-target" in notes
        for rule in one["spec"].get("rules", []):
            if rule.get("host", "") not in ("", host):
                continue
            for path in rule.get("http", {}).get("paths", []):
                yield _Rule(
                    namespace=one["metadata"]["namespace"],
                    backend=path["backend"].get("service", {}),
                    kind=path.get("pathType", "Prefix"),
                    path=path.get("path", "/"),
                    regex=regex and path.get("pathType") == "ImplementationSpecific",
                    rewrite=notes.get(f"{_NGINX}/rewrite-target", ""),
                    tls=notes.get(f"{_NGINX}/backend-protocol", "").upper() == "HTTPS",
                )


def _places(state: State, rule: _Rule) -> Iterator[Place]:
    """Yield the ready endpoints of the Service port that the rule leads to."""
    name, wanted = rule.backend.get("name", ""), rule.backend.get("port", {})
    service = state.find("v1", "Service", rule.namespace, name)
    for port in service["spec"].get("ports", []) if service else []:
        if (
            wanted.get("name", port.get("name")) != port.get("name")
            or wanted.get("number", port["port"]) != port["port"]
        ):
            continue
        for each in state.of_kind("discovery.k8s.io/v1", "EndpointSlice"):
            about = each["metadata"]
            if (about["namespace"], about.get("labels", {}).get("kubernetes.io/service-name")) == (
                rule.namespace,
                name,
            ):
                yield from ready(each, port)


def ready(slices: Object, port: Object) -> Iterator[Place]:
    """Yield the ready endpoints of an EndpointSlice that belong to a Service's port."""
    for listed in slices["ports"] or []:
        if (listed.get("name") or "") == port.get("name", ""):
            for endpoint in slices["endpoints"] or []:
                if endpoint["conditions"].get("ready") is not False:
                    yield endpoint["addresses"][0], int(listed["port"])
