"""The Status objects with which an API server refuses, with its own words (as recorded from Kubernetes 1.36)."""

import orjson

from cx_conformance.sandbox.catalogue import Attributes, Object, Resource


class Refusal(Exception):  # noqa: N818 - an answer of the API, not a bug
    """A request that is answered by a Status; ``code`` is the HTTP status."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Object | None = None,
        metadata: Object | None = None,
    ) -> None:
        """Take the fields of the Status; ``details`` and ``metadata`` as the API has them."""
        super().__init__(message)
        self.code = code
        self.status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata or {},
            "status": "Failure",
            "message": message,
            "reason": reason,
        }
        if details is not None:
            self.status["details"] = details
        self.status["code"] = code

    def body(self) -> bytes:
        """Return the JSON text with the newline that the API server ends it with."""
        return orjson.dumps(self.status) + b"\n"


class PlainRefusal(Exception):  # noqa: N818 - an answer of the API, not a bug
    """A request that is refused in plain text, as by the kubelet, which knows no Status."""

    def __init__(self, code: int, text: str) -> None:
        """Take the HTTP status and the whole body."""
        super().__init__(text)
        self.code = code
        self.text = text


def bad_request(message: str) -> Refusal:
    """400: the request itself is wrong."""
    return Refusal(400, "BadRequest", message)


def unauthorized() -> Refusal:
    """401: the credentials are not accepted."""
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, resource: Resource, asked: Attributes) -> Refusal:
    """403: no rule allows ``user`` what is asked."""
    name = asked.name
    what = f"{resource.plural}/{asked.subresource}" if asked.subresource else resource.plural
    where = f"in the namespace {quoted(asked.namespace)}" if asked.namespace else "at the cluster scope"
    subject = f"{resource.qualified} {quoted(name)}" if name else resource.qualified
    message = (
        f"{subject} is forbidden: User {quoted(user)} cannot {asked.verb} resource {quoted(what)} "
        f"in API group {quoted(resource.group)} {where}"
    )
    return Refusal(403, "Forbidden", message, _details(resource, name))


def forbidden_path(user: str, verb: str, path: str) -> Refusal:
    """403 on a path that is no resource."""
    return Refusal(403, "Forbidden", f"forbidden: User {quoted(user)} cannot {verb} path {quoted(path)}", {})


def not_found(resource: Resource, name: str) -> Refusal:
    """404: the kind is served, the object is not there."""
    return Refusal(404, "NotFound", f"{resource.qualified} {quoted(name)} not found", _details(resource, name))


def no_such_resource() -> Refusal:
    """404: the group version is served, the resource is not."""
    return Refusal(404, "NotFound", "the server could not find the requested resource", {})


def expired(message: str, continue_token: str = "") -> Refusal:
    """410: the version or page token asked for is too old."""
    return Refusal(410, "Expired", message, metadata={"continue": continue_token} if continue_token else None)


def not_implemented(what: str) -> Refusal:
    """501: the embedded cluster does not do this, and says so."""
    message = f"the embedded cluster does not implement {what}; use a real cluster for it"
    return Refusal(501, "NotImplemented", message)


def unavailable(message: str) -> Refusal:
    """503: what the API server passes the request on to is not there."""
    return Refusal(503, "ServiceUnavailable", message)


def quoted(text: str) -> str:
    """Quote as the API server's messages do."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _details(resource: Resource, name: str) -> Object:
    details: Object = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return details | {"kind": resource.plural}
