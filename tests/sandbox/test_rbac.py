"""Access follows the Role and Binding objects of the state, as the RBAC documentation says."""

from typing import Any

import pytest

from cx_conformance.sandbox.catalogue import Attributes
from cx_conformance.sandbox.cluster import EmbeddedCluster
from cx_conformance.sandbox.rbac import ANONYMOUS, User, decide, service_account
from cx_conformance.sandbox.rbac_defaults import rbac_defaults
from cx_conformance.sandbox.state import State
from tests.sandbox.shop import Client, applied_objects

Object = dict[str, Any]

READER = service_account("a", "reader")


def role(kind: str, name: str, namespace: str = "", **rule: Any) -> Object:
    """Return a Role or ClusterRole with one rule."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": [rule]}


def binding(kind: str, role_kind: str, role_name: str, subject: Object, namespace: str = "") -> Object:
    """Return a binding of one subject."""
    metadata = {"name": "b", **({"namespace": namespace} if namespace else {})}
    reference = {"kind": role_kind, "name": role_name}
    api = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "roleRef": reference, "subjects": [subject]}


SUBJECT = {"kind": "ServiceAccount", "name": "reader", "namespace": "a"}
PODS: Object = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]}


def allowed(objects: list[Object], **asked: str) -> bool:
    """Tell whether READER may do that, given these objects."""
    return decide(State(objects), READER, Attributes(**asked)).allowed


NAMESPACED = [role("Role", "r", "a", **PODS), binding("RoleBinding", "Role", "r", SUBJECT, "a")]
CLUSTER_WIDE = [role("ClusterRole", "r", **PODS), binding("ClusterRoleBinding", "ClusterRole", "r", SUBJECT)]
CLUSTER_ROLE_IN_A_NAMESPACE = [
    role("ClusterRole", "r", **PODS),
    binding("RoleBinding", "ClusterRole", "r", SUBJECT, "a"),
]


@pytest.mark.parametrize(
    ("objects", "asked", "expected"),
    [
        (NAMESPACED, {"verb": "list", "resource": "pods", "namespace": "a"}, True),
        (NAMESPACED, {"verb": "get", "resource": "pods", "subresource": "log", "namespace": "a"}, True),
        (NAMESPACED, {"verb": "list", "resource": "pods", "namespace": "b"}, False),
        (NAMESPACED, {"verb": "list", "resource": "pods"}, False),
        (NAMESPACED, {"verb": "delete", "resource": "pods", "namespace": "a"}, False),
        (NAMESPACED, {"verb": "get", "resource": "pods", "subresource": "exec", "namespace": "a"}, False),
        (NAMESPACED, {"verb": "list", "resource": "pods", "group": "metrics.k8s.io", "namespace": "a"}, False),
        (CLUSTER_WIDE, {"verb": "list", "resource": "pods"}, True),
        (CLUSTER_WIDE, {"verb": "list", "resource": "pods", "namespace": "b"}, True),
        (CLUSTER_ROLE_IN_A_NAMESPACE, {"verb": "list", "resource": "pods", "namespace": "a"}, True),
        (CLUSTER_ROLE_IN_A_NAMESPACE, {"verb": "list", "resource": "pods"}, False),
        ([], {"verb": "get", "path": "/version"}, False),
        (rbac_defaults(), {"verb": "get", "path": "/apis/apps/v1"}, True),
        (rbac_defaults(), {"verb": "get", "path": "/metrics"}, False),
    ],
)
def test_a_binding_grants_what_its_role_says_and_nothing_else(
    objects: list[Object], asked: dict[str, str], expected: bool
) -> None:
    """Verb, group, resource, subresource and namespace must all be covered."""
    assert allowed(objects, **asked) is expected


def test_a_rule_with_names_covers_these_alone() -> None:
    """``resourceNames`` allows the named objects, and no list."""
    rule: Object = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"]}
    objects = [role("Role", "r", "a", **rule), binding("RoleBinding", "Role", "r", SUBJECT, "a")]

    assert allowed(objects, verb="get", resource="secrets", namespace="a", name="one")
    assert not allowed(objects, verb="get", resource="secrets", namespace="a", name="two")
    assert not allowed(objects, verb="list", resource="secrets", namespace="a")


@pytest.mark.parametrize(
    ("subject", "user"),
    [
        ({"kind": "User", "name": "ann"}, User("ann", ("system:authenticated",))),
        ({"kind": "Group", "name": "system:unauthenticated"}, ANONYMOUS),
        ({"kind": "Group", "name": "system:serviceaccounts:a"}, READER),
    ],
)
def test_users_and_groups_are_subjects_too(subject: Object, user: User) -> None:
    """A binding names a user, a group, or a service account."""
    objects = [role("ClusterRole", "r", **PODS), binding("ClusterRoleBinding", "ClusterRole", "r", subject)]

    assert decide(State(objects), user, Attributes("list", resource="pods")).allowed
    assert not decide(State(objects), User("bob", ()), Attributes("list", resource="pods")).allowed


def test_a_fault_takes_one_right_away_and_no_other() -> None:
    """``list-forbidden`` and ``exec-forbidden`` together: these are 403, all else is as before."""
    with EmbeddedCluster(applied_objects(), ["list-forbidden:services", "exec-forbidden"], static=True) as cluster:
        client = Client.of(cluster.kubeconfig)

        assert client.ask("/api/v1/services").status == 403
        assert client.ask("/api/v1/namespaces/shop/services/web-svc").status == 403
        exec_answer = client.ask("/api/v1/namespaces/shop/pods/db-0/exec?command=true&stdout=true")
        assert exec_answer.status == 403
        for path in ("/api/v1/pods", "/apis/apps/v1/deployments", "/version", "/apis"):
            assert client.ask(path).status == 200
