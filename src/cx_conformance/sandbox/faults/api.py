"""What the account of the kubeconfig may not do."""

# ruff: noqa: D401 - a docstring is the description of the fault, listed as it stands

from cx_conformance.sandbox.catalogue import BUILT_IN, Object
from cx_conformance.sandbox.faults.fault import fault
from cx_conformance.sandbox.faults.installation import CannotApply, Installation

_ROLE = "cx-conformance-limited"
_BINDING = "cx-conformance-admins"


@fault("services", "services", found_as="error")
def list_forbidden(installation: Installation, plural: str) -> None:
    """The account may neither get nor list one kind."""
    if plural not in {resource.plural for resource in BUILT_IN}:
        raise CannotApply(f"there is no kind {plural!r}; name it in the plural, such as services or configmaps")
    _limit(installation, plural)


@fault("edges", found_as="error")
def exec_forbidden(installation: Installation, _: str) -> None:
    """The account may not exec into pods."""
    _limit(installation, "pods/exec")


@fault("health", found_as="error")
def portforward_forbidden(installation: Installation, _: str) -> None:
    """The account may not forward ports."""
    _limit(installation, "pods/portforward")


def _limit(installation: Installation, forbidden: str) -> None:
    """Bind the kubeconfig's account to everything but that: RBAC has no way to take one right away."""
    roles = [role for role in installation.of("ClusterRole") if role["metadata"]["name"] == _ROLE]
    if roles:
        rules = roles[0]["rules"]
        for rule in rules:
            rule["resources"] = [name for name in rule.get("resources", []) if name != forbidden]
        return
    named = installation.named("ClusterRoleBinding", _BINDING)
    metadata = named["metadata"] | {"name": _ROLE, "uid": named["metadata"]["uid"][::-1]}
    named["roleRef"] = named["roleRef"] | {"name": _ROLE}
    installation.objects.append(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": metadata,
            "rules": [_rule(group, forbidden) for group in dict.fromkeys(resource.group for resource in BUILT_IN)],
        }
    )


def _rule(group: str, forbidden: str) -> Object:
    names = [
        name
        for resource in BUILT_IN
        if resource.group == group
        for name in (resource.plural, *(f"{resource.plural}/{each}" for each in resource.subresources))
        if name != forbidden
    ]
    return {"verbs": ["*"], "apiGroups": [group], "resources": names}


FAULTS = (list_forbidden, exec_forbidden, portforward_forbidden)
