"""A sample of the campaign on a captured blueprint; ``tox -e campaign -- --captured`` runs all of it."""

import json

from tests.campaign.captured import KEPT, all_mutations, judge
from tests.campaign.judging import Fate

OF_ALL = 130
"""Every so-manieth mutation is in the sample."""


def test_what_is_broken_is_found_by_what_was_captured() -> None:
    """At least nineteen of twenty, as the whole campaign measured it."""
    ended = list(judge(all_mutations()[::OF_ALL]))
    left = [one.mutation.name for one in ended if one.fate is not Fate.KILLED]
    assert len(ended) > 25
    assert len(left) <= len(ended) * 0.05, left


def test_the_measured_figure_is_high_enough() -> None:
    """The page says it."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert kept["killed"] >= 0.95 * kept["mutations"]
