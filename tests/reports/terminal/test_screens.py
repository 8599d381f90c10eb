"""The screens in the documentation are those of today, and each is one that an engineer can take in."""

import re

import pytest

from tests.reports.terminal.screens import FOLDER, RUNS, WIDTHS, screens

SHOWN = {path.name: text for path, text in screens()}


def test_the_screens_are_current() -> None:
    """`tox -e docs` writes them."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt")} == SHOWN


@pytest.mark.parametrize("name", [f"{name}-80.txt" for name in RUNS])
def test_a_screen_is_no_longer_than_one_and_ends_with_the_verdict(name: str) -> None:
    """At 80 columns, the header and all that is waived included."""
    lines = SHOWN[name].splitlines()
    assert len(lines) <= 55
    assert lines[-1].startswith("Verdict: ")


@pytest.mark.parametrize(("name", "width"), [(name, width) for name in RUNS for width in WIDTHS if width >= 80])
def test_every_cause_has_four_lines_at_most(name: str, width: int) -> None:
    """What, where, what to do, and what it blocks."""
    causes = re.findall(r"^[✗!] .*\n(?:  .*\n)*", SHOWN[f"{name}-{width}.txt"], re.MULTILINE)
    assert all(one.count("\n") <= 4 for one in causes)
    assert bool(causes) is (name != "conformant")


def test_one_cause_of_many_promises_is_told_once_with_its_count() -> None:
    """Its users are named, and the verdict counts both."""
    text = SHOWN["one-cause-80.txt"]
    assert "1 cause breaks 21 promises of 21 components" in text
    assert text.count("ef-connection-env-cm") == 1
    assert text.endswith("Verdict: non-conformant: 1 cause, 21 promises (21 major)\n")
