"""Which checks a mutant touches, and that each reason to let one survive is of a line that exists."""

import pytest

from tests.mutants.__main__ import FILES, ROOT
from tests.mutants.justified import reasons
from tests.mutants.mutating import concerned, touched

SOURCE = """
LIMIT = 3

def check_one():
    return _helped()

def _helped():
    return LIMIT

def check_other():
    return 4
"""


def test_a_changed_line_touches_what_it_stands_in() -> None:
    """A function, or a constant."""
    assert touched(SOURCE, SOURCE.replace("return 4", "return 5")) == {"check_other"}
    assert touched(SOURCE, SOURCE.replace("LIMIT = 3", "LIMIT = 2")) == {"LIMIT"}
    assert touched(SOURCE, SOURCE) == set()


def test_what_uses_it_is_concerned_however_far_away() -> None:
    """The rest of the module is not."""
    assert concerned(SOURCE, {"LIMIT"}) == {"LIMIT", "_helped", "check_one"}
    assert concerned(SOURCE, {"check_other"}) == {"check_other"}


@pytest.mark.parametrize("file", FILES)
def test_a_reason_is_of_a_line_that_stands_there(file: str) -> None:
    """One of a line that was changed would hide the next survivor; whether it is still needed a run tells."""
    lines = {one.strip() for one in (ROOT / file).read_text(encoding="utf-8").splitlines()}
    assert [one.before for one in reasons(file) if one.before not in lines] == []
    assert not [one for one in reasons(file) if not one.why or not one.after]
