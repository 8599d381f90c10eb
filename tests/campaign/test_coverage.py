"""The page ``docs/coverage.md`` is of this model, these operators and these checks; ``tox -e campaign -- --write``."""

from cx_conformance.run.catalogue import all_checks
from tests.campaign import by_fault, entrance, measured
from tests.campaign.coverage import PAGE, page
from tests.campaign.facts import Fact
from tests.campaign.ground import all_facts
from tests.campaign.judging import Fate
from tests.campaign.mutation import OPERATORS
from tests.campaign.operators import all_mutations, live_mutations
from tests.campaign.survivors import reason_for, reasons, unexplained


def test_the_page_is_written_from_what_is_kept_beside_the_campaign() -> None:
    """``PYTHONPATH=src:. python -m tests.campaign --page`` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_what_was_measured_is_of_these_operators_and_facts() -> None:
    """An operator or a fact that is new, or gone, asks for a new campaign."""
    kept = measured.load()
    ways = {one.name for one in entrance.WAYS}
    assert {one.operator for one in kept} <= {one.name for known in OPERATORS.values() for one in known} | ways
    possible = {(one.base.name, one.fact.name, one.operator.name) for one in (*all_mutations(), *live_mutations())}
    assert {(one.base, one.fact, one.operator) for one in kept if one.operator not in ways} - possible == set()


def test_what_killed_then_is_a_check_still() -> None:
    """A check that was renamed or taken away asks for a new campaign."""
    known = {one.id for one in all_checks()}
    assert {check for one in measured.load() for check in one.checks} - known == set()


def measured_facts() -> dict[tuple[str, str], Fact]:
    """Return every fact of what was measured, by release and name."""
    return {(base.name, one.name): one for base, one in all_facts(measured.releases())}


def test_every_survivor_has_a_reason() -> None:
    """The list is empty, or each entry is an open question with its reason."""
    facts = measured_facts()
    left = [one for one in measured.load() if one.fate != Fate.KILLED]
    assert [f"{one.fact}: {one.operator}" for one in left if not reason_for(facts[one.place], one.operator)] == []
    broken = {one.place for one in measured.load()}
    assert unexplained(one for place, one in facts.items() if place not in broken) == []


def test_no_reason_is_left_of_what_is_killed_by_now() -> None:
    """A stale entry would hide the next survivor."""
    facts = measured_facts()
    broken = {one.place for one in measured.load()}
    told = [(facts[one.place], one.operator) for one in measured.load() if one.fate != Fate.KILLED]
    told += [(one, "") for place, one in facts.items() if place not in broken]
    used = {reason_for(fact, operator or None) for fact, operator in told}
    assert [one for one in reasons() if one not in used] == []


def test_every_check_beside_the_blueprint_is_broken_by_a_fault_or_has_a_reason() -> None:
    """One that nothing breaks proves nothing; a reason for one that a fault breaks by now is stale."""
    unbroken = {one.id for one in by_fault.checks() if not by_fault.faults(one.id)}
    assert unbroken == set(by_fault.UNBROKEN)
