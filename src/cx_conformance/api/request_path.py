"""What an API path asks for, in the words of permissions: verb, resource, namespace, name."""

from urllib.parse import quote

from msgspec import Struct


def part(name: str) -> str:
    """Return a name as one part of a path: one with a slash, or of dots, must not lead to another resource."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


class RequestPath(Struct, frozen=True, kw_only=True):
    """A parsed path; ``resource`` has its subresource (``pods/exec``), and is the whole path when it is none."""

    resource: str
    namespace: str | None
    name: str | None
    template: str

    def verb(self, method: str) -> str:
        """Return the verb that a Role must allow for ``method`` on this path."""
        if method == "GET":
            return "get" if self.name or self.resource.startswith("/") else "list"
        return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(method, method.lower())


def parse_path(path: str) -> RequestPath:
    """Parse ``/api/v1/...`` and ``/apis/GROUP/VERSION/...``; other paths (``/version``) are no resources."""
    parts = path.strip("/").split("/")
    depth = {"api": 2, "apis": 3}.get(parts[0], len(parts))
    root, rest = parts[:depth], parts[depth:]
    if not rest:
        return RequestPath(resource=path, namespace=None, name=None, template=path)
    namespace = None
    shape = list(rest)
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest, shape[1] = rest[1], rest[2:], "{namespace}"
    name = rest[1] if len(rest) > 1 else None
    if name is not None:
        shape[-len(rest) + 1] = "{name}"
    subresource = "/".join(rest[2:3])
    return RequestPath(
        resource=f"{rest[0]}/{subresource}" if subresource else rest[0],
        namespace=namespace,
        name=name,
        template="/" + "/".join(root + shape),
    )
