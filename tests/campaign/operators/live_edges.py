"""Call edges that break between two components that both look fine."""

from cx_conformance.blueprint.component import Call
from cx_conformance.sandbox.annotations import BRIDGE, DNS
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, Inapplicable
from tests.campaign.mutation import breaks
from tests.checks.installation import Object

EDGE = ("calls.to", "calls.ports", "called_by")


def _caller(fact: Fact) -> str:
    return str(fact.value) if fact.field.endswith("called_by") else fact.component


def _callee(fact: Fact) -> str:
    return fact.component if fact.field.endswith("called_by") else str(fact.of(Call).to)


def _service_words(fact: Fact) -> tuple[str, ...]:
    component = fact.components.get(_callee(fact))
    return (component.service.name if component and component.service else _callee(fact),)


def _service(fact: Fact, ground: Ground) -> Object:
    component = ground.base.components.get(_callee(fact))
    if component is None or component.service is None:
        raise Inapplicable("the callee is not installed in the cluster")
    return ground.find("Service", component.service.name, component.namespace.name)


def _annotate(fact: Fact, ground: Ground, name: str, value: str) -> None:
    _service(fact, ground)["metadata"].setdefault("annotations", {})[name] = value


@breaks(*EDGE, how="absent", words=_service_words, told_of=_caller, live=True, together=True)
def name_that_dns_does_not_know(fact: Fact, ground: Ground) -> None:
    """DNS does not know the callee's Service."""
    _annotate(fact, ground, DNS, "nxdomain")


@breaks(*EDGE, how="wrong reference", words=_service_words, told_of=_caller, live=True, together=True)
def name_of_another_address(fact: Fact, ground: Ground) -> None:
    """DNS answers an address that is not the Service's."""
    _annotate(fact, ground, DNS, "127.255.255.254")


@breaks(*EDGE, how="refusing", words=_service_words, told_of=_caller, live=True, together=True)
def service_that_refuses(fact: Fact, ground: Ground) -> None:
    """Connections to the callee's Service are refused, though it has ready endpoints."""
    _annotate(fact, ground, BRIDGE, "refuse")


@breaks(*EDGE, how="refusing", words=_service_words, told_of=_caller, live=True, together=True)
def callee_deaf(fact: Fact, ground: Ground) -> None:
    """The callee's pod is ready, and nothing listens on the port that is called."""
    service = _service(fact, ground)
    callee = ground.base.components[_callee(fact)]
    find = Fact(_callee(fact), fact.field, fact.where, fact.value, (callee,))
    del service
    with ground.answers(find) as answers:
        for one in answers:
            one["behaviour"] = "closed"
