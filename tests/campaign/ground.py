"""What is broken: the conformant installation of a release, with its parts by component."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from cx_conformance.blueprint.component import Component, Kind, Service
from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.manifests import reference_installation
from cx_conformance.blueprint.manifests.simulation import TLS_FOLDER
from cx_conformance.blueprint.releases import KNOWN, PAGE
from cx_conformance.blueprint.store import StoreTls
from cx_conformance.sandbox.annotations import SIMULATE
from cx_conformance.sandbox.credentials import Authority
from tests.campaign.facts import Fact, facts
from tests.checks.installation import FQDN, Installation, Object, blueprint, released


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A conformant installation of a release to start from."""

    name: str
    """Of the release, or what is special about it."""
    site: dict[str, Any]
    promised: Blueprint
    manifests: bytes
    """As JSON, from which a copy is made sooner than from objects."""

    @property
    def components(self) -> Mapping[str, Component]:
        """Return what is promised of each component."""
        return self.promised.components


@cache
def base(release: str) -> Base:
    """Return the reference installation of a release."""
    promised = released(release)
    made = reference_installation(promised, fqdn=FQDN, seed=1)
    return Base(name=release, site={"fqdn": FQDN}, promised=promised, manifests=orjson.dumps(made))


def documented() -> Base:
    """Return the installation that the page documents."""
    return base(PAGE)


def all_facts(releases: Iterable[str] = KNOWN) -> Iterator[tuple[Base, Fact]]:
    """Yield every fact of every release with the installation that it is broken in."""
    for release in releases:
        for fact in facts(base(release).promised):
            yield base(release), fact


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
    return Base(name=f"{PAGE} over TLS", site={"fqdn": FQDN}, promised=blueprint(), manifests=orjson.dumps(objects))


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


def live_facts(releases: Iterable[str] = KNOWN) -> Iterator[tuple[Base, Fact]]:
    """Yield every fact with the installation in which a probe sees it."""
    for start, fact in all_facts(releases):
        over_tls = start.name == PAGE and fact.field.startswith("store.tls") and fact.component != "minio"
        yield (secured() if over_tls else start), fact


class Inapplicable(Exception):  # noqa: N818 - an answer, not a bug
    """This fact cannot be broken in this way; the text says why."""


class Ground(Installation):
    """One installation to be broken in one place."""

    def __init__(self, base: Base) -> None:
        """Start from ``base``, conformant."""
        super().__init__(site=base.site, manifests=base.manifests, promised=base.promised)
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
        return self._workload_of(self.component(fact))

    def _workload_of(self, promised: Component) -> Object:
        return self.find(promised.workload.kind.value, promised.workload.name, promised.namespace.name)

    def pod_name(self, fact: Fact) -> str:
        """Return how the names of its pods begin."""
        return f"{self.component(fact).workload.name}-"

    def template(self, fact: Fact) -> Object:
        """Return the template of the component's pods."""
        return self.template_of(self.component(fact))

    def template_of(self, promised: Component) -> Object:
        """Return the template of the pods of any component."""
        spec = self._workload_of(promised)["spec"]
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
        """Return the Service that the fact is about, else the component's first."""
        promised = self.component(fact)
        service = next((one for one in fact.holders if isinstance(one, Service)), promised.service)
        if service is None:
            raise Inapplicable("it has no Service")
        return self.find("Service", service.name, promised.namespace.name)

    def ingress(self, fact: Fact) -> Object:
        """Return the Ingress of the component's documented path."""
        promised = self.component(fact)
        try:
            return self.find("Ingress", promised.workload.name, promised.namespace.name)
        except LookupError:
            if self.promised.platform.entrance != "apisix":
                raise
            raise Inapplicable("it is reached by a route of APISIX") from None

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
            for v in self.pod(fact).get("volumes", [])
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
