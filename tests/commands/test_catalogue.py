"""The commands that tell of the checks."""

from pathlib import Path

import pytest

from cx_conformance.__main__ import main
from cx_conformance.run.catalogue import every_check


def test_list_names_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    """Each check stands in the list with its ID."""
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert [one.id for one in every_check() if one.id not in shown] == []


def test_explain_tells_what_why_and_how_to_mend(capsys: pytest.CaptureFixture[str]) -> None:
    """One check, in full."""
    assert main(["explain", "cx702"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("CX702 Callee accepts\n")
    for word in ("what", "to mend", "rests on", "follows   CX603", "source"):
        assert f"\n{word}" in shown


@pytest.mark.parametrize("arguments", [["explain", "CX999"], ["list", "--area", "everything"]])
def test_an_unknown_name_exits_2_and_says_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong name is answered with the right ones."""
    assert main(arguments) == 2
    assert "there are CX" in (told := capsys.readouterr().err) or "allowed are platform" in told


def test_every_check_names_what_it_rests_on_and_follows_from_by_existing_ids() -> None:
    """A cause that does not exist would block nothing, and be told with nothing."""
    known = {one.id for one in every_check()}
    wrong = {
        (one.id, other)
        for one in every_check()
        for other in (*one.rests_on, *one.follows)
        if other.rpartition(":")[2] not in known
    }
    assert wrong == set()


def test_every_check_says_how_to_mend_what_it_finds() -> None:
    """A finding without a remedy leaves the engineer alone."""
    assert [one.id for one in every_check() if not one.remedy] == []


def test_the_catalogue_in_the_docs_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """Run `cx-conformance list --markdown > docs/checks.md` when this fails."""
    assert main(["list", "--markdown"]) == 0
    assert capsys.readouterr().out == (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
