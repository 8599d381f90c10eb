"""What the vendor's charts of a release get wrong, as the embedded cluster's installation has it too."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.manifests.installation import STANDALONE_ROUTES

Objects = list[dict[str, Any]]
_END: Final = "#END\n"


def as_shipped(objects: Objects, blueprint: Blueprint) -> Objects:
    """Return an installation's objects, changed in place, with every mistake of the charts in them."""
    for erratum in blueprint.chart_errata:
        _MADE[erratum.kind](objects, blueprint, erratum)
    return objects


def _find(objects: Objects, kind: str, namespace: str, name: str) -> dict[str, Any]:
    return next(
        one
        for one in objects
        if one["kind"] == kind and (one["metadata"].get("namespace"), one["metadata"]["name"]) == (namespace, name)
    )


def _whose(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> tuple[Component, dict[str, Any]]:
    """Return the component that the mistake is of, and its workload."""
    component = blueprint.components[erratum.component or ""]
    return component, _find(objects, component.workload.kind, component.namespace.name, component.workload.name)


def _variable(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    if erratum.component is None:
        users = Counter(
            (one.namespace.name, config.name) for one in blueprint.components.values() for config in one.config_maps
        )
        [(place, _)] = users.most_common(1)
        _find(objects, "ConfigMap", *place)["data"][erratum.about] = _whole(erratum.says)
        return
    _, workload = _whose(objects, blueprint, erratum)
    environment = workload["spec"]["template"]["spec"]["containers"][0].setdefault("env", [])
    if all(one["name"] != erratum.about for one in environment):
        environment.append({"name": erratum.about, "value": _whole(erratum.says)})


def _whole(says: str) -> str:
    """Return an address whole of which only how a host's name begins is known."""
    return says if "." in says else f"{says}-0.{says}.ef-external.svc.cluster.local:26379"


def _repeated(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    _, workload = _whose(objects, blueprint, erratum)
    environment = workload["spec"]["template"]["spec"]["containers"][0].setdefault("env", [])
    environment += [{"name": erratum.about, "value": "first"}, {"name": erratum.about, "value": "second"}]


def _port(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    component, _ = _whose(objects, blueprint, erratum)
    name = component.service.name if component.service else ""
    ports = _find(objects, "Service", component.namespace.name, name)["spec"]["ports"]
    ports.append({"name": f"tcp-{erratum.about}", "port": int(erratum.about), "targetPort": erratum.says})


def _route(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    component, _ = _whose(objects, blueprint, erratum)
    data = _find(objects, "ConfigMap", component.namespace.name, STANDALONE_ROUTES)["data"]
    found = f'nodes: {{"{erratum.says}": 1}}'
    if "/" in erratum.says:
        found = f'service_name: "{erratum.says}", discovery_type: kubernetes'
    route = f'  - {{uris: ["{erratum.about}"], upstream: {{type: roundrobin, {found}}}}}\n'
    data[STANDALONE_ROUTES] = data[STANDALONE_ROUTES].removesuffix(_END) + route + _END


def _selector(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    component, workload = _whose(objects, blueprint, erratum)
    job = _find(objects, "CronJob", component.namespace.name, erratum.says)
    labels = workload["spec"]["template"]["metadata"]["labels"]
    job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"] = dict(labels)


def _class(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    component, workload = _whose(objects, blueprint, erratum)
    claim = _find(objects, "PersistentVolumeClaim", component.namespace.name, component.workload.name)
    claim["metadata"]["name"] = erratum.about
    claim["spec"]["storageClassName"] = erratum.says
    _claim_of(workload, component)["claimName"] = erratum.about
    about = {"name": erratum.says, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    made = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": about}
    objects.append(made | {"provisioner": "openebs.io/local", "volumeBindingMode": "WaitForFirstConsumer"})


def _claim(objects: Objects, blueprint: Blueprint, erratum: ChartErratum) -> None:
    component, workload = _whose(objects, blueprint, erratum)
    objects.remove(_find(objects, "PersistentVolumeClaim", component.namespace.name, component.workload.name))
    _claim_of(workload, component)["claimName"] = erratum.about


def _claim_of(workload: dict[str, Any], component: Component) -> dict[str, Any]:
    volumes = workload["spec"]["template"]["spec"]["volumes"]
    found: dict[str, Any] = next(
        claim
        for one in volumes
        if (claim := one.get("persistentVolumeClaim")) and claim["claimName"] == component.workload.name
    )
    return found


_MADE: Final[dict[str, Callable[[Objects, Blueprint, ChartErratum], None]]] = {
    "variable": _variable,
    "repeated": _repeated,
    "port": _port,
    "route": _route,
    "selector": _selector,
    "class": _class,
    "claim": _claim,
}
