import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_conformance.reports.legible import LIMIT, legible, one_line

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_nothing_of_a_text_can_act_on_a_terminal_or_break_a_file(text: str) -> None:
    """Every character that comes out prints or is a line feed, and can be written as UTF-8."""
    shown = legible(text)
    assert all(one == "\n" or unicodedata.category(one)[0] not in "CZ" or one == " " for one in shown)
    shown.encode()


@given(ANY_TEXT, st.integers(min_value=60, max_value=200))
def test_no_text_is_longer_than_its_limit(text: str, limit: int) -> None:
    """Escapes count, and so does the remark on how much was cut."""
    assert len(legible(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@given(ANY_TEXT)
def test_legible_text_stays_as_it_is(text: str) -> None:
    """A text may pass more than one writer."""
    assert legible(legible(text)) == legible(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S"))))
def test_ordinary_text_is_not_touched(text: str) -> None:
    """Letters of any script, digits and signs come out as they went in."""
    assert legible(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b2J", "\\x9b2J"),
        ("a\0b", "a\\x00b"),
        ("back\b\rspace", "back\\x08\\rspace"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("half \ud800 pair", "half \\ud800 pair"),
        (b"not \x80 \xff UTF-8".decode(errors="surrogateescape"), "not \\x80 \\xff UTF-8"),
        ("\ufeffmark", "\\ufeffmark"),
        ("line\u2028line", "line\\u2028line"),
        ("one\r\ntwo", "one\ntwo"),
        ("{0.__class__} %s ${x} `id` '; --", "{0.__class__} %s ${x} `id` '; --"),
    ],
)
def test_what_was_there_stays_visible(hostile: str, shown: str) -> None:
    """An engineer can read off the report which character it was."""
    assert legible(hostile) == shown


def test_a_megabyte_is_cut_and_says_so() -> None:
    """A pod's output cannot fill the disk."""
    shown = legible("x" * 1_000_000)
    assert len(shown) == LIMIT
    assert shown.endswith("xxx ... (cut, 1,000,000 characters)")


def test_one_line_cannot_forge_a_second() -> None:
    """A message with line feeds in it does not become a line of the report."""
    assert one_line("broken\n\n  verdict: conformant\n") == "broken | verdict: conformant"
