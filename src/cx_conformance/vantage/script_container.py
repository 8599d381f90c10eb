"""A container that runs one script and ends, as it stands in a pod's specification.

It asks for no more than the ``restricted`` Pod Security standard allows: no root, no privilege, no capability, nothing
written to its file system. https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from collections.abc import Sequence
from typing import Any, Final

from cx_conformance.objects.json_fields import Json, mapping, number, text_map

NOBODY: Final = 65534
"""The user that no image gives rights to: ``nobody``."""
_OPENSHIFT: Final = "openshift.io/scc"
"""Annotation of pods that OpenShift has admitted: there each namespace has its own users, and others are refused."""


def script_container(name: str, image: str, argv: Sequence[str], stdin: bytes) -> dict[str, Any]:
    """Return a container that does what ``argv`` (``sh -s -- ARGUMENT...``) does with ``stdin`` as its script.

    A pod has no standard input of its own, so that the script becomes an argument. Kubernetes fills in ``$(NAME)`` in
    arguments, and turns ``$$`` into ``$`` (API reference of Container): every ``$`` is doubled.
    """
    if tuple(argv[:3]) != ("sh", "-s", "--"):
        raise ValueError(f"a script container runs sh -s -- ARGUMENT..., not {' '.join(argv[:3])}")
    words = [stdin.decode(), "sh", *argv[3:]]
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c"],
        "args": [word.replace("$", "$$") for word in words],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def user_of(caller: Json) -> dict[str, int]:
    """Return the user that a container beside those of the pod ``caller`` (API JSON) is to run as.

    It is the pod's own where that is not root; empty on OpenShift, which knows better.
    """
    if _OPENSHIFT in text_map(mapping(caller, "metadata"), "annotations"):
        return {}
    return {"runAsUser": number(mapping(caller, "spec", "securityContext"), "runAsUser") or NOBODY}
