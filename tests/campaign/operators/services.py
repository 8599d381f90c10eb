"""Services, down to the endpoints behind them."""

import copy
from collections.abc import Callable
from typing import Any

from cx_conformance.blueprint.component import ServicePort
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object


@breaks("service.name", how="absent")
def service_absent(fact: Fact, ground: Ground) -> None:
    """It was never applied."""
    ground.manifests.remove(ground.service(fact))


@breaks("service.name", how="absent")
def service_being_deleted(fact: Fact, ground: Ground) -> None:
    """Somebody has deleted it, and a finalizer keeps it for now."""
    going = {"deletionTimestamp": "2026-01-02T03:04:05Z", "finalizers": ["example.com/keep"]}
    ground.live("Service", ground.service(fact)["metadata"]["name"], lambda one: one["metadata"].update(going))


@breaks("service.name", how="renamed")
def service_renamed(fact: Fact, ground: Ground) -> None:
    """Another name; the Ingresses follow it."""
    _rename(fact, ground, f"{fact.value}-2")


@breaks("service.name", how="renamed")
def service_name_without_its_end(fact: Fact, ground: Ground) -> None:
    """The name lacks its last letter."""
    _rename(fact, ground, fact.value[:-1])


def _rename(fact: Fact, ground: Ground, name: str) -> None:
    ground.service(fact)["metadata"]["name"] = name
    for one in ground.manifests:
        if one["kind"] == "Ingress":
            for path in (path for rule in one["spec"]["rules"] for path in rule["http"]["paths"]):
                if path["backend"]["service"]["name"] == fact.value:
                    path["backend"]["service"]["name"] = name


@breaks("service.name", how="wrong namespace")
def service_in_another_namespace(fact: Fact, ground: Ground) -> None:
    """The Service stands where it selects nothing."""
    ground.manifests.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}})
    ground.service(fact)["metadata"]["namespace"] = "elsewhere"


@breaks("service.name", how="wrong kind", words="ExternalName")
def service_an_alias(fact: Fact, ground: Ground) -> None:
    """The name is an alias of a host outside."""
    spec = ground.service(fact)["spec"]
    spec |= {"type": "ExternalName", "externalName": "cx.example.net"}
    del spec["selector"]


@breaks("service.name", how="wrong reference")
def service_of_nobody(fact: Fact, ground: Ground) -> None:
    """Its selector matches no pod."""
    ground.service(fact)["spec"]["selector"] = {"app": "nobody"}


@breaks("service.name", how="wrong reference")
def service_of_another_component(fact: Fact, ground: Ground) -> None:
    """Its selector is another component's."""
    other = ground.base.components[ground.other(fact)]
    live = ground.find("Service", other.service.name, other.namespace.name) if other.service else {}
    ground.service(fact)["spec"]["selector"] = dict(live["spec"]["selector"])


@breaks("service.name", how="wrong reference")
def service_of_all(fact: Fact, ground: Ground) -> None:
    """Its selector is a label that every component of the platform has."""
    if "ef" not in ground.service(fact)["spec"]["selector"]:
        raise Inapplicable("the components beside it share no label")
    ground.service(fact)["spec"]["selector"] = {"ef": "expertflow"}


@breaks("service.name", how="wrong reference")
def service_without_a_selector(fact: Fact, ground: Ground) -> None:
    """It selects nothing; somebody keeps its endpoints by hand, or nobody."""
    del ground.service(fact)["spec"]["selector"]


@breaks("service.name", how="wrong reference")
def service_of_an_older_version(fact: Fact, ground: Ground) -> None:
    """Its selector asks for one label more than the pods have."""
    ground.service(fact)["spec"]["selector"]["version"] = "v1"


@breaks("service.type", how="wrong kind")
def service_on_every_node(fact: Fact, ground: Ground) -> None:
    """A NodePort, open to the outside."""
    _type(fact, ground, "NodePort")


