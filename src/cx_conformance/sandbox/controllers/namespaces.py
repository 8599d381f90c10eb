"""What every namespace gets: the root certificate and a default service account."""

from cx_conformance.sandbox.controllers.index import Objects

ROOT_CERTIFICATE = "kube-root-ca.crt"


def namespaced_defaults(objects: Objects, root_certificate: str) -> None:
    """Add ConfigMap ``kube-root-ca.crt`` and ServiceAccount ``default`` to each namespace that lacks them."""
    for namespace in objects.of("Namespace"):
        name = namespace["metadata"]["name"]
        for kind, own, content in (
            ("ConfigMap", ROOT_CERTIFICATE, {"data": {"ca.crt": root_certificate}}),
            ("ServiceAccount", "default", {}),
        ):
            if objects.get(kind, name, own) is None:
                objects.put(objects.head("v1", kind, name, own) | content)
