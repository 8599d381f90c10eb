"""Names of Services that end in another domain than the cluster's own, so that its DNS does not know them.

No object says which domain that is. kubeadm, kind and RKE2 start the API server as a pod, and write the domain into the
issuer of its tokens: ``--service-account-issuer=https://kubernetes.default.svc.cluster.local``. Where no such pod is
seen, as on K3s and of providers, only a misspelling of the usual domain is known to be wrong.
Sources: kubernetes, cmd/kubeadm/app/phases/controlplane/manifests.go; k3s-io/k3s, pkg/daemons/control/server.go.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Final

from cx_conformance.objects.pod import Pod

USUAL: Final = "cluster.local"
_OF_MANY_CLUSTERS: Final = "clusterset.local"
"""What Services of several clusters are called by (https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/)."""
_ISSUER: Final = re.compile(r"--service-account-issuer=https://kubernetes\.default\.svc\.(?P<domain>[a-z0-9.-]+)")
_SYSTEM: Final = "kube-system"
_ALIKE: Final = 0.84
"""So much of a misspelling is the word that was meant: two letters of thirteen may be others."""


def shown_domains(pods: Iterable[Pod]) -> Iterator[tuple[str, str]]:
    """Yield the cluster's domain with each pod of an API server that shows it."""
    for pod in pods:
        for one in pod.spec.containers if pod.namespace == _SYSTEM else ():
            for word in (*one.command, *one.args):
                if found := _ISSUER.fullmatch(word):
                    yield found["domain"].rstrip("."), pod.where


def beyond(host: str, own: Mapping[str, str]) -> str:
    """Say that ``host`` is the name of a Service in a domain that the cluster's DNS does not know.

    ``own`` are the cluster's domains, where they are known. Empty for any other name, and for the usual domain, which
    an administrator may let the DNS serve beside another.
    """
    labels = host.lower().rstrip(".").split(".")
    domain = ".".join(labels[labels.index("svc", 2) + 1 :]) if "svc" in labels[2:] else ""
    if domain in {"", USUAL, _OF_MANY_CLUSTERS, *own}:
        return ""
    if own:
        known = ", ".join(f"{one} (pod {pod})" for one, pod in own.items())
        return f"is a name in the domain {domain}, and the cluster's is {known}"
    return f"is a name in the domain {domain}, a misspelling of {USUAL}" if _is_misspelt(domain) else ""


def _is_misspelt(domain: str) -> bool:
    """Tell whether a domain is the usual one cut off, or with other letters; a longer one may be a cluster's own."""
    first, _, rest = domain.partition(".")
    alike = _is_alike(domain, USUAL) and len(domain) <= len(USUAL)
    alike |= first == "cluster" and _is_alike(rest, "local")
    return USUAL.startswith(domain) or (alike and not any(one.isdigit() for one in domain))


def _is_alike(word: str, meant: str) -> bool:
    return SequenceMatcher(None, word, meant, autojunk=False).ratio() >= _ALIKE
