"""Pod Security admission: what a namespace's ``pod-security.kubernetes.io/enforce`` label keeps out.

Levels and wording: https://kubernetes.io/docs/concepts/security/pod-security-standards/ . Of ``baseline`` the controls
on host namespaces and privileged containers are there; ``restricted`` adds its own, but for volume types.
"""

from collections.abc import Iterator

from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.statuses import Refusal

LABEL = "pod-security.kubernetes.io/enforce"
_PROFILES = ("RuntimeDefault", "Localhost")


def admit(namespace: Object, pod: Object) -> None:
    """Raise the API's 403 for a pod that the namespace's level does not allow."""
    level = (namespace["metadata"].get("labels") or {}).get(LABEL, "privileged")
    if level == "privileged":
        return
    found = [*_baseline(pod["spec"]), *(_restricted(pod["spec"]) if level == "restricted" else ())]
    if found:
        name = pod["metadata"]["name"]
        said = f'pods "{name}" is forbidden: violates PodSecurity "{level}:latest": {", ".join(found)}'
        raise Refusal(403, "Forbidden", said, {"name": name, "kind": "pods"})


def _baseline(spec: Object) -> Iterator[str]:
    shared = [field for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if shared:
        yield f"host namespaces ({', '.join(f'{field}=true' for field in shared)})"
    for container in _containers(spec):
        if _context(container).get("privileged"):
            yield f'privileged (container "{container["name"]}" must not set securityContext.privileged=true)'


def _restricted(spec: Object) -> Iterator[str]:
    whole = spec.get("securityContext") or {}
    for container in _containers(spec):
        named, own = f'container "{container["name"]}"', _context(container)
        if own.get("allowPrivilegeEscalation") is not False:
            yield (
                f"allowPrivilegeEscalation != false ({named} must set securityContext.allowPrivilegeEscalation=false)"
            )
        capabilities = own.get("capabilities") or {}
        if "ALL" not in capabilities.get("drop", []) or set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f'unrestricted capabilities ({named} must set securityContext.capabilities.drop=["ALL"])'
        if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True:
            yield f"runAsNonRoot != true (pod or {named} must set securityContext.runAsNonRoot=true)"
        if own.get("runAsUser", whole.get("runAsUser")) == 0:
            yield f"runAsUser=0 (pod or {named} must not set runAsUser=0)"
        profile = own.get("seccompProfile", whole.get("seccompProfile")) or {}
        if profile.get("type") not in _PROFILES:
            yield (
                f'seccompProfile (pod or {named} must set securityContext.seccompProfile.type to "RuntimeDefault" '
                'or "Localhost")'
            )


def _containers(spec: Object) -> Iterator[Object]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from spec.get(key) or []


def _context(container: Object) -> Object:
    return container.get("securityContext") or {}
