"""A working copy of an installation's objects, with the names an engineer would use for its parts."""

import copy
import json
from typing import Any

from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.catalogue import Object
from cx_conformance.sandbox.selectors import match_labels

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


class CannotApply(ValueError):  # noqa: N818 - the user's mistake, said in a sentence
    """A fault is aimed at something that the installation does not have."""


class Installation:
    """The objects, free to be changed; those it was made of stay as they are."""

    def __init__(self, objects: list[Object]) -> None:
        """Copy ``objects``."""
        self.objects = copy.deepcopy(objects)

    def of(self, kind: str) -> list[Object]:
        """Return the objects of a kind."""
        return [thing for thing in self.objects if thing["kind"] == kind]

    def named(self, kind: str, name: str, namespace: str = "") -> Object:
        """Return one object; an empty namespace means any.

        Raises CannotApply where there is none.
        """
        for thing in self.of(kind):
            if thing["metadata"]["name"] == name and namespace in ("", thing["metadata"].get("namespace")):
                return thing
        raise CannotApply(f"there is no {kind} {name}; there are {_listed(self.of(kind))}")

    def workload(self, component: str) -> Object:
        """Return the workload of a component, found by its name or its labels.

        Raises CannotApply where there is none.
        """
        found = [thing for thing in self.objects if thing["kind"] in _WORKLOADS]
        for thing in found:
            metadata = thing["metadata"]
            labels = metadata.get("labels", {})
            names = {metadata["name"], labels.get("app.kubernetes.io/name"), labels.get("ef.service")}
            if {component, f"ef-{component}"} & names:
                return thing
        raise CannotApply(f"no workload belongs to a component {component!r}; there are {_listed(found)}")

    def template(self, component: str) -> Object:
        """Return the pod template of a component's workload."""
        template: Object = self.workload(component)["spec"]["template"]
        return template

    def container(self, component: str) -> Object:
        """Return the first container of a component."""
        container: Object = self.template(component)["spec"]["containers"][0]
        return container

    def service(self, component: str) -> Object:
        """Return the Service that selects a component's pods.

        Raises CannotApply where there is none.
        """
        workload = self.workload(component)
        labels = workload["spec"]["template"]["metadata"].get("labels", {})
        for service in self.of("Service"):
            same = service["metadata"]["namespace"] == workload["metadata"]["namespace"]
            if same and match_labels(service["spec"].get("selector") or {}, labels):
                return service
        raise CannotApply(f"no Service selects the pods of component {component!r}")

    def service_port(self, component: str) -> Object:
        """Return the first port of a component's Service."""
        port: Object = self.service(component)["spec"]["ports"][0]
        return port

    def claim(self, component: str) -> Object:
        """Return the first PersistentVolumeClaim that a component's pods mount.

        Raises CannotApply where there is none.
        """
        workload = self.workload(component)
        metadata = workload["metadata"]
        names = [
            f"{template['metadata']['name']}-{metadata['name']}-0"
            for template in workload["spec"].get("volumeClaimTemplates", [])
        ]
        names += [
            volume["persistentVolumeClaim"]["claimName"]
            for volume in workload["spec"]["template"]["spec"].get("volumes", [])
            if "persistentVolumeClaim" in volume
        ]
        if not names:
            raise CannotApply(f"component {component!r} has no PersistentVolumeClaim")
        return self.named("PersistentVolumeClaim", names[0], metadata["namespace"])

    def ingress(self, component: str) -> Object:
        """Return the Ingress that leads to a component's Service.

        Raises CannotApply where there is none.
        """
        name = self.service(component)["metadata"]["name"]
        for ingress in self.of("Ingress"):
            if any(path["backend"]["service"]["name"] == name for path in paths(ingress)):
                return ingress
        raise CannotApply(f"no Ingress leads to Service {name}")

    def remove(self, thing: Object) -> None:
        """Take an object away."""
        self.objects = [each for each in self.objects if each is not thing]

    def add_node(self, name: str) -> Object:
        """Add a node like the first one, and return it."""
        first = next(iter(self.of("Node")), None)
        if first is None:
            raise CannotApply("there is no Node to copy")
        node = copy.deepcopy(first)
        metadata = node["metadata"]
        metadata |= {"name": name, "uid": metadata["uid"][::-1]}
        metadata.setdefault("labels", {})["kubernetes.io/hostname"] = name
        self.objects.append(node)
        return node

    def annotate(self, component: str, name: str, value: str) -> None:
        """Write an annotation on the pods of a component."""
        self.template(component)["metadata"].setdefault("annotations", {})[name] = value

    def misbehave(self, component: str, behaviour: str) -> None:
        """Let every simulated port of a component's pods misbehave so."""
        annotations = self.template(component)["metadata"].setdefault("annotations", {})
        ports = self.container(component).get("ports", [])
        plain = [{"port": port["containerPort"], "as": "tcp"} for port in ports]
        items = json.loads(annotations[SIMULATE]) if SIMULATE in annotations else plain
        annotations[SIMULATE] = json.dumps([item | {"behaviour": behaviour} for item in items])


def paths(ingress: Object) -> list[Any]:
    """Return every path of an Ingress."""
    return [path for rule in ingress["spec"].get("rules", []) for path in rule.get("http", {}).get("paths", [])]


def _listed(things: list[Object]) -> str:
    return ", ".join(sorted({thing["metadata"]["name"] for thing in things})) or "none"
