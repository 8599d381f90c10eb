"""The campaign speaks of every fact of the blueprint, whatever the checks look at."""

from tests.campaign.facts import NO_FACTS, fields, platform_fields
from tests.campaign.ground import all_facts

UNUSED = {"config_map", "env", "file", "namespace"}
"""Ways of referring to a value that this blueprint does not use for every reference."""


def test_every_field_of_the_model_is_broken_or_has_a_reason_why_not() -> None:
    """A field that is added to the model, and thought of by nobody, fails here."""
    known = {one.field for _, one in all_facts()} | set(NO_FACTS)
    unknown = {one for one in (*fields(), *platform_fields()) if one not in known}
    assert {one for one in unknown if one.rpartition(".")[2] not in UNUSED} == set()


def test_no_field_is_excused_that_the_model_does_not_have() -> None:
    """The reasons are of this model."""
    assert set(NO_FACTS) - set(fields()) - set(platform_fields()) == set()


def test_facts_are_told_apart() -> None:
    """No two facts have one name."""
    names = [(base.name, one.name) for base, one in all_facts()]
    assert len(names) == len(set(names))
    assert len(names) > 5000
