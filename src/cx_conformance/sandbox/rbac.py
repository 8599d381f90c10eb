"""Who may do what: role-based access control evaluated on the Role and Binding objects of the state.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections.abc import Iterator

from msgspec import Struct

from cx_conformance.sandbox.catalogue import Attributes, Object
from cx_conformance.sandbox.state import State

RBAC = "rbac.authorization.k8s.io/v1"
_SERVICE_ACCOUNT = "system:serviceaccount:"


class User(Struct, frozen=True):
    """Who asks, as authentication found out."""

    name: str
    groups: tuple[str, ...]
    uid: str = ""


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


class Decision(Struct, frozen=True):
    """Whether it is allowed, and by which binding, in the API server's words."""

    allowed: bool
    reason: str = ""


class _Grant(Struct, frozen=True):
    rule: Object
    reason: str


def service_account(namespace: str, name: str, uid: str = "") -> User:
    """Return the user that a service account's token stands for."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(f"{_SERVICE_ACCOUNT}{namespace}:{name}", groups, uid)


def decide(state: State, user: User, asked: Attributes) -> Decision:
    """Return the decision; there are no deny rules, so what no binding grants is refused."""
    for grant in _grants(state, user, asked.namespace):
        if _covers(grant.rule, asked):
            return Decision(allowed=True, reason=grant.reason)
    return Decision(allowed=False)


def rules(state: State, user: User, namespace: str) -> list[Object]:
    """Return every rule that holds for ``user`` in ``namespace``, cluster-wide ones included."""
    return [grant.rule for grant in _grants(state, user, namespace)]


def _grants(state: State, user: User, namespace: str) -> Iterator[_Grant]:
    for binding in state.of_kind(RBAC, "ClusterRoleBinding"):
        yield from _granted(state, binding, user, "")
    if namespace:
        for binding in state.of_kind(RBAC, "RoleBinding", namespace):
            yield from _granted(state, binding, user, namespace)


def _granted(state: State, binding: Object, user: User, namespace: str) -> Iterator[_Grant]:
    subject = next((s for s in binding.get("subjects") or [] if _is(user, s, namespace)), None)
    if subject is None:
        return
    reference = binding["roleRef"]
    role = state.find(RBAC, reference["kind"], namespace if reference["kind"] == "Role" else "", reference["name"])
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    name = f"{binding['metadata']['name']}/{namespace}" if namespace else binding["metadata"]["name"]
    who = f"{subject['name']}/{subject['namespace']}" if subject["kind"] == "ServiceAccount" else subject["name"]
    reason = (
        f'RBAC: allowed by {kind} "{name}" of {reference["kind"]} "{reference["name"]}" to {subject["kind"]} "{who}"'
    )
    for rule in (role or {}).get("rules") or []:
        yield _Grant(rule, reason)


def _is(user: User, subject: Object, namespace: str) -> bool:
    if subject["kind"] == "User":
        return bool(subject["name"] == user.name)
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    where = subject.get("namespace") or namespace
    return user.name == f"{_SERVICE_ACCOUNT}{where}:{subject['name']}"


def _covers(rule: Object, asked: Attributes) -> bool:
    if not _holds(rule.get("verbs"), asked.verb):
        return False
    if asked.path:
        return any(_path_matches(pattern, asked.path) for pattern in rule.get("nonResourceURLs") or [])
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    named = rule.get("resourceNames") or []
    return (
        _holds(rule.get("apiGroups"), asked.group)
        and (_holds(rule.get("resources"), resource) or f"*/{asked.subresource}" in (rule.get("resources") or []))
        and (not named or asked.name in named)
    )


def _holds(listed: list[str] | None, value: str) -> bool:
    return listed is not None and (value in listed or "*" in listed)


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == path
