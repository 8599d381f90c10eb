import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.cleaning import Cleaner, ordered
from cx_conformance.reports.scrubber import Scrubber
from tests.reports import made_up

SECRET = "Tr0ub4dor&3-correct-horse"
CLEANER = Cleaner(Scrubber([SecretStr(SECRET)]))


@given(st.lists(st.just(SECRET) | st.text("abc ", max_size=60), min_size=1, max_size=40), st.integers(40, 400))
def test_no_half_of_a_secret_is_left_at_a_cut(pieces: list[str], limit: int) -> None:
    """However many masks come before it, a secret across the cut is gone whole."""
    cleaned = CLEANER.text("".join(pieces), limit)
    assert len(cleaned) <= limit
    assert not cleaned.count(SECRET[:2])


def test_a_long_text_without_secrets_keeps_its_beginning() -> None:
    """What is known to be secret costs a little room at the cut, not the text."""
    cleaned = CLEANER.text("0123456789" * 1_000, 1_000)
    assert len(cleaned) == 1_000
    assert cleaned.startswith("0123456789" * 95)
    assert cleaned.endswith(" ... (cut, 10,000 characters)")


def test_evidence_becomes_what_json_can_hold() -> None:
    """Moments, sets, bytes, masked values and objects of any kind become text."""
    seen = {
        "at": dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
        "ports": {8081, 80},
        "reply": b"\xff\x00OK",
        "password": SecretStr("never shown"),
        7: Result.PASS,
        "big": 2**60,
        "nan": float("nan"),
        "none": None,
    }
    assert CLEANER.value(seen) == {
        "at": "2026-11-23 00:00:00+00:00",
        "ports": [80, 8081],
        "reply": "\\xff\\x00OK",
        "password": "**********",
        "7": Result.PASS,
        "big": str(2**60),
        "nan": "nan",
        "none": None,
    }


def test_outcomes_come_by_area_then_component_in_the_pages_order() -> None:
    """The platform comes first, and what the plan does not know after what it knows of the same area."""
    outcomes = [
        made_up.outcome(component="redis"),
        made_up.outcome(component="ccm", entry="b"),
        made_up.outcome(component="ccm", entry="a"),
        made_up.outcome(component="platform"),
        made_up.outcome(component="a-stranger"),
        made_up.outcome(component="redis", area="workloads"),
        made_up.outcome(component="redis", area="something-new"),
    ]
    assert [(one.area, one.component, one.entry) for one in ordered(made_up.record(*outcomes))] == [
        ("workloads", "redis", "ef-ccm-svc"),
        ("services", "platform", "ef-ccm-svc"),
        ("services", "ccm", "a"),
        ("services", "ccm", "b"),
        ("services", "redis", "ef-ccm-svc"),
        ("services", "a-stranger", "ef-ccm-svc"),
        ("something-new", "redis", "ef-ccm-svc"),
    ]
