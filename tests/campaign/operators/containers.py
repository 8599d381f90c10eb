"""Container ports, requests and limits."""

import copy

from cx_conformance.blueprint.component import ContainerPort
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object

SIDECAR: Object = {"name": "exporter", "image": "exporter"}


def _ports(fact: Fact, ground: Ground) -> list[Object]:
    """Return the ports of the container that declares the port: the component's own, or one that serves beside it."""
    number = fact.of(ContainerPort).port
    if fact.of(ContainerPort).optional:
        raise Inapplicable("it may be absent")
    serving: list[Object] = [ground.container(fact), *ground.pod(fact)["containers"]]
    found: list[Object] = next(
        one["ports"] for one in serving if any(port["containerPort"] == number for port in one.get("ports", []))
    )
    return found


def _port(fact: Fact, ground: Ground) -> Object:
    number = fact.of(ContainerPort).port
    return next(one for one in _ports(fact, ground) if one["containerPort"] == number)


def _follow(fact: Fact, ground: Ground, target: int | str) -> None:
    """Let the Service lead to the port as before, so that only the container's own fact is broken."""
    promised, port = ground.component(fact).service, fact.of(ContainerPort)
    if promised is None:
        return
    for one in ground.service(fact)["spec"]["ports"]:
        if one["targetPort"] in {port.port, port.name}:
            one["targetPort"] = target


@breaks("container_ports.port", how="wrong number")
def port_of_another_number(fact: Fact, ground: Ground) -> None:
    """The container declares the next port."""
    _port(fact, ground)["containerPort"] = fact.value + 1


@breaks("container_ports.port", how="absent")
def port_not_declared(fact: Fact, ground: Ground) -> None:
    """The container declares no such port; the Service leads to it by number."""
    _ports(fact, ground).remove(_port(fact, ground))
    _follow(fact, ground, fact.value)


@breaks("container_ports.port", how="wrong kind")
def port_declared_for_udp(fact: Fact, ground: Ground) -> None:
    """The container declares the number for UDP."""
    _port(fact, ground)["protocol"] = "UDP"
    _follow(fact, ground, fact.value)


@breaks("container_ports.port", how="wrong reference")
def port_declared_by_an_init_container(fact: Fact, ground: Ground) -> None:
    """Only a container that has ended by then declares the port."""
    port = _port(fact, ground)
    _ports(fact, ground).remove(port)
    ground.pod(fact).setdefault("initContainers", []).append(SIDECAR | {"ports": [dict(port)]})
    _follow(fact, ground, fact.value)


@breaks("container_ports.name", how="renamed")
def port_renamed(fact: Fact, ground: Ground) -> None:
    """The port has another name, by which its Service finds it."""
    _port(fact, ground)["name"] = "http-other"
    _follow(fact, ground, "http-other")


@breaks("container_ports.name", how="renamed")
def port_name_cut_off(fact: Fact, ground: Ground) -> None:
    """The name is cut off, as in the page's narrow column."""
    short = fact.value.rpartition("-")[0]
    _port(fact, ground)["name"] = short
    _follow(fact, ground, short)


@breaks("container_ports.name", how="absent")
def port_without_a_name(fact: Fact, ground: Ground) -> None:
    """The port has a number only."""
    del _port(fact, ground)["name"]
    _follow(fact, ground, fact.of(ContainerPort).port)


@breaks("container_ports.name", how="wrong reference")
def name_on_another_port(fact: Fact, ground: Ground) -> None:
    """The name stands at another port of the container."""
    port = _port(fact, ground)
    _ports(fact, ground).append(port | {"containerPort": port["containerPort"] + 1})
    port["name"] = "http-other"
    _follow(fact, ground, "http-other")


def _amounts(fact: Fact, ground: Ground) -> tuple[Object, str]:
    _, kind, name = fact.field.split(".")
    found: Object = ground.container(fact)["resources"][kind]
    return found, name


AMOUNTS = ("resources.requests.cpu", "resources.requests.memory", "resources.limits.cpu", "resources.limits.memory")


@breaks(*AMOUNTS, how="absent")
def amount_absent(fact: Fact, ground: Ground) -> None:
    """Nothing is asked for, or no limit is set."""
    amounts, name = _amounts(fact, ground)
    limits = ground.container(fact)["resources"].get("limits", {})
    if "requests" in fact.field and limits.get(name) == amounts[name]:
        raise Inapplicable("the API server asks for as much as the limit where nothing is asked for")
    del amounts[name]


@breaks(*AMOUNTS, how="wrong size")
def amount_doubled(fact: Fact, ground: Ground) -> None:
    """Twice as much."""
    amounts, name = _amounts(fact, ground)
    unit = fact.text.lstrip("0123456789.")
    amounts[name] = f"{float(fact.text.removesuffix(unit)) * 2:g}{unit}"


@breaks(*AMOUNTS, how="wrong size")
def amount_halved(fact: Fact, ground: Ground) -> None:
    """Half as much."""
    amounts, name = _amounts(fact, ground)
    amounts[name] = f"{fact.value.value / 2:f}"


@breaks(*AMOUNTS, how="wrong size")
def amount_in_another_unit(fact: Fact, ground: Ground) -> None:
    """The same number in a unit that is easily mistaken for it."""
    amounts, name = _amounts(fact, ground)
    units = {"Mi": "M", "Gi": "G", "M": "Mi", "m": "", "": "m"}
    unit = fact.text.lstrip("0123456789.")
    amounts[name] = fact.text.removesuffix(unit) + units[unit]


@breaks(*AMOUNTS, how="wrong reference")
def amounts_of_a_sidecar_only(fact: Fact, ground: Ground) -> None:
    """A sidecar in front has what the component's own container lacks."""
    own = ground.container(fact)
    resources = copy.deepcopy(own["resources"])
    amounts, name = _amounts(fact, ground)
    if resources.get("limits", {}).get(name) == amounts.pop(name) and "requests" in fact.field:
        raise Inapplicable("a limit of that amount is the request too")
    ground.pod(fact)["containers"].insert(0, SIDECAR | {"resources": resources})
