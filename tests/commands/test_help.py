"""The help of every command, which is the reference."""

import pytest

from cx_conformance.__main__ import COMMANDS, main

EACH = [[], *([name] for name in COMMANDS), ["fleet", "run"], ["fleet", "report"]]


@pytest.mark.parametrize("words", EACH, ids=" ".join)
def test_the_help_keeps_to_the_terminal(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Descriptions were as wide as their source, and broke in the middle of lines in a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    shown = capsys.readouterr().out
    assert [line for line in shown.splitlines() if len(line) > 80 and " | " not in line] == []


def test_each_exit_status_has_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes on in the next line is indented."""
    monkeypatch.setenv("COLUMNS", "50")
    with pytest.raises(SystemExit):
        main(["capture", "--help"])
    listed = (
        "exit status:\n  0 written\n  2 wrong usage, or nothing to capture\n"
        "  3 could not look at all that is needed;\n    nothing written\n"
    )
    assert listed in capsys.readouterr().out


def test_the_command_alone_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has just installed it types nothing more; that an argument is required helps nobody."""
    assert main([]) == 2
    assert "can the platform be installed here?" in capsys.readouterr().err
