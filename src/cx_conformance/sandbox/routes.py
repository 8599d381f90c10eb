"""What a request path asks for: a resource of the API, or one of its other documents."""

from msgspec import Struct

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "HEAD": "get"}


class Route(Struct, frozen=True):
    """A path within a group version; what it does not name is empty."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""

    def verb(self, method: str, *, watching: bool) -> str:
        """Return the API's verb for an HTTP method on this path."""
        if method == "GET":
            return "get" if self.name else "watch" if watching else "list"
        if method == "DELETE" and not self.name:
            return "deletecollection"
        return _VERBS.get(method, method.lower())


def resource_route(path: str) -> Route | None:
    """Return the route of a path below ``/api/<version>/`` or ``/apis/<group>/<version>/``; None for all others."""
    steps = [step for step in path.split("/") if step]
    if len(steps) >= 3 and steps[0] == "api":
        group, version, steps = "", steps[1], steps[2:]
    elif len(steps) >= 4 and steps[0] == "apis":
        group, version, steps = steps[1], steps[2], steps[3:]
    else:
        return None
    namespace = ""
    if steps[0] == "namespaces" and len(steps) > 2 and steps[2] not in ("status", "finalize"):
        namespace, steps = steps[1], steps[2:]
    plural, name, subresource, *rest = [*steps[:3], *([""] * (3 - len(steps[:3]))), *steps[3:]]
    if plural == "namespaces" and not group:
        namespace = name
    tail = "/".join(rest) + ("/" if rest and path.endswith("/") else "")
    return Route(group, version, plural, namespace, name, subresource, tail)
