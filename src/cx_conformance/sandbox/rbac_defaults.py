"""The roles and bindings that every cluster starts with, and the one that the kubeconfig's user has."""

from cx_conformance.sandbox.catalogue import Object

ADMINS = "cx-conformance:admins"
"""The group of the kubeconfig's user: all it may do comes from a binding, so that faults can take rights away."""

_RBAC = "rbac.authorization.k8s.io/v1"


def rbac_defaults() -> list[Object]:
    """Return the roles and bindings that every cluster starts with, as far as they matter to clients."""
    admin = [
        {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
        {"verbs": ["*"], "nonResourceURLs": ["*"]},
    ]
    reviews = [
        {
            "verbs": ["create"],
            "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        },
        {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
    ]
    paths = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz"]
    versions = ["/version", "/version/"]
    everyone, public = "system:authenticated", "system:unauthenticated"
    return [
        *_role_bound("cluster-admin", admin, "system:masters"),
        _binding("cx-conformance-admins", "cluster-admin", ADMINS),
        *_role_bound("system:basic-user", reviews, everyone),
        *_role_bound("system:discovery", [{"verbs": ["get"], "nonResourceURLs": [*paths, *versions]}], everyone),
        *_role_bound(
            "system:public-info-viewer",
            [{"verbs": ["get"], "nonResourceURLs": ["/healthz", "/livez", "/readyz", *versions]}],
            everyone,
            public,
        ),
    ]


def _role_bound(name: str, rules: list[Object], *groups: str) -> list[Object]:
    role = {"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    return [role, _binding(name, name, *groups)]


def _binding(name: str, role: str, *groups: str) -> Object:
    return {
        "apiVersion": _RBAC,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": group} for group in groups],
    }
