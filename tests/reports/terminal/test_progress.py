import contextlib
import io
import time

import pytest
from rich.console import Console

from cx_conformance.reports.terminal.progress import Progress
from cx_conformance.reports.terminal.summary import console_for

ERASED = "\r\x1b[2K"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Console:
    """Return a console that takes itself for a terminal of 80 columns."""
    monkeypatch.setenv("TERM", "xterm")
    return Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)


def written(console: Console) -> str:
    """Return what was written to a console."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_sees_no_progress() -> None:
    """A log file is not filled with what was true for a moment."""
    stream = io.StringIO()
    with Progress(console_for(stream)) as shown:
        shown.looking("listing pods")
        shown.checked(1, 2)
    assert stream.getvalue() == ""


def test_it_can_be_switched_off(terminal: Console) -> None:
    """For ``--quiet``, and for a terminal that something else writes to."""
    with Progress(terminal, enabled=False) as shown:
        shown.looking("listing pods")
    assert written(terminal) == ""


def test_a_terminal_sees_one_line_that_goes_away(terminal: Console) -> None:
    """Each change takes the place of the last; in the end the line is empty again."""
    with Progress(terminal) as shown:
        shown.looking("listing pods")
        shown.looking("listing services")
    assert written(terminal) == f"{ERASED}looking: listing pods{ERASED}looking: listing services{ERASED}"


def test_the_line_goes_away_when_the_run_breaks_off(terminal: Console) -> None:
    """The message of an error begins at the margin."""
    with contextlib.suppress(KeyboardInterrupt), Progress(terminal) as shown:
        shown.looking("listing pods")
        raise KeyboardInterrupt
    assert written(terminal).endswith(ERASED)


def test_thousands_of_outcomes_change_the_line_a_few_times(terminal: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times a second, and always at the end."""
    now = iter(number * 0.001 for number in range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    shown = Progress(terminal)
    for number in range(1, 1_001):
        shown.checked(number, 1_000)
    assert 5 <= written(terminal).count("checking: ") <= 15
    assert written(terminal).endswith("checking: 1,000 of 1,000")


def test_what_is_looked_at_cannot_act_on_the_terminal(terminal: Console) -> None:
    """A namespace's name is shown like any other text: legible, on one line, no wider than the terminal."""
    Progress(terminal).looking("\x1b]0;owned\x07\nforged " + "x" * 200)
    line = written(terminal).removeprefix(ERASED)
    assert line.startswith("looking: \\x1b]0;owned\\x07 | forged xxx")
    assert len(line) < 80
