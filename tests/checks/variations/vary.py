"""The parts of an installation that variations change."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.checks.installation import Installation, Object

Vary = Callable[[Installation], Any]


def of_kind(installation: Installation, *kinds: str) -> Iterator[Object]:
    """Yield the manifests of some kinds."""
    yield from (one for one in installation.manifests if one["kind"] in kinds)


def workloads(installation: Installation) -> Iterator[Object]:
    """Yield every workload's manifest."""
    yield from of_kind(installation, "Deployment", "StatefulSet")


def pod_specs(installation: Installation) -> Iterator[Object]:
    """Yield what every workload stamps its pods from."""
    yield from (one["spec"]["template"]["spec"] for one in workloads(installation))


def ingress_paths(installation: Installation) -> Iterator[Object]:
    """Yield every path of every Ingress."""
    for one in of_kind(installation, "Ingress"):
        for rule in one["spec"]["rules"]:
            yield from rule["http"]["paths"]


def live(kind: str, change: Callable[[Object], Any], name: str = "") -> Vary:
    """Change every live object of a kind whose name begins so."""
    return lambda installation: installation.live(kind, name, change)


def added(*things: Object) -> Vary:
    """Add objects that nobody of the platform made."""
    return lambda installation: installation.add_live(*copy.deepcopy(list(things)))


def all_of(*parts: Vary) -> Vary:
    """Do one after the other."""

    def vary(installation: Installation) -> None:
        for part in parts:
            part(installation)

    return vary


def named(kind: str, name: str, namespace: str | None = None, **rest: Any) -> Object:
    """Make an object."""
    meta: Object = {"name": name} | ({"namespace": namespace} if namespace else {}) | rest.pop("metadata", {})
    return {"kind": kind, "metadata": meta, **rest}
