"""The API server: who asks, may he, and which part of the embedded cluster answers.

What is not implemented answers 501 and says so.
"""

from collections.abc import Callable  # noqa: TC003 - dataclasses read their annotations
from dataclasses import dataclass, field
from typing import Any

import orjson

from cx_conformance.sandbox import discovery, execution, lists, logs, portforward, protobuf, proxy, reviews, watches
from cx_conformance.sandbox.catalogue import Attributes, Object, Resource
from cx_conformance.sandbox.confinement import Confinement
from cx_conformance.sandbox.credentials import Tokens
from cx_conformance.sandbox.object_writes import KINDS, ObjectWrites
from cx_conformance.sandbox.pod_writes import PodWrites
from cx_conformance.sandbox.processes import Processes
from cx_conformance.sandbox.rbac import ANONYMOUS, User, decide
from cx_conformance.sandbox.routes import Route, resource_route
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import (
    PlainRefusal,
    Refusal,
    bad_request,
    forbidden,
    forbidden_path,
    no_such_resource,
    not_found,
    not_implemented,
    unauthorized,
)
from cx_conformance.sandbox.upgrades import RETRY_AFTER_SECONDS, Upgrades
from cx_conformance.sandbox.web import Answer, Request, Response

KEPT_REQUESTS = 100_000

_UNCACHED = (("cache-control", "no-cache, private"),)
_TEXT = "text/plain; charset=utf-8"
_ENDPOINTS_WARNING = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"'
_HEALTH = ("/healthz", "/livez", "/readyz")


