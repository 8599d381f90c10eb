"""A sample of the campaign; ``tox -e campaign`` runs all of it."""

import pytest

from cx_conformance.blueprint.releases import KNOWN
from cx_conformance.outcome.outcome import Result
from tests.campaign.ground import Ground, base
from tests.campaign.judging import Fate, judge, outcomes
from tests.campaign.mutation import Mutation
from tests.campaign.operators import all_mutations
from tests.campaign.sampling import one_of_each_operator
from tests.campaign.survivors import reason_for

SAMPLE = one_of_each_operator(all_mutations())
LARGE = {"too many pods", "too many containers"}
"""They take seconds apiece, and 150,000 pods."""


def test_the_sample_is_large_enough_to_mean_something() -> None:
    """The issue asks for sixty."""
    assert len(SAMPLE) >= 60


@pytest.mark.parametrize("release", KNOWN)
def test_what_is_broken_was_conformant_before(release: str) -> None:
    """Nothing fails on an installation of any release before it is broken."""
    told = outcomes(Ground(base(release)))
    assert [one.message for one in told if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []


@pytest.mark.parametrize(
    "mutation", [one for one in SAMPLE if one.operator.name not in LARGE], ids=lambda one: one.name
)
def test_a_broken_fact_is_found_at_its_component_and_named(mutation: Mutation) -> None:
    """An outcome that passed fails, and its words name the fact; else a reason is written down."""
    ended = judge(mutation)
    if reason_for(mutation.fact, mutation.operator.name):
        assert ended.fate is Fate.SURVIVED, "it is killed now: take its entry out of survivors.yaml"
    else:
        assert ended.fate is Fate.KILLED, f"{mutation.operator.how}: {ended.fate}, {ended.words}"
