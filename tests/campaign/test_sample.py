"""A sample of the campaign; ``tox -e campaign`` runs all of it."""

import pytest

from cx_conformance.blueprint.releases import KNOWN
from cx_conformance.outcome.outcome import Result
from tests.campaign.ground import Ground, base
from tests.campaign.judging import Fate, judge, outcomes
from tests.campaign.operators import all_mutations
from tests.campaign.sampling import by_operator, first_that_applies
from tests.campaign.survivors import reason_for

OPERATORS = by_operator(all_mutations())
LARGE = {"too many pods", "too many containers"}
"""They take seconds apiece, and 150,000 pods."""


def test_the_sample_is_large_enough_to_mean_something() -> None:
    """The issue asks for sixty."""
    assert len(OPERATORS) >= 60


@pytest.mark.parametrize("release", KNOWN)
def test_what_is_broken_was_conformant_before(release: str) -> None:
    """Nothing fails on an installation of any release before it is broken."""
    told = outcomes(Ground(base(release)))
    assert [one.message for one in told if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []


@pytest.mark.parametrize("operator", [name for name in OPERATORS if name not in LARGE])
def test_a_broken_fact_is_found_at_its_component_and_named(operator: str) -> None:
    """An outcome that passed fails, and its words name the fact; else a reason is written down."""
    mutation = first_that_applies(OPERATORS[operator])
    assert mutation, "no fact can be broken so: the operator is of no use"
    ended = judge(mutation)
    if reason_for(mutation.fact, mutation.operator.name):
        assert ended.fate is Fate.SURVIVED, f"{mutation.name} is killed now: take its entry out of survivors.yaml"
    else:
        assert ended.fate is Fate.KILLED, f"{mutation.name}, {mutation.operator.how}: {ended.fate}, {ended.words}"