@dataclass(slots=True)
class ApiServer:
    """Answers the requests of one embedded cluster; ``handle`` is the handler of its web server."""

    state: State
    tokens: Tokens
    confinement: Confinement
    address: str
    nameserver: str
    processes: Processes
    writes: PodWrites | None = None
    """None: this cluster takes no writes of Pods."""
    object_writes: ObjectWrites | None = None
    """None: this cluster, a recording, takes no writes of other objects."""
    requests: list[Object] = field(default_factory=list)
    upgrades: Upgrades = field(init=False)

    def __post_init__(self) -> None:
        """Limit upgrades as the state says."""
        self.upgrades = Upgrades(self.state)

    async def handle(self, request: Request) -> Answer:
        """Answer one request, whatever it is."""
        user = ANONYMOUS
        try:
            user = self._authenticate(request)
            answer = await self._answer(request, user)
        except Refusal as refusal:
            later = (("retry-after", str(RETRY_AFTER_SECONDS)),) if refusal.code == 429 else ()
            answer = Response(refusal.code, refusal.body(), headers=(*_UNCACHED, *later))
        except PlainRefusal as refusal:
            answer = Response(refusal.code, refusal.text.encode(), _TEXT, _UNCACHED)
        self._remember(request, user, answer)
        return answer

    def _authenticate(self, request: Request) -> User:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return ANONYMOUS
        user = self.tokens.read(token) if scheme.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        return user

    async def _answer(self, request: Request, user: User) -> Answer:
        route = resource_route(request.path)
        if route is None:
            return self._document(request, user)
        resource = self.state.catalogue.at(route.group, route.version, route.plural)
        if discovery.resources(self.state.catalogue, route.group, route.version) is None:
            raise PlainRefusal(404, "404 page not found\n")
        self._authorize(user, route, route.verb(request.method, watching=_watches(request)), resource)
        if resource is None or (
            bool(route.namespace) != resource.namespaced
            and route.plural != "namespaces"
            and (route.name or route.namespace)
        ):
            raise no_such_resource()
        if route.subresource:
            return await self._subresource(request, user, route, resource)
        if resource.verbs == ("create",):
            return self._review(request, user, resource)
        if request.method not in ("GET", "HEAD"):
            return await self._write(request, route, resource)
        return self._read(request, route, resource)

    async def _write(self, request: Request, route: Route, resource: Resource) -> Response:
        asked = request.method, bool(route.name)
        pods, others = self.writes, self.object_writes
        if pods is not None and resource.kind == "Pod" and asked == ("POST", False):
            return _json(await pods.create(request, route), 201)
        if pods is not None and resource.kind == "Pod" and asked == ("DELETE", True):
            return _json(await pods.delete(request, route, self._present(route, resource)))
        if others is not None and resource.kind in KINDS and asked == ("POST", False):
            return _json(await others.create(request, route, resource), 201)
        if others is not None and resource.kind in KINDS and asked == ("PUT", True):
            return _json(await others.replace(request, route, resource, self._present(route, resource)))
        if others is not None and resource.kind in KINDS and asked == ("DELETE", True):
            return _json(await others.delete(request, route, resource, self._present(route, resource)))
        raise self._cannot_write(request, route, resource)

    def _authorize(self, user: User, route: Route, verb: str, resource: Resource | None) -> None:
        asked = Attributes(verb, route.group, route.plural, route.subresource, route.namespace, route.name)
        if not decide(self.state, user, asked).allowed:
            named = resource or Resource(route.group, route.version, route.plural, "", namespaced=bool(route.namespace))
            raise forbidden(user.name, named, asked)

    def _document(self, request: Request, user: User) -> Answer:
        path = request.path if request.path == "/" else request.path.rstrip("/")
        verb = request.method.lower()
        if not decide(self.state, user, Attributes(verb, path=path)).allowed:
            raise forbidden_path(user.name, verb, path)
        if path in _HEALTH:
            return Response(200, b"ok", _TEXT, _UNCACHED)
        if path in ("/api", "/apis") and discovery.wants_aggregated(request.headers.get("accept", "")):
            found = discovery.aggregated(self.state.catalogue, core=path == "/api")
            return Response(200, orjson.dumps(found) + b"\n", discovery.AGGREGATED, (("cache-control", "public"),))
        document = self._known_document(path)
        if document is None and path.startswith(("/openapi", "/metrics", "/.well-known", "/debug", "/logs")):
            raise not_implemented(path)
        if document is None:
            raise PlainRefusal(404, "404 page not found\n")
        return _json(document)

    def _known_document(self, path: str) -> Object | None:
        catalogue = self.state.catalogue
        steps = path.strip("/").split("/")
        fixed: dict[str, Callable[[], Object]] = {
            "/version": lambda: discovery.VERSION,
            "/api": lambda: discovery.versions(self.address),
            "/apis": lambda: discovery.groups(catalogue),
        }
        if path in fixed:
            return fixed[path]()
        if len(steps) == 2 and steps[0] == "api":
            return discovery.resources(catalogue, "", steps[1])
        if len(steps) == 2 and steps[0] == "apis":
            return discovery.group(catalogue, steps[1])
        if len(steps) == 3 and steps[0] == "apis":
            return discovery.resources(catalogue, steps[1], steps[2])
        return None

    def _read(self, request: Request, route: Route, resource: Resource) -> Response:
        accept, query = request.headers.get("accept", ""), request.query
        headers: tuple[tuple[str, str], ...] = _UNCACHED
        if resource.kind == "Endpoints":
            headers = (*_UNCACHED, ("warning", _ENDPOINTS_WARNING))
        if route.name:
            namespace = route.namespace if resource.namespaced else ""
            record = self.state.get(resource, namespace, route.name)
            if record is None:
                raise not_found(resource, route.name)
            return Response(200, lists.one(resource, record, accept, query), headers=headers)
        wanted = lists.Wanted(resource, route.namespace, request.path, query)
        if _watches(request):
            return Response(200, watches.watch(self.state, wanted, accept), headers=headers)
        return Response(200, lists.many(self.state, wanted, accept), headers=headers)

    def _review(self, request: Request, user: User, resource: Resource) -> Response:
        if request.method != "POST":
            raise Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        try:
            if request.body.startswith(protobuf.MAGIC):
                asked = protobuf.read_review(resource.kind, request.body)
            else:
                asked = orjson.loads(request.body)
        except ValueError as why:
            raise bad_request(f"the review cannot be read: {why}") from None
        return _json(reviews.review(self.state, user, resource.kind, asked), 201)

    async def _subresource(self, request: Request, user: User, route: Route, resource: Resource) -> Answer:
        if route.subresource not in resource.subresources:
            raise not_implemented(f"{resource.plural}/{route.subresource}")
        record = self.state.get(resource, route.namespace, route.name)
        if resource.kind == "Service" or route.subresource == "proxy":
            return await proxy.forward(self.state, route, request)
        if record is None:
            raise not_found(resource, route.name)
        if route.subresource == "log":
            return Response(200, logs.read(record.thing, request.query, self.processes), "text/plain", _UNCACHED)
        if route.subresource == "ephemeralcontainers":
            if request.method == "GET":
                return _json(record.thing)
            if request.method != "PATCH" or self.writes is None:
                raise not_implemented(f"{request.method} on pods/ephemeralcontainers")
            return _json(await self.writes.add_ephemeral(request, route, record.thing))
        if request.wants_websocket:
            self._authorize(user, route, "create", resource)
        thing, upgrades = record.thing, self.upgrades
        if route.subresource == "exec":
            return upgrades.limited(
                "exec", lambda: execution.accept(self.state, self.confinement, self.nameserver, thing, request)
            )
        return upgrades.limited("portforward", lambda: portforward.accept(thing, request, old=upgrades.old))

    def _present(self, route: Route, resource: Resource) -> Object:
        record = self.state.get(resource, route.namespace if resource.namespaced else "", route.name)
        if record is None:
            raise not_found(resource, route.name)
        return record.thing

    def _cannot_write(self, request: Request, route: Route, resource: Resource) -> Refusal:
        if route.name and self.state.get(resource, route.namespace if resource.namespaced else "", route.name) is None:
            return not_found(resource, route.name)
        if not route.name and request.method not in ("POST", "DELETE"):
            return bad_request(f"{request.method} needs the name of an object")
        return not_implemented(f"{request.method} on {resource.qualified}")

    def _remember(self, request: Request, user: User, answer: Answer) -> None:
        status: Any = answer.status if isinstance(answer, Response) else 101
        if len(self.requests) < KEPT_REQUESTS:
            self.requests.append(
                {
                    "method": request.method,
                    "path": request.target,
                    "user": user.name,
                    "agent": request.headers.get("user-agent", ""),
                    "status": status,
                    "bytes": len(answer.body) if isinstance(answer, Response) and isinstance(answer.body, bytes) else 0,
                }
            )


def _watches(request: Request) -> bool:
    return request.query.get("watch") in ("true", "1")


def _json(document: Object, status: int = 200) -> Response:
    return Response(status, orjson.dumps(document) + b"\n", headers=_UNCACHED)
