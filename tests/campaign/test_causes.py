"""What is told does not exceed what is wrong: sets of faults, drawn by seeds, and the causes that are told of them."""

import random
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.roots import causes_of
from tests.campaign.ground import Ground, Inapplicable, base, documented
from tests.campaign.judging import outcomes
from tests.campaign.mutation import Mutation
from tests.campaign.operators import all_mutations
from tests.campaign.test_sample import LARGE

Wide = Callable[[Ground], Any]


def everywhere(change: Callable[[Any], Any]) -> Wide:
    """Change the first container of every Deployment."""

    def apply(ground: Ground) -> None:
        for one in ground.manifests:
            if one["kind"] == "Deployment":
                change(one["spec"]["template"]["spec"]["containers"][0])

    return apply


def told_to_all(key: str, value: str | None) -> Wide:
    """Write a value into the ConfigMap that all share, or take one out."""

    def apply(ground: Ground) -> None:
        data = ground.find("ConfigMap", "ef-connection-env-cm", "expertflow")["data"]
        data.pop(key, None)
        data.update({key: value} if value is not None else {})

    return apply


WIDE: dict[str, Wide] = {
    "a lost address for all": told_to_all("SOME_URL", "http://ef-cmm-svc.expertflow.svc:80"),
    "the sample host for all": told_to_all("SOME_HOST", "https://devops.ef.com"),
    "no host of Mongo": told_to_all("MONGODB_HOST", None),
    "no requests and limits": everywhere(lambda one: one.pop("resources", None)),
    "a ConfigMap that nobody made": everywhere(
        lambda one: one.setdefault("envFrom", []).append({"configMapRef": {"name": "nobodys-cm"}})
    ),
    "the shared ConfigMap gone": lambda ground: ground.remove("ConfigMap", "ef-connection-env-cm", "expertflow"),
    "a pull secret gone": lambda ground: ground.inject("absent-pull-secret:expertflow"),
    "a TLS Secret gone": lambda ground: ground.inject("absent-tls-secret:expertflow"),
    "an Ingress class gone": lambda ground: ground.inject("absent-ingress-class:nginx"),
    "a namespace gone": lambda ground: ground.inject("absent-namespace:ef-external"),
}
"""Faults that break promises of many components."""

SETS = 40
MOST = 4
"""Faults of a set."""


@cache
def candidates() -> dict[str, list[Mutation]]:
    """Return the ways of breaking the documented installation, by operator, so that none is drawn for its number."""
    found: dict[str, list[Mutation]] = {}
    for one in all_mutations():
        if one.base.name == documented().name and one.operator.name not in LARGE:
            found.setdefault(one.operator.name, []).append(one)
    return found


def drawn(seed: int) -> tuple[Ground, list[str]]:
    """Break an installation in one to four places, some of which many share, and return what was broken."""
    chance = random.Random(seed)  # noqa: S311 - a draw that is the same in every run
    wanted, ground = chance.randint(1, MOST), Ground(documented())
    broken: dict[str, str] = {}
    while len(broken) < wanted:
        if chance.random() < 0.4:
            name = chance.choice(sorted(WIDE))
            with suppress(LookupError):
                WIDE[name](ground)
                broken[name] = name
            continue
        one = chance.choice(candidates()[chance.choice(sorted(candidates()))])
        if one.operator.prepare is None and one.component not in broken:
            with suppress(Inapplicable, LookupError, StopIteration):
                one.operator.change(one.fact, ground)
                broken[one.component] = one.name
    return ground, list(broken.values())


@pytest.mark.parametrize("seed", range(SETS))
def test_no_more_causes_are_told_than_faults_are_there_and_one_each(seed: int) -> None:
    """A fault may show in two places; more would be a wall that hides the others."""
    ground, broken = drawn(seed)
    told = outcomes(ground)
    causes = [*causes_of(told), *causes_of(told, Result.ERROR)]
    assert causes, f"nothing is told of {broken}"
    assert len(causes) <= 2 * len(broken), f"{broken}: {[f'{one.outcome.check} {one.words}' for one in causes]}"


@pytest.mark.parametrize(
    ("release", "fault"),
    [
        ("4.9", "absent-namespace:ef-external"),
        ("4.9", "sample-ingress-host:apisix"),
        ("4.9", "wrong-service-port:ccm"),
        ("4.10", "absent-secret:keycloak"),
        ("5.1", "absent-namespace:ef-external"),
        ("5.1", "absent-ingress:apisix"),
        ("5.1", "absent-service:apisix"),
        ("5.1", "image-pull:apisix"),
        ("5.1", "scaled-to-zero:apisix"),
        ("5.1", "selector-of-nobody:apisix"),
        ("5.1", "sample-ingress-host:apisix"),
        ("5.1", "wrong-service-port:ccm"),
        ("5.1", "wrong-service-port:redis-master"),
        ("5.1", "wrong-service-port:mongo-mongodb"),
        ("5.1", "wrong-service-port-name:ccm"),
    ],
)
def test_a_fault_of_an_installation_by_charts_is_one_cause(release: str, fault: str) -> None:
    """There one Ingress and one gateway lead to all, and each pod template says its callees' addresses itself."""
    ground = Ground(base(release))
    ground.inject(fault)
    told = outcomes(ground)
    causes = [*causes_of(told), *causes_of(told, Result.ERROR)]
    assert len(causes) == 1, [f"{one.outcome.where}: {one.words}" for one in causes]
