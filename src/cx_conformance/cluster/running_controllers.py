"""Ingress controllers as they run, and the Ingresses that they serve although no IngressClass speaks for them.

An Ingress may name no class, or one by its annotation alone. Whether it is served then is for the controller's own
options to say, and not for an IngressClass. Sources: ingress-nginx, internal/ingress/controller/store/store.go
(GetIngressClass) and pkg/flags/flags.go; Traefik, pkg/provider/kubernetes/ingress/kubernetes.go (shouldProcessIngress).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from cx_conformance.cluster.snapshot_record import Snapshot
from cx_conformance.objects.ingress import Ingress
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import Container
from cx_conformance.outcome.looking import CouldNotLook

NGINX: Final = "k8s.io/ingress-nginx"
TRAEFIK: Final = "traefik.io/ingress-controller"
"""What their own IngressClasses call these two."""
TRAEFIKS: Final = frozenset({TRAEFIK, "traefik.containo.us/ingress-controller"})
_PROGRAM: Final = "/nginx-ingress-controller"
"""The program of ingress-nginx, which its images and manifests call so."""
_TRAEFIK: Final = "--providers.kubernetesingress"
_TRAEFIK_FOR_NGINX: Final = "--providers.kubernetesingressnginx"
"""Traefik's provider that serves what was written for ingress-nginx
(https://doc.traefik.io/traefik/reference/install-configuration/providers/kubernetes/kubernetes-ingress-nginx/)."""
_RESOLVES: Final = re.compile(r"--entrypoints\.[^.]+\.http\.tls\.certresolver")
_OFF: Final = frozenset({"false", "f", "0"})
_WITH_VALUES: Final = frozenset(
    {
        *("--controller-class", "--ingress-class", "--watch-namespace", "--default-ssl-certificate"),
        f"{_TRAEFIK}.ingressclass",
        *(f"{_TRAEFIK_FOR_NGINX}.{one}" for one in ("controllerclass", "ingressclass", "watchnamespace")),
    }
)
"""The options among those that are looked at whose value may be the next word; of the others, switches, it never is."""
_OWN_NAMESPACE: Final = "$(POD_NAMESPACE)"
"""How the charts of ingress-nginx write the namespace that its pod is in."""


class RunningController(Struct, frozen=True, kw_only=True):
    """A controller of which a pod runs; ``name`` is what an IngressClass calls it."""

    name: str
    pod: str
    """The pod that shows it, as messages name it."""
    annotation: str
    """The class that it serves by annotation, whether or not there is an IngressClass of that name."""
    without_class: bool
    """Whether it serves Ingresses that name no class."""
    ready: bool
    namespace: str = ""
    """The only namespace that it looks at; empty: every one."""
    default_certificate: str = ""
    """The Secret by which it serves every host that has none of its own; empty: by one that it makes up."""
    is_traefik: bool = False
    resolver: str = ""
    """Which of Traefik's resolvers makes the certificates for all that an entry point serves."""

    def serves(self, ingress: Ingress) -> bool:
        """Whether it serves an Ingress that no IngressClass speaks for."""
        if self.namespace not in ("", ingress.namespace):
            return False
        if not ingress.class_name:
            return self.without_class
        return ingress.class_by_annotation and ingress.class_name == self.annotation


def running_controllers(snapshot: Snapshot) -> tuple[RunningController, ...]:
    """Return the controllers whose pods were seen, each once for each way that it is started."""
    try:
        pods = snapshot.visible(Pod)
    except CouldNotLook:
        return ()
    found = {replace(one, pod=""): one for one in _running(pods)}
    return tuple(found.values())


def _running(pods: tuple[Pod, ...]) -> Iterator[RunningController]:
    for pod in pods:
        for container in pod.spec.containers if not pod.finished and pod.deleted is None else ():
            told = _options(container, pod.namespace)
            if _PROGRAM in (*container.command, *container.args, f"/{container.image_name}"):
                yield RunningController(
                    name=told.get("--controller-class") or NGINX,
                    pod=pod.where,
                    ready=pod.ready,
                    annotation=told.get("--ingress-class") or "nginx",
                    without_class=_is_on("--watch-ingress-without-class", told),
                    namespace=told.get("--watch-namespace", ""),
                    default_certificate=told.get("--default-ssl-certificate", ""),
                )
            if _enabled(_TRAEFIK, told):
                only = told.get(f"{_TRAEFIK}.ingressclass", "")
                yield RunningController(
                    name=TRAEFIK,
                    pod=pod.where,
                    ready=pod.ready,
                    annotation=only or "traefik",
                    without_class=not only,
                    is_traefik=True,
                    resolver=next((value for name, value in told.items() if _RESOLVES.fullmatch(name)), ""),
                )
            if _enabled(_TRAEFIK_FOR_NGINX, told):
                yield RunningController(
                    name=told.get(f"{_TRAEFIK_FOR_NGINX}.controllerclass") or NGINX,
                    pod=pod.where,
                    ready=pod.ready,
                    annotation=told.get(f"{_TRAEFIK_FOR_NGINX}.ingressclass") or "nginx",
                    without_class=_is_on(f"{_TRAEFIK_FOR_NGINX}.watchingresswithoutclass", told),
                    namespace=told.get(f"{_TRAEFIK_FOR_NGINX}.watchnamespace", ""),
                    is_traefik=True,
                )


def _enabled(provider: str, told: Mapping[str, str]) -> bool:
    """Tell whether a provider of Traefik is switched on, by an option of its own or by one of its settings."""
    return _is_on(provider, told) or any(option.startswith(f"{provider}.") for option in told)


def _is_on(option: str, told: Mapping[str, str]) -> bool:
    return told.get(option, "false").lower() not in _OFF


def _options(container: Container, namespace: str) -> Mapping[str, str]:
    """Return the options of a container's program, names in lower case and with two dashes, as Traefik reads them.

    Both programs take a value behind ``=`` and as the next word, and Traefik one dash for two. Sources:
    https://pkg.go.dev/github.com/spf13/pflag#readme-command-line-flag-syntax; traefik/paerser, flag/flagparser.go.
    """
    words = iter((*container.command, *container.args))
    told = {}
    for word in words:
        if word.startswith("-"):
            name, is_there, value = word.partition("=")
            option = f"--{name.lstrip('-').lower()}"
            value = value if is_there else next(words, "") if option in _WITH_VALUES else "true"
            told[option] = value.replace(_OWN_NAMESPACE, namespace)
    return told
