"""Every fault of the sandbox is found by the check it names, and makes no unrelated check fail."""

import pytest

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.run.catalogue import all_checks
from cx_conformance.sandbox.faults import Fault, catalogue
from tests.checks.installation import Installation

STATIC = [one.id for one in all_checks() if not one.live]
OBJECTS = [one for one in catalogue() if one.check in STATIC]
"""Faults that the API's own objects show."""

NOTED = {"certificate-expiring"}
"""Faults that break nothing yet, and are noted."""

TOGETHER = {
    # One change that breaks two promises of the page, each of them a fact of its own.
    "wrong-container-port": {"CX205"},
    "absent-tls-secret": {"CX305"},
    "certificate-of-another-host": {"CX307"},
    "certificate-expired": {"CX307"},
}


@pytest.mark.parametrize("fault", OBJECTS, ids=[one.name for one in OBJECTS])
def test_a_fault_is_found_by_the_check_it_names_and_by_no_other(fault: Fault) -> None:
    """The failure is the named check's; what follows from it is blocked."""
    installation = Installation()
    installation.inject(fault.name)
    outcomes = installation.all_outcomes(STATIC)
    failed = {one.check for one in outcomes if one.result is Result.FAIL}
    assert not [one.message for one in outcomes if one.result is Result.ERROR]
    if fault.name in NOTED:
        assert noted(outcomes, fault.check)
        assert failed == set()
    else:
        assert fault.check in failed
        assert failed - {fault.check} - TOGETHER.get(fault.name, set()) == set()


def noted(outcomes: list[Outcome], check: str) -> bool:
    """Return whether the check passed with a note."""
    return any(one.evidence.get("notes") for one in outcomes if one.check == check)
