"""What is broken: a conformant installation, as documented or as the charts have it, with its parts by component."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from cx_conformance.blueprint.component import Component
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.site import Site
from cx_conformance.blueprint.tailoring import tailored
from tests.campaign.facts import Fact, charted_facts, facts
from tests.checks.installation import FQDN, Installation, Object, blueprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A conformant installation to start from; ``components`` are as its objects are named."""

    name: str
    site: dict[str, Any]
    components: Mapping[str, Component]
    manifests: bytes
    """As JSON, from which a copy is made sooner than from objects."""


@cache
def documented() -> Base:
    """Return the installation that the page documents."""
    made = reference_installation(blueprint(), fqdn=FQDN, seed=1)
    return Base(name="manifests", site={"fqdn": FQDN}, components=blueprint().components, manifests=orjson.dumps(made))


@cache
def charted() -> Base:
    """Return the installation that the vendor's charts make."""
    site = {"fqdn": FQDN, "deployment": {"model": "helm"}}
    components = {}
    for name, planned in tailored(blueprint(), Site.model_validate(site)).items():
        facts = planned.facts
        changed: dict[str, Any] = {"workload": facts.workload.model_copy(update={"name": planned.names[0]})}
        if facts.service:
            changed["service"] = facts.service.model_copy(update={"name": planned.service_names[0]})
        components[name] = facts.model_copy(update=changed)
    made = reference_installation(blueprint().model_copy(update={"components": components}), fqdn=FQDN, seed=1)
    return Base(name="helm", site=site, components=components, manifests=orjson.dumps(made))


def all_facts() -> Iterator[tuple[Base, Fact]]:
    """Yield every fact with the installation that it is broken in."""
    for fact in facts(blueprint()):
        yield documented(), fact
    for name, component in charted().components.items():
        for fact in charted_facts(blueprint().components[name], component, name):
            yield charted(), fact


class Inapplicable(Exception):  # noqa: N818 - an answer, not a bug
    """This fact cannot be broken in this way; the text says why."""


class Ground(Installation):
    """One installation to be broken in one place."""

    def __init__(self, base: Base) -> None:
        """Start from ``base``, conformant."""
        super().__init__(site=base.site, manifests=base.manifests)
        self.base = base

    def component(self, fact: Fact) -> Component:
        """Return what is promised of the fact's component."""
        return self.base.components[fact.component]

    def workload(self, fact: Fact) -> Object:
        """Return the component's workload."""
        promised = self.component(fact)
        return self.find(promised.workload.kind.value, promised.workload.name, promised.namespace.name)

    def pod_name(self, fact: Fact) -> str:
        """Return how the names of its pods begin."""
        return f"{self.component(fact).workload.name}-"

    def template(self, fact: Fact) -> Object:
        """Return the template of the component's pods."""
        spec = self.workload(fact)["spec"]
        found: Object = (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]
        return found

    def pod(self, fact: Fact) -> Object:
        """Return the specification of the component's pods."""
        found: Object = self.template(fact)["spec"]
        return found

    def container(self, fact: Fact) -> Object:
        """Return the component's own container."""
        found: Object = self.pod(fact)["containers"][0]
        return found

    def service(self, fact: Fact) -> Object:
        """Return the component's Service."""
        promised = self.component(fact)
        if promised.service is None:
            raise Inapplicable("it has no Service")
        return self.find("Service", promised.service.name, promised.namespace.name)

    def ingress(self, fact: Fact) -> Object:
        """Return the Ingress of the component's documented path."""
        promised = self.component(fact)
        return self.find("Ingress", promised.workload.name, promised.namespace.name)

    def path(self, fact: Fact) -> Object:
        """Return the documented path of the component's Ingress."""
        found: Object = self.ingress(fact)["spec"]["rules"][0]["http"]["paths"][0]
        return found

    def claims(self, fact: Fact) -> list[Object]:
        """Return the claims, or templates of claims, that the component's manifests have."""
        promised = self.component(fact)
        spec = self.workload(fact)["spec"]
        if "volumeClaimTemplates" in spec:
            return list(spec["volumeClaimTemplates"])
        names = [
            v["persistentVolumeClaim"]["claimName"]
            for v in spec["template"]["spec"].get("volumes", [])
            if "persistentVolumeClaim" in v
        ]
        return [self.find("PersistentVolumeClaim", name, promised.namespace.name) for name in names]

    def own(self, fact: Fact) -> list[Object]:
        """Return every manifest that is the component's alone."""
        promised = self.component(fact)
        names = {promised.workload.name, f"{promised.workload.name}-also"}
        names |= {promised.service.name} if promised.service else set()
        kinds = {"Deployment", "StatefulSet", "CronJob", "DaemonSet", "Service", "Ingress", "PersistentVolumeClaim"}
        return [
            one
            for one in self.manifests
            if one["kind"] in kinds
            and one["metadata"]["namespace"] == promised.namespace.name
            and one["metadata"]["name"] in names
        ]

    def other(self, fact: Fact) -> str:
        """Return another component of the same namespace that has a Service."""
        mine = self.component(fact)
        return next(
            name
            for name, one in self.base.components.items()
            if name != fact.component and one.service and one.namespace.name == mine.namespace.name
        )

    def unused(self, fact: Fact, name: str) -> None:
        """Take every reference to a ConfigMap or Secret out of the component's pods."""
        spec = self.pod(fact)
        spec["volumes"] = [one for one in spec.get("volumes", []) if not refers(one, name)]
        kept = {one["name"] for one in spec["volumes"]}
        kept |= {one["metadata"]["name"] for one in self.workload(fact)["spec"].get("volumeClaimTemplates", [])}
        for one in spec["containers"]:
            one["envFrom"] = [item for item in one.get("envFrom", []) if not refers(item, name)]
            one["env"] = [item for item in one.get("env", []) if not refers(item, name)]
            one["volumeMounts"] = [item for item in one.get("volumeMounts", []) if item["name"] in kept]


def refers(source: Any, name: str) -> bool:
    """Tell whether a piece of a pod's specification names an object."""
    if isinstance(source, dict):
        return any(
            (key in {"name", "secretName"} and value == name and len(source) < 4) or refers(value, name)
            for key, value in source.items()
            if key != "mountPath"
        )
    return isinstance(source, list) and any(refers(one, name) for one in source)
