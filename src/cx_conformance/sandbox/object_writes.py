"""The writes of an installer: objects that controllers follow are created, replaced and deleted.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/ ; what is left out (patches, dry runs, finalizers,
propagation policies, preconditions) is refused or said there.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
from msgspec import Struct

from cx_conformance.sandbox.bootstrap import admitted_with_claims
from cx_conformance.sandbox.catalogue import Object, Resource
from cx_conformance.sandbox.routes import Route
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import Refusal, bad_request, not_found, not_implemented
from cx_conformance.sandbox.web import Request
from cx_conformance.sandbox.world import World

KINDS: Final = frozenset(
    {
        *("ConfigMap", "Secret", "Service", "Deployment", "StatefulSet", "Ingress", "NetworkPolicy"),
        *("PersistentVolumeClaim", "Namespace"),
    }
)
"""What the reference installation is made of, and what breaks it."""


class ObjectWrites(Struct, frozen=True):
    """Creates, replaces and deletes; ``changed`` lets the controllers and the network follow."""

    state: State
    world: World
    changed: Callable[[], Awaitable[None]]

    async def create(self, request: Request, route: Route, resource: Resource) -> Object:
        """Create an object; return it as it was admitted."""
        thing = self._read(request, route, resource)
        metadata = thing["metadata"]
        place = route.namespace if resource.namespaced else ""
        if self.state.get(resource, place, metadata["name"]) is not None:
            name = metadata["name"]
            about = {"name": name, "kind": resource.plural}
            raise Refusal(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', about)
        if resource.namespaced:
            self._namespace(route.namespace)
        for field in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            metadata.pop(field, None)
        return await self._put(thing)

    async def replace(self, request: Request, route: Route, resource: Resource, record: Object) -> Object:
        """Replace an object by another of its name; it stays the same to whoever knows its uid."""
        thing = self._read(request, route, resource)
        known = record["metadata"]
        if thing["metadata"]["name"] != route.name:
            raise bad_request("the name of the object does not match the name on the URL")
        thing["metadata"] |= {"uid": known["uid"], "creationTimestamp": known["creationTimestamp"]}
        if "generation" in known:
            changed = thing.get("spec") != record.get("spec")
            thing["metadata"]["generation"] = known["generation"] + changed
        self._drop(resource, route)
        return await self._put(thing)

    async def delete(self, request: Request, route: Route, resource: Resource, record: Object) -> Object:
        """Delete an object at once, a namespace with all that is in it; claims of a StatefulSet stay."""
        _refuse_dry_run(request)
        self._drop(resource, route)
        if resource.kind == "Namespace":
            self.state.manifests = [
                one for one in self.state.manifests if one["metadata"].get("namespace") != route.name
            ]
        await self.changed()
        about = {"name": route.name, "kind": resource.plural, "uid": record["metadata"]["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about}

    async def _put(self, thing: Object) -> Object:
        made = admitted_with_claims(thing, self.state.manifests, self.world)
        self.state.manifests = [*self.state.manifests, *made]
        await self.changed()
        metadata = made[0]["metadata"]
        found = self.state.find(thing["apiVersion"], thing["kind"], metadata.get("namespace", ""), metadata["name"])
        return found or made[0]

    def _read(self, request: Request, route: Route, resource: Resource) -> Object:
        _refuse_dry_run(request)
        if "protobuf" in request.headers.get("content-type", ""):
            raise Refusal(415, "UnsupportedMediaType", "the embedded cluster reads objects as JSON only")
        try:
            thing = orjson.loads(request.body)
        except ValueError as why:
            raise bad_request(f"the object cannot be read: {why}") from None
        if not isinstance(thing, dict) or thing.get("kind") != resource.kind:
            raise bad_request(f"the object is no {resource.kind}")
        metadata = thing.setdefault("metadata", {})
        if not metadata.get("name"):
            raise bad_request("the embedded cluster makes up no names: metadata.name is required")
        if resource.namespaced and metadata.setdefault("namespace", route.namespace) != route.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        thing.pop("status", None)
        return dict(thing)

    def _drop(self, resource: Resource, route: Route) -> None:
        place = (resource.kind, route.namespace if resource.namespaced else "", route.name)
        kept = [one for one in self.state.manifests if _place(one) != place]
        if len(kept) == len(self.state.manifests):
            raise not_implemented(f"a change of {resource.kind} {route.name}, which a controller keeps")
        self.state.manifests = kept

    def _namespace(self, name: str) -> None:
        if self.state.find("v1", "Namespace", "", name) is None:
            raise not_found(self.state.catalogue.kind("v1", "Namespace"), name)


def _place(thing: Object) -> tuple[str, str, str]:
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def _refuse_dry_run(request: Request) -> None:
    if "dryRun" in request.query:
        raise not_implemented("dryRun")
