"""Permissions as the objects that grant them: a Role and RoleBinding for each namespace, and one small ClusterRole.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final, Literal

from msgspec import Struct

from cx_conformance.cluster.rights import Right

API_GROUP: Final = "rbac.authorization.k8s.io"
NAME: Final = "cx-conformance"
"""The name of every object that is made."""

Object = dict[str, Any]


class Subject(Struct, frozen=True, kw_only=True):
    """Who is granted something; only a ServiceAccount has a namespace."""

    kind: Literal["ServiceAccount", "User", "Group"]
    name: str
    namespace: str = ""

    def as_object(self) -> Object:
        """Return it as a binding names it."""
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"apiGroup": API_GROUP, "kind": self.kind, "name": self.name}


def role_objects(rights: Iterable[Right], subject: Subject) -> list[Object]:
    """Return the objects that grant ``subject`` these rights and nothing else, in the order in which they apply.

    A ServiceAccount is made too; users and groups are the business of the cluster's authentication.
    """
    by_namespace: dict[str | None, list[Right]] = defaultdict(list)
    for one in rights:
        by_namespace[one.namespace].append(one)
    objects: list[Object] = []
    if subject.kind == "ServiceAccount":
        objects.append(_object("v1", "ServiceAccount", subject.namespace, name=subject.name))
    # /version is readable by everybody unless an administrator has taken that away.
    everywhere = [{"nonResourceURLs": ["/version"], "verbs": ["get"]}, *rules(by_namespace.pop(None, []))]
    objects += [
        _object(f"{API_GROUP}/v1", "ClusterRole", None, rules=everywhere),
        _binding("ClusterRoleBinding", "ClusterRole", None, subject),
    ]
    for namespace, needed in by_namespace.items():
        objects += [
            _object(f"{API_GROUP}/v1", "Role", namespace, rules=rules(needed)),
            _binding("RoleBinding", "Role", namespace, subject),
        ]
    return objects


def rules(rights: Iterable[Right]) -> list[Object]:
    """Return the shortest list of rules that says the same; ``rights`` are of one namespace."""
    verbs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in rights:
        verbs[one.group, one.resource, one.name].append(one.verb)
    resources: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    names: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource, name), allowed in verbs.items():
        if name:
            names[group, resource, tuple(allowed)].append(name)
        else:
            resources[group, tuple(allowed)].append(resource)
    return [
        {"apiGroups": [group], "resources": sorted(listed), "verbs": list(allowed)}
        for (group, allowed), listed in resources.items()
    ] + [
        {"apiGroups": [group], "resources": [resource], "resourceNames": sorted(listed), "verbs": list(allowed)}
        for (group, resource, allowed), listed in names.items()
    ]


def _object(api_version: str, kind: str, namespace: str | None, *, name: str = NAME, **content: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


def _binding(kind: str, role: str, namespace: str | None, subject: Subject) -> Object:
    reference = {"apiGroup": API_GROUP, "kind": role, "name": NAME}
    return _object(f"{API_GROUP}/v1", kind, namespace, roleRef=reference, subjects=[subject.as_object()])
