"""The way in from outside, broken on an ingress controller of the tests' own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cx_conformance.blueprint.component import Ingress
from cx_conformance.outcome.outcome import Outcome, Result
from tests.campaign.facts import Fact
from tests.campaign.ground import Ground, all_facts
from tests.campaign.judging import Judged, judged
from tests.campaign.mutation import Mutation, Operator
from tests.checks.installation import FQDN
from tests.checks.test_entrance import judged as looked_at
from tests.probes.authority import Authority
from tests.vantage.controller import Controller


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which the entry point breaks the facts of a field."""

    field: str
    name: str
    how: str
    change: Callable[[Controller, Fact], None]


def _part(fact: Fact) -> str:
    promise: Ingress = fact.of(Ingress)
    return promise.path.strip("/")


def _no_rule(controller: Controller, fact: Fact) -> None:
    controller.without_rule.add(_part(fact))


def _dead(controller: Controller, fact: Fact) -> None:
    controller.statuses[_part(fact)] = "503 Service Unavailable"


def _plain(controller: Controller, _fact: Fact) -> None:
    controller.redirects = False


def _polling(controller: Controller, _fact: Fact) -> None:
    controller.upgrades = False


WAYS: Final = (
    Way("ingress.url", "path that the controller answers itself", "absent", _no_rule),
    Way("ingress.url", "path that nobody alive answers", "unready", _dead),
    Way("ingress.url", "plain HTTP served", "wrong scheme", _plain),
    Way("ingress.web_socket", "no upgrade to a WebSocket", "refusing", _polling),
)


def _nothing(_fact: Fact, _ground: Ground) -> None:
    """Leave the API's objects as they are."""


def _words(fact: Fact) -> tuple[str, ...]:
    return (f"/{_part(fact)}",)


def _mutation(way: Way, fact: Fact) -> Mutation:
    operator = Operator(
        name=way.name,
        how=way.how,
        change=_nothing,
        words=_words,
        told_of=lambda fact: fact.component,
        prepare=None,
        live=True,
        together=True,
    )
    return Mutation(base=next(base for base, _ in all_facts()), fact=fact, operator=operator)


def play(folder: Path) -> Iterator[Judged]:
    """Break each fact of the way in in each way, and say how it ended."""
    authority = Authority(folder)
    before = {(one.check, one.component, one.entry) for one in _look(authority) if one.result is Result.PASS}
    for way in WAYS:
        facts = [fact for _, fact in all_facts() if fact.field == way.field]
        told = _look(authority, way, facts)
        for fact in facts:
            own = [one for one in told if one.component == fact.component]
            yield judged(_mutation(way, fact), own, frozenset(before))


def _look(authority: Authority, way: Way | None = None, facts: list[Fact] | None = None) -> list[Outcome]:
    controller = Controller(FQDN)
    for fact in facts or ():
        if way:
            way.change(controller, fact)
    with controller.serving(authority) as entry:
        return list(looked_at(entry).values())