@breaks("service.type", how="wrong kind")
def service_behind_a_load_balancer(fact: Fact, ground: Ground) -> None:
    """A LoadBalancer with an address outside."""
    _type(fact, ground, "LoadBalancer")
    ground.service(fact)["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}


def _type(fact: Fact, ground: Ground, other: str) -> None:
    promised = ground.component(fact).service
    if promised is None or other in (promised.type, *promised.also_types):
        raise Inapplicable("that type is accepted")
    ground.service(fact)["spec"]["type"] = other


def _port(fact: Fact, ground: Ground) -> Object:
    number = fact.of(ServicePort).port
    if fact.of(ServicePort).optional:
        raise Inapplicable("it may be absent")
    found: Object = next(one for one in ground.service(fact)["spec"]["ports"] if one["port"] == number)
    return found


@breaks("service.ports.port", how="wrong number")
def service_port_of_another_number(fact: Fact, ground: Ground) -> None:
    """The Service, and the Ingress before it, use another port."""
    _port(fact, ground)["port"] = fact.value + 1000 - 2000 * (fact.value > 60000)
    name = ground.service(fact)["metadata"]["name"]
    for one in ground.manifests:
        if one["kind"] == "Ingress":
            for path in (path for rule in one["spec"]["rules"] for path in rule["http"]["paths"]):
                backend = path["backend"]["service"]
                if backend["name"] == name and backend["port"].get("number") == fact.value:
                    backend["port"]["number"] = _ports(fact, ground)[0]["port"]


def _ports(fact: Fact, ground: Ground) -> list[Object]:
    found: list[Object] = ground.service(fact)["spec"]["ports"]
    return found


@breaks("service.ports.port", how="wrong kind")
def service_port_for_udp(fact: Fact, ground: Ground) -> None:
    """The number is there, for UDP."""
    _port(fact, ground)["protocol"] = "UDP"


@breaks("service.ports.port", how="absent")
def service_port_left_out(fact: Fact, ground: Ground) -> None:
    """The Service serves its other ports only, or one for metrics."""
    ports = _ports(fact, ground)
    ports.remove(_port(fact, ground))
    if not ports:
        ports.append({"name": "metrics", "port": 9404, "targetPort": 9404})


@breaks("service.ports.port", how="unready", words=lambda fact: (str(fact.of(ServicePort).port), "ready"))
def endpoints_not_ready(fact: Fact, ground: Ground) -> None:
    """Its endpoints are there, and none is ready."""
    _slices(fact, ground, lambda one: [e.update(conditions={"ready": False}) for e in one["endpoints"]])


@breaks("service.ports.port", how="silent")
def endpoints_of_another_port(fact: Fact, ground: Ground) -> None:
    """The EndpointSlice knows the port under another name."""
    name = _port(fact, ground)["name"]
    _slices(fact, ground, lambda one: [p.update(name="old") for p in one["ports"] if p.get("name") == name])


@breaks("service.ports.port", how="silent")
def endpoints_gone(fact: Fact, ground: Ground) -> None:
    """The endpoint controller does not run: there is no EndpointSlice."""
    _port(fact, ground)
    name = ground.service(fact)["metadata"]["name"]
    ground.change_live(lambda objects: _remove_slices(objects, name))


def _remove_slices(objects: list[Object], name: str) -> None:
    objects[:] = [one for one in objects if not _slice_of(one, name)]


def _slice_of(one: Object, name: str) -> bool:
    return bool(one["kind"] == "EndpointSlice" and one["metadata"]["labels"]["kubernetes.io/service-name"] == name)


def _slices(fact: Fact, ground: Ground, change: Callable[[Object], Any]) -> None:
    _port(fact, ground)
    name = ground.service(fact)["metadata"]["name"]

    def apply(objects: list[Object]) -> None:
        for one in objects:
            if _slice_of(one, name):
                change(one)

    ground.change_live(apply)


@breaks("service.ports.name", how="renamed")
def service_port_renamed(fact: Fact, ground: Ground) -> None:
    """Another name; the number and the target are as they were."""
    _port(fact, ground)["name"] = "http-other"


@breaks("service.ports.name", how="renamed")
def service_port_name_cut_off(fact: Fact, ground: Ground) -> None:
    """The name is cut off, as in the page's narrow column."""
    _port(fact, ground)["name"] = fact.value.rpartition("-")[0] or fact.value[:-1]


@breaks("service.ports.name", how="wrong reference")
def name_on_another_service_port(fact: Fact, ground: Ground) -> None:
    """The name stands at another port of the Service."""
    port = _port(fact, ground)
    _ports(fact, ground).append(copy.deepcopy(port) | {"port": port["port"] + 1})
    port["name"] = "http-other"


@breaks("service.ports.target_port", how="wrong reference")
def target_that_no_container_has(fact: Fact, ground: Ground) -> None:
    """Its target is a name that no container has, as one of the vendor's own Services."""
    _port(fact, ground)["targetPort"] = "no-such-port"


@breaks("service.ports.target_port", how="wrong number")
def target_of_another_number(fact: Fact, ground: Ground) -> None:
    """Its target is the next number."""
    _port(fact, ground)["targetPort"] = fact.value + 1


@breaks("service.ports.target_port", how="wrong reference")
def target_another_declared_port(fact: Fact, ground: Ground) -> None:
    """Its target is a port that the container has, for something else."""
    ground.container(fact)["ports"].append({"name": "metrics", "containerPort": 9404})
    _port(fact, ground)["targetPort"] = "metrics"


@breaks("service.ports.target_port", how="wrong reference")
def target_left_out(fact: Fact, ground: Ground) -> None:
    """Without targetPort the Service port's own number counts."""
    port = _port(fact, ground)
    if port["port"] == fact.value:
        raise Inapplicable("both numbers are the same")
    del port["targetPort"]


@breaks("service.ports.target_port", how="wrong kind")
def target_of_a_headless_service(fact: Fact, ground: Ground) -> None:
    """A headless Service translates no port."""
    port = _port(fact, ground)
    if port["port"] == fact.value:
        raise Inapplicable("there is nothing to translate")
    ground.service(fact)["spec"]["clusterIP"] = "None"


@breaks("service.headless", how="wrong kind", words="headless")
def given_an_address_of_its_own(fact: Fact, ground: Ground) -> None:
    """A Service that was headless leads to any of its pods."""
    del ground.service(fact)["spec"]["clusterIP"]
