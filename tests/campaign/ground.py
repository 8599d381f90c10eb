"""What is broken: a conformant installation, as documented or as the charts have it, with its parts by component."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from cx_conformance.blueprint.component import Component, Kind
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.manifests.simulation import TLS_FOLDER
from cx_conformance.blueprint.site import Site
from cx_conformance.blueprint.store import StoreTls
from cx_conformance.blueprint.tailoring import tailored
from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.credentials import Authority
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


@cache
def secured() -> Base:
    """Return the documented installation, its stores over TLS with certificates of one authority."""
    objects = orjson.loads(documented().manifests)
    for component in blueprint().components.values():
        tls = component.store.tls if component.store else None
        if component.service and tls and tls.ca and tls.ca.secret and component.workload.kind is Kind.STATEFUL_SET:
            _speak_tls(objects, component, tls)
    for one in objects:
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "ef-connection-env-cm":
            one["data"] |= {"MONGODB_ENABLE_SSL": "true", "REDIS_SSL_ENABLED": "true"}
    return Base(
        name="over TLS", site={"fqdn": FQDN}, components=blueprint().components, manifests=orjson.dumps(objects)
    )


@cache
def _authority() -> Authority:
    return Authority()


def _speak_tls(objects: list[Object], component: Component, tls: StoreTls) -> None:
    """Let a store's simulated server present a certificate from the documented Secret."""
    namespace, ca = component.namespace.name, tls.ca
    service = component.service.name if component.service else ""
    pair = _authority().issue([f"{service}.{namespace}.svc", service, "localhost"])
    data = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": pair.authority}
    client = pair.certificate + pair.key
    for reference, content in ((ca, pair.authority), (tls.client_certificate, client), (tls.client_key, pair.key)):
        if reference and reference.key:
            data[reference.key] = content
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    name = ca.secret if ca else None
    metadata = {"name": name, "namespace": namespace}
    objects.append({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded})
    workload = next(
        one for one in objects if one["kind"] == "StatefulSet" and one["metadata"]["name"] == component.workload.name
    )
    template = workload["spec"]["template"]
    template["spec"].setdefault("volumes", []).append({"name": "tls", "secret": {"secretName": name}})
    template["spec"]["containers"][0]["volumeMounts"].append({"name": "tls", "mountPath": TLS_FOLDER})
    annotations = template["metadata"]["annotations"]
    port = component.store.port if component.store else 0
    items = [one | ({"tls": TLS_FOLDER} if one["port"] == port else {}) for one in json.loads(annotations[SIMULATE])]
    annotations[SIMULATE] = json.dumps(items)


def live_facts() -> Iterator[tuple[Base, Fact]]:
    """Yield every fact with the installation in which a probe sees it."""
    for base, fact in all_facts():
        over_tls = fact.field.startswith("store.tls") and fact.component != "minio"
        yield (secured() if over_tls else base), fact


class Inapplicable(Exception):  # noqa: N818 - an answer, not a bug
    """This fact cannot be broken in this way; the text says why."""


class Ground(Installation):
    """One installation to be broken in one place."""

    def __init__(self, base: Base) -> None:
        """Start from ``base``, conformant."""
        super().__init__(site=base.site, manifests=base.manifests)
        self.base = base

    @property
    def is_all_written(self) -> bool:
        """Whether it is broken by objects that somebody writes, and by nothing that controllers or nodes say."""
        return not self._live_changes and self.version == Installation().version

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

    @contextmanager
    def answers(self, fact: Fact, port: int | None = None) -> Iterator[list[Object]]:
        """Hand out what the component's pods answer on a port, or on all, to be changed in place."""
        annotations = self.template(fact)["metadata"]["annotations"]
        items = json.loads(annotations[SIMULATE])
        yield [one for one in items if port in (None, one["port"])]
        annotations[SIMULATE] = json.dumps(items)

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
