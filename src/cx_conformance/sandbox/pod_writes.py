"""The writes of Pods that the API takes: created and deleted, ephemeral containers added. Others are refused.

Of Pods it takes those that run a command to its end: there are no images whose entry point could be run, and no
kubelet that would restart a container. Field meanings and refusals: the API reference of Pod and EphemeralContainer.
"""

import re
import secrets
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from msgspec import Struct

from cx_conformance.sandbox import defaults, pod_security
from cx_conformance.sandbox.annotations import PROCESS
from cx_conformance.sandbox.catalogue import Object, copied
from cx_conformance.sandbox.routes import Route
from cx_conformance.sandbox.runtime import Runtime
from cx_conformance.sandbox.state import State
from cx_conformance.sandbox.statuses import Refusal, bad_request, not_found, not_implemented
from cx_conformance.sandbox.web import Request
from cx_conformance.sandbox.world import World, now

STRATEGIC = "application/strategic-merge-patch+json"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NOT_OF_EPHEMERAL = ("ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
"""What an ephemeral container may not have (its API reference)."""


class PodWrites(Struct, frozen=True):
    """Creates, deletes and adds; ``changed`` lets the controllers and the network follow."""

    state: State
    world: World
    runtime: Runtime
    changed: Callable[[], Awaitable[None]]

    async def create(self, request: Request, route: Route) -> Object:
        """Create a pod and start its containers; return it as it was admitted."""
        pod = self._admitted(_body(request), route.namespace)
        uid, spec = pod["metadata"]["uid"], pod["spec"]
        for container in spec["containers"]:
            self.world.processes.change(uid, container["name"], {"waiting": {"reason": "ContainerCreating"}})
        self.state.manifests.append(pod)
        await self.changed()
        made = self.state.find("v1", "Pod", route.namespace, pod["metadata"]["name"])
        if made is None:  # adopted as one too many, or collected with its owner: see controllers.adoption
            self._drop(pod)
            await self.changed()
            return pod
        if made["spec"].get("nodeName"):
            for container in spec["containers"]:
                self.runtime.start(made, container, spec.get("activeDeadlineSeconds"))
        return pod

    async def delete(self, request: Request, route: Route, record: Object) -> Object:
        """Delete a pod that a client created; return it as it was."""
        _refuse_dry_run(request)
        uid = record["metadata"]["uid"]
        if not any(thing["metadata"].get("uid") == uid for thing in self.state.manifests):
            raise not_implemented(f"DELETE on pod {route.name}, which a controller would make anew")
        await self.runtime.end(uid)
        self._drop(record)
        await self.changed()
        return record | {"metadata": record["metadata"] | {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}}

    async def add_ephemeral(self, request: Request, route: Route, record: Object) -> Object:
        """Add the ephemeral containers of a patch to a pod and start them; return the pod."""
        _refuse_dry_run(request)
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind != STRATEGIC:
            raise not_implemented(f"a PATCH of type {kind or 'none'} on pods/ephemeralcontainers (give {STRATEGIC})")
        added = (_body(request).get("spec") or {}).get("ephemeralContainers") or []
        self._check_ephemeral(record, added)
        uid = record["metadata"]["uid"]
        whole = copied(record)
        whole["spec"]["ephemeralContainers"] = [*self.world.processes.ephemeral(uid), *added]
        defaults.containers(added)
        pod_security.admit(self._namespace(route.namespace), whole)
        for container in added:
            self.world.processes.add(uid, container)
            self.world.processes.change(uid, container["name"], {"waiting": {"reason": "ContainerCreating"}})
        await self.changed()
        made = self.state.find("v1", "Pod", route.namespace, route.name) or whole
        for container in added:
            self.runtime.start(made, container)
        return made

    def _admitted(self, given: Object, namespace: str) -> Object:
        if (given.get("apiVersion"), given.get("kind")) != ("v1", "Pod"):
            raise bad_request(f"{given.get('kind') or 'Object'} in version {given.get('apiVersion')!r} is no v1 Pod")
        pod = copied(given)
        metadata = pod.setdefault("metadata", {})
        if "generateName" in metadata and not metadata.get("name"):
            metadata["name"] = metadata["generateName"] + secrets.token_hex(3)[:5]
        if metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        name = metadata.get("name") or ""
        spec = pod.get("spec") or {}
        _check(name, ([] if _NAME.fullmatch(name) else ["metadata.name"]) + _missing(spec))
        if self.state.find("v1", "Pod", namespace, name) is not None:
            raise Refusal(409, "AlreadyExists", f'pods "{name}" already exists', {"name": name, "kind": "pods"})
        if spec.get("restartPolicy") != "Never" or spec.get("initContainers"):
            raise not_implemented("a Pod that restarts containers or has init containers")
        if not all(container.get("command") for container in spec["containers"]):
            raise not_implemented("a Pod without a command: there are no images")
        pod_security.admit(self._namespace(namespace), pod)
        for field in ("status", "resourceVersion"):
            pod.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
        if any(container.get("ports") for container in spec["containers"]):
            own = self.world.addresses.pod(namespace, f"{name} its process")
            metadata["annotations"] = {**metadata.get("annotations", {}), PROCESS: own}
        return defaults.admitted(pod, self.world)

    def _check_ephemeral(self, pod: Object, added: list[Object]) -> None:
        name = pod["metadata"]["name"]
        taken = {one["name"] for key in ("initContainers", "containers") for one in pod["spec"].get(key, [])}
        present = {one["name"] for one in self.world.processes.ephemeral(pod["metadata"]["uid"])}
        for at, container in enumerate(added):
            where = f"spec.ephemeralContainers[{at}]"
            wrong = [field for field in ("name", "image") if not container.get(field)]
            _check(name, [f"{where}.{field}" for field in wrong])
            unfit = [field for field in _NOT_OF_EPHEMERAL if container.get(field)]
            if unfit:
                _refuse(name, f"{where}.{unfit[0]}: Forbidden: cannot be set for an Ephemeral Container")
            if container["name"] in taken:
                _refuse(name, f'{where}.name: Duplicate value: "{container["name"]}"')
            if container["name"] in present:
                _refuse(name, "spec.ephemeralContainers: Forbidden: existing ephemeral containers may not be changed")
            if not container.get("command"):
                raise not_implemented("an ephemeral container without a command: there are no images")

    def _namespace(self, name: str) -> Object:
        found = self.state.find("v1", "Namespace", "", name)
        if found is None:
            raise not_found(self.state.catalogue.kind("v1", "Namespace"), name)
        return found

    def _drop(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        self.world.processes.forget(uid)
        self.state.manifests = [thing for thing in self.state.manifests if thing["metadata"].get("uid") != uid]


def _body(request: Request) -> Any:
    kind = request.headers.get("content-type", "")
    if "protobuf" in kind:
        raise Refusal(415, "UnsupportedMediaType", "the embedded cluster reads objects as JSON only")
    _refuse_dry_run(request)
    try:
        body = orjson.loads(request.body)
    except ValueError as why:
        raise bad_request(f"the object cannot be read: {why}") from None
    if not isinstance(body, dict):
        raise bad_request("the object cannot be read: it is no JSON object")
    return body


def _refuse_dry_run(request: Request) -> None:
    if "dryRun" in request.query:
        raise not_implemented("dryRun")


def _missing(spec: Object) -> list[str]:
    containers = spec.get("containers") or []
    if not containers:
        return ["spec.containers"]
    return [
        f"spec.containers[{at}].{field}"
        for at, container in enumerate(containers)
        for field in ("name", "image")
        if not container.get(field)
    ]


def _check(name: str, missing: Iterable[str]) -> None:
    for field in missing:
        _refuse(name, f"{field}: Required value")


def _refuse(name: str, why: str) -> None:
    raise Refusal(422, "Invalid", f'Pod "{name}" is invalid: {why}', {"name": name, "kind": "Pod"})
