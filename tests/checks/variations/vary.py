"""The parts of an installation that variations change."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from cx_conformance.blueprint.component import Component, Kind
from cx_conformance.cluster.routes import literal_path
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


def promised(installation: Installation, component: str = "ccm") -> Component:
    """Return what this installation's release promises of a component, whose names there are its own."""
    return installation.promised.components[component]


def workload_name(installation: Installation, component: str = "ccm") -> str:
    """Return what the component's workload is called in this release."""
    return promised(installation, component).workload.name


def workload(installation: Installation, component: str = "ccm") -> Object:
    """Return the manifest of a component's workload."""
    documented = promised(installation, component).workload
    return installation.find(documented.kind.value, documented.name)


def pod_spec(installation: Installation, component: str = "ccm") -> Object:
    """Return what a component's pods are stamped from."""
    found: Object = workload(installation, component)["spec"]["template"]["spec"]
    return found


def sized(installation: Installation) -> str:
    """Return the first component of a Deployment whose amounts are promised."""
    known = installation.promised.components
    return next(name for name, one in known.items() if one.resources and one.workload.kind is Kind.DEPLOYMENT)


def service(installation: Installation, component: str = "ccm") -> Object:
    """Return the manifest of a component's Service."""
    documented = promised(installation, component).service
    assert documented is not None
    return installation.find("Service", documented.name)


def shared_config_map(installation: Installation) -> Object:
    """Return the ConfigMap by which most components are told of the stores."""
    return next(one for one in of_kind(installation, "ConfigMap") if "MONGODB_HOST" in one.get("data", {}))


def own_config_map(installation: Installation) -> Object:
    """Return a ConfigMap that ccm reads whole, and that is not the one about stores."""
    shared = shared_config_map(installation)["metadata"]["name"]
    read = [
        one["configMapRef"]["name"]
        for one in pod_spec(installation)["containers"][0]["envFrom"]
        if "configMapRef" in one
    ]
    return installation.find("ConfigMap", next(name for name in read if name != shared))


def without_config_map(installation: Installation) -> tuple[Object, str]:
    """Let ccm read a ConfigMap no more, to read it in another way; return its pods' specification and that name."""
    name, spec = own_config_map(installation)["metadata"]["name"], pod_spec(installation)
    own = spec["containers"][0]
    own["envFrom"] = [one for one in own["envFrom"] if one.get("configMapRef", {}).get("name") != name]
    return spec, name


def told(**values: str) -> Vary:
    """Tell the components other addresses of the stores."""
    return lambda installation: shared_config_map(installation)["data"].update(values)


def way_in(installation: Installation) -> Object:
    """Return the Ingress that leads to ccm: its own, or that of the gateway in front of all."""
    name = "apisix" if installation.promised.platform.entrance == "apisix" else workload_name(installation)
    return installation.find("Ingress", name)


def pods_of(component: str, change: Callable[[Object], Any]) -> Vary:
    """Change every live pod of a component."""
    return lambda installation: installation.live("Pod", f"{workload_name(installation, component)}-", change)


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


def served_by_traefik(installation: Installation) -> None:
    """Let Traefik serve every Ingress, with plain paths, of which a middleware takes the component's name away."""
    strip = {"traefik.ingress.kubernetes.io/router.middlewares": "expertflow-strip-prefix@kubernetescrd"}
    for one in of_kind(installation, "Ingress"):
        one["metadata"]["annotations"] = strip
    for path in ingress_paths(installation):
        path["path"] = literal_path(path["path"])
        path["pathType"] = "Prefix"
    installation.live("IngressClass", "", lambda one: one["spec"].update(controller="traefik.io/ingress-controller"))
