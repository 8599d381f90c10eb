"""What the reference installation decides once for all its objects: namespaces, addresses, accounts, certificates."""

import base64
import random
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from pydantic import SecretStr

from cx_conformance.blueprint.component import Component, Group
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.store import Protocol, Reference

if TYPE_CHECKING:
    from cx_conformance.blueprint.manifests.certificates import KeyPair

INGRESS_TLS_SECRET: Final = "ef-ingress-tls-secret"  # noqa: S105 - a name
PULL_SECRET: Final = "expertflow-reg-cred"  # noqa: S105 - a name
CHARTS_PULL_SECRET: Final = "ef-gitlab-secret"  # noqa: S105 - a name; the charts of the vendor's own components make it
REGISTRY: Final = "gitimages.expertflow.com/cim"
STANDALONE_ROUTES: Final = "apisix.yaml"
"""The ConfigMap, and its key, that hold all routes of an APISIX without a controller."""
BROKER_TLS: Final = frozenset({61615, 61617})
"""The broker's ports that speak TLS: STOMP and OpenWire."""
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class Account(Struct, frozen=True):
    """What the components log in to a store with."""

    username: str
    password: SecretStr


class Installation(Struct, frozen=True):
    """What was asked for, and what was decided once for all objects."""

    blueprint: Blueprint
    image: str | None
    """The image of every pod; None: each component's own, of the vendor's registry."""
    fqdn: str
    simulate: bool
    namespaces: Mapping[str, str]
    """Documented namespace to the one used; one that is absent is used as documented."""
    accounts: Mapping[str, Account]
    """By component id."""
    certificates: "Mapping[tuple[str, str], KeyPair]"
    """By namespace (as used) and Secret name."""

    def renamed(self, documented: str) -> str:
        """Return the namespace used here for a ``documented`` one."""
        return self.namespaces.get(documented, documented)

    def namespace(self, component: Component) -> str:
        """Return the namespace that ``component`` lives in here."""
        return self.renamed(component.namespace.name)

    def used_namespaces(self) -> list[str]:
        """Return every namespace that holds a component, sorted."""
        return sorted({self.namespace(component) for component in self.blueprint.components.values()})

    def image_of(self, name: str, component: Component) -> str:
        """Return the image of a component's pods."""
        return self.image or f"{REGISTRY}/{component.image or name}:{self.blueprint.blueprint.version}"

    def host(self, component: Component) -> str:
        """Return the in-cluster name of ``component``'s Service, such as ``redis-master.ef-external.svc``."""
        name = component.service.name if component.service else component.workload.name
        return f"{name}.{self.namespace(component)}.svc"

    def store_namespace(self, component: Component, reference: Reference) -> str:
        """Return where the Secret or ConfigMap of a store's ``reference`` lives."""
        return self.renamed(reference.namespace) if reference.namespace else self.namespace(component)


def store_port(component: Component) -> int | None:
    """Return the container port on which ``component`` is asked as a store; None: it is none."""
    if component.store is None:
        return None
    ports = component.service.ports if component.service else ()
    return next((one.container_port for one in ports if one.port == component.store.port), component.store.port)


def serves_tls(component: Component, port: int) -> bool:
    """Tell whether ``component`` speaks TLS on a container ``port``.

    Its store must, or a health endpoint or the port's name says so.
    """
    store = component.store
    if store and store.tls and store.tls.required:
        broker = store.protocol is Protocol.ACTIVEMQ and port in BROKER_TLS
        if broker or port == store_port(component):
            return True
    named = any(one.port == port and (one.name or "").startswith("https") for one in component.container_ports)
    return named or any(health.port == port and health.scheme == "https" for health in component.health)


def certificate_secret(component: Component) -> str | None:
    """Return the Secret with the certificate that ``component`` serves: its own, else the ingress's; None: no TLS."""
    if not any(serves_tls(component, port.port) for port in component.container_ports):
        return None
    tls = component.store.tls if component.store else None
    return (tls.ca.secret if tls and tls.ca else None) or INGRESS_TLS_SECRET


def service_names(component: Component, namespace: str) -> list[str]:
    """Return every DNS name of ``component``'s Service, for its certificate."""
    if component.service is None:
        return []
    name = component.service.name
    return [name, *(f"{name}.{namespace}{rest}" for rest in ("", ".svc", ".svc.cluster.local")), "localhost"]


def make_accounts(blueprint: Blueprint, passwords: Mapping[str, SecretStr], seed: int | None) -> dict[str, Account]:
    """Return the account of every store: passwords as given, else made up (from ``seed``, where there is one)."""
    draw = secrets.SystemRandom() if seed is None else random.Random(f"{seed} accounts")  # noqa: S311 - asked for
    accounts: dict[str, Account] = {}
    for name, component in blueprint.components.items():
        if component.store and component.store.login:
            made_up = SecretStr("".join(draw.choice(_ALPHABET) for _ in range(20)))
            username = component.store.login.username or f"cx-{name}"
            accounts[name] = Account(username, passwords.get(name, made_up))
    return accounts


def metadata(namespace: str, name: str, labels: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return an object's metadata."""
    return {"name": name, "namespace": namespace, "labels": {"ef": "expertflow", **(labels or {})}, **more}


def pod_labels(name: str, component: Component) -> dict[str, str]:
    """Return the labels that a Service selects pods of ``component`` by, as the vendor's manifests and charts do."""
    chart = component.chart
    if chart:
        # Several components of one chart are told apart by the third label, as those of APISIX 4.9 are.
        own = {"app.kubernetes.io/name": chart.name or name, "app.kubernetes.io/component": name}
        return own | {"app.kubernetes.io/instance": chart.release}
    if component.group is Group.INTERNAL:
        return {"ef": "expertflow", "ef.service": f"ef-{name}"}
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": component.workload.name}


def own_labels(name: str, component: Component) -> dict[str, str]:
    """Return the labels of an object of ``component``: those of its pods, and the chart that installs it."""
    chart = component.chart
    version = {"helm.sh/chart": f"{chart.name or name}-{chart.version or '1.0.0'}"} if chart else {}
    return pod_labels(name, component) | version


def pull_secret(component: Component) -> str | None:
    """Return the Secret that the images of ``component`` are pulled with; None: they are in public registries."""
    if component.group is Group.INTERNAL:
        # Only the vendor's own images are in its registry.
        return CHARTS_PULL_SECRET if component.chart else PULL_SECRET
    return PULL_SECRET if component.chart else None


def encoded(values: Mapping[str, str]) -> dict[str, str]:
    """Return ``values`` as the data of a Secret: base64."""
    return {key: base64.b64encode(value.encode()).decode() for key, value in sorted(values.items())}
