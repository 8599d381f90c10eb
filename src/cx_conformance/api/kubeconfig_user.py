"""What a kubeconfig's user asks for that is not done here; the suite would ask as another, or as nobody."""

from typing import Any, Final

from cx_conformance.api.kubeconfig_files import KubeconfigError, Part

# https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
_IMPERSONATION: Final = ("as", "as-uid", "as-groups", "as-user-extra")
_TODAY: Final = {
    "azure": "install kubelogin and run `kubelogin convert-kubeconfig`",
    "gcp": "install gke-gcloud-auth-plugin and run `gcloud container clusters get-credentials`",
}
"""What took the place of kubectl's own plug-ins: https://github.com/kubernetes/kubernetes/pull/112341"""
_TRIED: Final = ("gcp", "oidc")
"""Those that the client has; of any other it says nothing, and asks as nobody."""


def refuse(origin: str, user: Part) -> None:
    """Raise KubeconfigError where the user acts as another, or logs in by what the client does not know.

    As another kubectl acts and the client does not.
    """
    acting = ", ".join(key for key in user.fields if key in _IMPERSONATION)
    if acting:
        raise KubeconfigError(
            f"{origin}: user {user.name} acts as another ({acting}), which cx-conformance does not do; "
            "give a context with the account's own credentials, such as a token of `kubectl create token`"
        )
    if _provider(user) not in ("", *_TRIED):
        raise KubeconfigError(f"{origin}: {former_login(user)}")


def former_login(user: Part) -> str:
    """Say that the user logs in by a plug-in that kubectl has no more, and what to do; empty where it does not."""
    name = _provider(user)
    if name in ("", "oidc"):
        return ""
    instead = _TODAY.get(name, "give a context with a token, a certificate or a credential plug-in (exec)")
    return f"user {user.name} logs in by auth-provider {name}, which kubectl has no more since 1.26; {instead}"


def _provider(user: Part) -> str:
    given: Any = user.fields.get("auth-provider")
    return str(given.get("name") or "") if isinstance(given, dict) else ""
