"""A store of the reference installation whose pods' ports lead to servers of the test."""

import base64
import socket
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pydantic import SecretStr

from cx_conformance.blueprint.plan import Entry, Plan
from cx_conformance.blueprint.store import Store
from cx_conformance.cluster.mesh import proxy_of
from cx_conformance.cluster.references import References
from cx_conformance.cluster.seen import Seen
from cx_conformance.objects.pod import Pod
from cx_conformance.outcome.looking import Forbidden
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.vantage.logins import StoreProbes
from cx_conformance.vantage.pool import ProbePool
from cx_conformance.vantage.reach import Reach, Way
from cx_conformance.vantage.store_asked import StoreAsked
from tests.checks.installation import Installation, blueprint

EXTERNAL, CORE = "ef-external", "expertflow"
CONNECTION = "ef-connection-env-cm"
_PLURALS = {"secrets": "Secret", "configmaps": "ConfigMap"}
Ports = Mapping[tuple[str, int], int]
"""Which port of this machine stands for a pod's, by the beginning of the pod's name."""


class Doors(Reach):
    """Ways to pods that lead to this machine; where the test names none, to a port that nobody listens on."""

    def __init__(self, ports: Ports) -> None:
        """Lead to these ports."""
        self._ports = ports
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))

    def to(self, pod: Pod, port: int) -> Way:
        """Return the way to a port of a pod."""
        found = next((to for (name, of), to in self._ports.items() if pod.name.startswith(name) and of == port), None)
        proxy = proxy_of(pod)
        return Way(
            pod,
            port,
            ("127.0.0.1", found or self._nobody.getsockname()[1]),
            mesh=lambda: f"a mesh's proxy ({proxy})" if proxy else None,
        )

    def close(self) -> None:
        """Give the port back."""
        self._nobody.close()


def references(installation: Installation, forbidden: Collection[str] = ()) -> References:
    """Return references into the Secrets and ConfigMaps of an installation, some of which may not be read."""

    def read(path: str) -> dict[str, Any] | None:
        _, _, _, _, namespace, plural, name = path.split("/")
        if name in forbidden:
            raise Forbidden("get", f"{plural}/{name}", namespace)
        try:
            return installation.find(_PLURALS[plural], name, namespace)
        except LookupError:
            return None

    return References(cast("Any", SimpleNamespace(read=read)), Path())


def seen(installation: Installation) -> Seen:
    """Return a look at an installation."""
    plan = Plan(blueprint(), installation.site)
    return Seen(installation.snapshot(plan), plan, "cx.example.com")


def entry(looked: Seen, component: str) -> Entry[Store]:
    """Return what is planned of a store."""
    return next(one for one in looked.plan.entries("store") if one.component == component)


def ask(installation: Installation, component: str, ports: Ports, forbidden: Collection[str] = ()) -> StoreAsked:
    """Return what a store answered; ``forbidden`` are Secrets and ConfigMaps that may not be read."""
    looked, doors, pool = seen(installation), Doors(ports), ProbePool()
    with closing(doors), closing(pool):
        return StoreProbes(looked, doors, references(installation, forbidden), pool).of(entry(looked, component))


def judged(installation: Installation, check: str, component: str, asked: StoreAsked) -> Outcome:
    """Judge a store by what was answered already."""
    installation.probes["store_probes"] = SimpleNamespace(of=lambda _: asked)
    return installation.outcome(check, component)


def put(installation: Installation, name: str, **values: SecretStr | str) -> None:
    """Write values into a Secret of the stores' namespace; ``_`` in a key stands for ``.``."""
    data = {
        key.replace("_", "."): value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in values.items()
    }
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    try:
        installation.find("Secret", name, EXTERNAL)["data"] |= encoded
    except LookupError:
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": EXTERNAL}}
        installation.manifests.append(secret | {"data": encoded})


def tell(installation: Installation, **values: str) -> None:
    """Write what the components are told into the connection ConfigMap; an empty value takes the key away."""
    data = installation.find("ConfigMap", CONNECTION, CORE)["data"]
    for key, value in values.items():
        data[key] = value
        if not value:
            del data[key]
