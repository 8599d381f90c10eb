"""The snapshot in the blueprint's words: the objects of each promise, and what stands behind them."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import product
from typing import Final, Literal

from cx_conformance.blueprint.component import Group
from cx_conformance.blueprint.component import Ingress as PromisedIngress
from cx_conformance.blueprint.erratum import ChartErratum
from cx_conformance.blueprint.plan import Plan
from cx_conformance.blueprint.tailoring import Planned
from cx_conformance.cluster.agreed_host import AgreedHost, agreed
from cx_conformance.cluster.claims import claims_of
from cx_conformance.cluster.finding import INSTANCE, Finder
from cx_conformance.cluster.found import Absent
from cx_conformance.cluster.gateway import Gateway, runs_apisix
from cx_conformance.cluster.other_routes import Promise, led_otherwise
from cx_conformance.cluster.own_containers import own_containers
from cx_conformance.cluster.ports import ReadyEndpoint, ready_endpoints
from cx_conformance.cluster.routes import Route
from cx_conformance.cluster.routing import Routing
from cx_conformance.cluster.snapshot import Snapshot
from cx_conformance.objects.config import ConfigMap, is_generated_from
from cx_conformance.objects.pod import Pod
from cx_conformance.objects.pod_spec import Container, PodSpec
from cx_conformance.objects.service import Service, ServicePort
from cx_conformance.objects.storage import PersistentVolumeClaim
from cx_conformance.outcome.check import NotApplicable
from cx_conformance.outcome.looking import CouldNotLook

_TO_PULL: Final = "imagePullSecret"


class Seen(Finder):
    """Finds the live objects of a plan in a snapshot; remembers what it found."""

    def __init__(self, snapshot: Snapshot, plan: Plan, fqdn: str | None = None) -> None:
        """Look into ``snapshot`` for what ``plan`` names; ``fqdn`` is the platform's host name where it is known."""
        super().__init__(snapshot, plan)
        self.fqdn = fqdn
        self._pods: dict[str, tuple[Pod, ...]] = {}
        self._gateways: dict[tuple[str, str], Gateway | None] = {}
        self._config_maps: dict[tuple[str, str], tuple[ConfigMap, ...]] = {}

    def pods(self, planned: Planned) -> tuple[Pod, ...]:
        """Return the pods of the component's workload, terminating ones included; raises Absent, or CouldNotLook."""
        if planned.id not in self._pods:
            self._pods[planned.id] = self.snapshot.pods_of(self.workload(planned).object)
        return self._pods[planned.id]

    def visible_pods(self, planned: Planned) -> tuple[Pod, ...]:
        """Return the pods that have not ended; none where pods may not be looked at, for what they only add to."""
        try:
            return tuple(pod for pod in self.pods(planned) if not pod.finished)
        except CouldNotLook:
            return ()

    def spec(self, planned: Planned) -> PodSpec:
        """Return what the workload stamps its pods from; raises Absent, or CouldNotLook."""
        return self.workload(planned).object.template.spec

    def container(self, planned: Planned) -> Container:
        """Return the component's own container among those of its workload's template.

        It is the one that declares a promised port, else the one named like the component, else the first: a mesh or
        a log shipper adds its sidecars in front or behind.
        """
        return self.own_containers(planned)[0]

    def own_containers(self, planned: Planned) -> tuple[Container, ...]:
        """Return the containers that may be the component's own, the likeliest first: all where none is recognised."""
        live = self.workload(planned).object
        numbers = {port.port for port in planned.facts.container_ports}
        names = {planned.id, *planned.names, *planned.chart_names, *planned.facts.workload.containers}
        found = own_containers(live.template.spec, numbers, names)
        if not found:
            raise Absent(f"{live.kind} {live.where} has no container")
        return found

    def names_of(
        self, planned: Planned, kind: Literal["ConfigMap", "Secret"], names: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return ``names``, and after them what the workload refers to under a name that was made of one of them.

        Where a store's chart was given a Secret of the site's own (``existingSecret``), that is one of them too.
        """
        try:
            referred = {one.name for one in self.spec(planned).references() if one.kind == kind}
        except (Absent, CouldNotLook):
            return names
        made = sorted(one for one in referred if any(self.is_made_of(name, one) for name in names))
        if kind == "ConfigMap" or made or not referred.isdisjoint(names):
            return (*names, *made)
        return (*names, *self._given_instead(planned, names))

    def _given_instead(self, planned: Planned, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the Secrets that a store refers to in the place of one that neither exists nor is referred to."""
        used = {one.name for one in self.spec(planned).references() if one.kind == "Secret" and one.how != _TO_PULL}
        try:
            if planned.facts.group is not Group.EXTERNAL or self.secret(planned, names) is not None:
                return ()
            given = sorted(one for one in used if not any(self.is_called(name, one) for name in self._known_secrets))
            return tuple(one for one in given if self.snapshot.secret(self.namespace_of(planned), one) is not None)
        except CouldNotLook:
            return ()

    @cached_property
    def _known_secrets(self) -> frozenset[str]:
        """The Secrets that the release has for something, by their documented names."""
        promised = {name for of in self.plan.components.values() for one in of.facts.secrets for name in one.candidates}
        by_hand = {name for one in self.plan.blueprint.prerequisites for name in (one.name, *one.aliases)}
        return frozenset(promised | by_hand)

    def config_maps_made_of(self, documented: str, namespace: str) -> tuple[ConfigMap, ...]:
        """Return the ConfigMaps of that name, and of names that were made of it; raises CouldNotLook."""
        key = documented, namespace
        if key not in self._config_maps:
            self._config_maps[key] = tuple(
                one for one in self.snapshot.list(ConfigMap, namespace) if self.is_called(documented, one.name)
            )
        return self._config_maps[key]

    def is_made_of(self, documented: str, name: str) -> bool:
        """Whether ``name`` is ``documented`` as kustomize generates it, or as a Helm release of another name has it."""
        return is_generated_from(name, documented) or any(
            name == used + documented.removeprefix(release)
            for release in self._documented_releases
            if documented.startswith(f"{release}-")
            for used in self._releases
        )

    def is_called(self, documented: str, name: str) -> bool:
        """Whether ``name`` is the ``documented`` one, or one that was made of it."""
        return name == documented or self.is_made_of(documented, name)

    def is_known_mistake(self, erratum: ChartErratum, address: str) -> bool:
        """Whether an address in a variable is what the vendor's charts get wrong, under this site's names.

        The charts write their release's name and the namespace into it; a site's release may hold a documented one.
        """
        pairs = product(self._documented_releases, self._releases)
        says = {erratum.says, *(erratum.says.replace(f"{release}-", f"{used}-") for release, used in pairs)}
        for documented, own in self.plan.site.namespaces.items():
            says |= {one.replace(f".{documented}.", f".{own}.") for one in says}
        return any(one in address or address in one for one in says)

    @cached_property
    def _documented_releases(self) -> frozenset[str]:
        return frozenset(one.chart.release for one in self.plan.blueprint.components.values() if one.chart)

    @cached_property
    def _releases(self) -> frozenset[str]:
        """The Helm releases that the found workloads are of."""
        found = set()
        for planned in self.plan.components.values():
            with suppress(Absent, CouldNotLook):
                found.add(self.workload(planned).object.labels.get(INSTANCE, ""))
        return frozenset(found - {""})

    def secret(self, planned: Planned, names: tuple[str, ...]) -> str | None:
        """Return the first of these Secrets that exists in the component's namespace; raises CouldNotLook."""
        namespace = self.namespace_of(planned)
        looked_at = [name for name in names if (namespace, name) in self.snapshot.secrets]
        if not looked_at:
            self.snapshot.secret(namespace, names[0])
        return next((name for name in looked_at if self.snapshot.secret(namespace, name) is not None), None)

    def endpoints(self, service: Service, port: ServicePort) -> tuple[ReadyEndpoint, ...]:
        """Return the ready endpoints behind a Service's port; raises CouldNotLook."""
        return ready_endpoints(service, self.snapshot.endpoints(service), port)

    def claims(self, planned: Planned) -> dict[str, tuple[str, ...]]:
        """Return the names of the claims behind the component's volumes, by volume; raises Absent, or CouldNotLook."""
        # A pod that has ended, or is about to, may name a claim that was given up since.
        pods = [pod for pod in self.pods(planned) if not pod.finished and pod.deleted is None]
        return claims_of(self.workload(planned).object, pods)

    def claim_size(self, namespace: str, name: str) -> str | None:
        """Return the capacity of a claim, or what it asks for where it has none yet; None where it does not exist."""
        claim = self.snapshot.get(PersistentVolumeClaim, namespace, name)
        return (claim.capacity or claim.requested) if claim else None

    def host_of(self, planned: Planned) -> str | None:
        """Return the host name under which the component is reached, where it is known."""
        ingress = planned.facts.ingress
        return self.plan.site.hosts.get(planned.id) or (ingress.host if ingress else None) or self.fqdn

    def route(self, planned: Planned, promise: PromisedIngress) -> Route:
        """Return the Ingress rule that counts for the promised path; raises Absent, NotApplicable or CouldNotLook.

        Where APISIX has everything it is the rule that leads there.
        """
        routing, host = self.routing, (self.host_of(planned) or "").lower()
        found = routing.best(promise.path, self._service_names(planned), host) or routing.to_gateway(host)
        if found is not None:
            return found
        facts, namespaces = planned.facts.service, self.plan.namespaces
        led = Promise(
            path=promise.path,
            exact=promise.exact,
            host=host,
            service=lambda: self.service(planned).object,
            ports=facts.ports if facts else (),
        )
        ingresses = any(self.routes_to(one) for one in self._internal)
        otherwise = led_otherwise(self.snapshot, namespaces, led, ingresses=ingresses)
        if not ingresses:
            if self.gateway is None and routing.has_apisix:
                raise NotApplicable("no Ingress leads to any component, and APISIX is installed where nobody may look")
            if self.gateway and self.gateway.is_entrance:
                raise NotApplicable(
                    f"Service {self.gateway.where} of APISIX is the entrance itself, without an Ingress"
                )
            if self.gateway:
                raise Absent(
                    f"no Ingress in {' or '.join(self.plan.namespaces)} leads to Service {self.gateway.where} of "
                    f"APISIX, whose routes lead to the components{otherwise}"
                )
        others = [f"{route.path.path} of {route.ingress.where}" for route in self.routes_to(planned)]
        instead = f"; its Service is reached by {', '.join(others[:3])}" if others else ""
        told = instead or otherwise
        raise Absent(f"no Ingress in {' or '.join(self.plan.namespaces)} has a rule for {promise.path}{told}")

    def is_served_by(self, planned: Planned, namespace: str, service: str) -> bool:
        """Whether a Service is the component's own; False where that is not seen."""
        with suppress(Absent, CouldNotLook):
            live = self.service(planned).object
            return (live.namespace, live.name) == (namespace, service)
        return False

    def routes_to(self, planned: Planned) -> tuple[Route, ...]:
        """Return every rule that leads to the component's Service."""
        return self.routing.to(self._service_names(planned))

    @property
    def _internal(self) -> Iterator[Planned]:
        return (one for one in self.plan.components.values() if one.facts.group is Group.INTERNAL)

    def _service_names(self, planned: Planned) -> set[str]:
        try:
            return {self.service(planned).object.name}
        except Absent:
            return set(planned.service_names)

    @cached_property
    def routing(self) -> Routing:
        """The Ingress rules of the platform's namespaces."""
        return Routing(self.snapshot, self.plan.namespaces)

    @cached_property
    def agreed_host(self) -> AgreedHost | None:
        """The host name of every rule that counts for a promised path, but for paths that have one of their own."""
        return agreed(self._routes())

    def _routes(self) -> Iterator[Route]:
        for entry in self.plan.entries("ingress"):
            if entry.planned.id not in self.plan.site.hosts and not entry.of.host:
                with suppress(Absent, NotApplicable, CouldNotLook):
                    yield self.route(entry.planned, entry.of)

    @cached_property
    def gateway_rule(self) -> Route | None:
        """The Ingress rule that leads everything to APISIX; None where none is seen."""
        with suppress(CouldNotLook):  # CX501 tells it
            return self.routing.to_gateway((self.fqdn or "").lower())
        return None

    @cached_property
    def gateway(self) -> Gateway | None:
        """The APISIX that everything is led to, or that is there all the same; None where none is seen."""
        if self.gateway_rule is not None:
            return self.gateway_of(self.gateway_rule)
        with suppress(CouldNotLook):  # CX201 tells it
            for namespace in self.plan.namespaces:
                for one in self.snapshot.list(Service, namespace):
                    if runs_apisix(self.snapshot, namespace, one.name):
                        return Gateway(self.snapshot, self.plan.namespaces, namespace, one.name)
        return None

    def gateway_of(self, rule: Route) -> Gateway | None:
        """Return the APISIX that an Ingress rule leads to; None where it leads to none."""
        place = rule.ingress.namespace, rule.path.service
        if place not in self._gateways:
            leads = self.routing.leads_to_gateway(rule)
            self._gateways[place] = Gateway(self.snapshot, self.plan.namespaces, *place) if leads else None
        return self._gateways[place]

    @cached_property
    def owners(self) -> dict[tuple[str, str], str]:
        """Map each pod (namespace, name) to the component whose workload it belongs to."""
        owned: dict[tuple[str, str], str] = {}
        for planned in self.plan.components.values():
            try:
                pods = self.pods(planned)
            except (Absent, CouldNotLook):
                continue
            owned.update({(pod.namespace, pod.name): planned.id for pod in pods})
        return owned
