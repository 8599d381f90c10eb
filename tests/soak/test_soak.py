"""A sample of the soak test: ``tox -e soak`` runs it over fifty seeds, and ten faults."""

import pytest

from tests.soak import counted
from tests.soak.rounds import FAULTS, HEALTHY, Round, play


@pytest.mark.long
def test_a_starved_installation_ends_as_it_does_with_all_the_cpu_it_wants() -> None:
    """The healthy one is conformant, promise by promise, by two seeds."""
    one, other = play(HEALTHY, "1"), play(HEALTHY, "2")
    assert (one.verdict, other.verdict) == ("conformant", "conformant")
    assert one.differs(other) == []


def test_runs_are_compared_promise_by_promise() -> None:
    """Another end is told, and so is a promise that only one of them looked at."""
    one = Round(fault="", seed="1", verdict="conformant", ended={"CX101 ccm [ccm]": "pass", "CX601 ccm [x]": "pass"})
    other = Round(fault="", seed="2", verdict="non-conformant", ended={"CX101 ccm [ccm]": "fail"})
    assert one.differs(other) == ["CX101 ccm [ccm]: pass here, fail there", "CX601 ccm [x]: pass here, None there"]


def test_what_was_counted_is_of_known_faults_and_the_healthy_installation_ended_alike() -> None:
    """A healthy run that ends otherwise is a defect to mend, not a count to publish."""
    _, counts = counted.load()
    assert {one.fault for one in counts} <= {HEALTHY, *FAULTS}
    assert all(one.alike == one.runs > 0 for one in counts if one.fault == HEALTHY)
