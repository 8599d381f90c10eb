"""The file that remembers the nights."""

import datetime as dt
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from msgspec import structs

from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord
from cx_conformance.reports.nights import history as module
from cx_conformance.reports.nights.history import History, HistoryNotUsable
from tests.reports.made_up import STARTED, outcome, record

KEY: Final = ("CX203", "ccm", "ef-ccm-svc")


def night(day: int, result: Result = Result.PASS, **changed: object) -> RunRecord:
    """Return the run of a night."""
    return record(outcome(result), started=STARTED + dt.timedelta(days=day), **changed)


def remember(path: Path, *runs: RunRecord) -> None:
    """Write the runs."""
    with History(path) as history:
        for run in runs:
            history.add(run)


def results(path: Path, run: RunRecord) -> list[Result | None]:
    """Return what the nights before ``run`` say of the promise."""
    with History(path) as history:
        return [one.results.get(KEY) for one in history.nights(run)]


def test_nights_are_remembered_in_order(tmp_path: Path) -> None:
    """Whatever the order of writing; the night itself is not among those before it."""
    path = tmp_path / "history.sqlite"
    remember(path, night(2, Result.FAIL), night(0), night(1, Result.ERROR))

    assert results(path, night(3)) == [Result.PASS, Result.ERROR, Result.FAIL]
    assert results(path, night(2)) == [Result.PASS, Result.ERROR]


def test_a_run_is_remembered_once(tmp_path: Path) -> None:
    """The same run again replaces itself."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0), night(0, Result.FAIL))

    assert results(path, night(1)) == [Result.FAIL]


def test_installations_are_kept_apart(tmp_path: Path) -> None:
    """Another site is not looked at; a run that did not reach its cluster belongs to its site."""
    path = tmp_path / "history.sqlite"
    other = night(0).site.__class__(name="other")
    remember(path, night(0, site=other), night(1, Result.FAIL), night(2, Result.ERROR, cluster=None))

    assert results(path, night(3)) == [Result.FAIL, Result.ERROR]


def test_a_damaged_file_is_set_aside_and_named(tmp_path: Path) -> None:
    """Its bytes are kept, and a new file is begun."""
    path = tmp_path / "history.sqlite"
    remember(path, *(night(day) for day in range(3)))
    whole = bytearray(path.read_bytes())
    whole[4096:] = b"\x5a" * len(whole[4096:])
    path.write_bytes(whole)
    broken = path.read_bytes()

    with History(path) as history:
        assert history.set_aside is not None
        assert history.set_aside.name.startswith("history.sqlite.damaged-")
        assert history.set_aside.read_bytes() == broken
        history.add(night(5))
    assert results(path, night(6)) == [Result.PASS]


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """Somebody named the wrong one: it keeps its name and its bytes."""
    path = tmp_path / "accounts.txt"
    path.write_bytes(b"no database " * 100)
    with pytest.raises(HistoryNotUsable, match=r"accounts\.txt is no database, and is left alone"):
        History(path)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("accounts.txt", b"no database " * 100)]


@pytest.mark.parametrize("made", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_left_alone(made: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe would be waited for without end."""
    made(tmp_path / "nights")
    with pytest.raises(HistoryNotUsable, match="nights is no file, and is left alone; name another for --history"):
        History(tmp_path / "nights")


def test_a_new_history_is_the_accounts_own(tmp_path: Path) -> None:
    """What was broken, and when, is nobody else's to read."""
    remember(tmp_path / "history.sqlite", night(0))
    assert stat.S_IMODE((tmp_path / "history.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize("date", ["", "yesterday", "2026-13-45", 7])
def test_a_night_without_a_date_is_left_out_and_named(date: object, tmp_path: Path) -> None:
    """The others stay, and this run is remembered."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0), night(1, Result.FAIL))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE night SET started = ? WHERE id = 1", (str(date),))
    with History(path) as history:
        found = history.nights(night(3))
        assert len(found) == 1
        assert "has no date" in "".join(history.skipped) or str(date) > "2026-11"
        history.add(night(3))


def test_a_history_that_never_ends_is_refused(tmp_path: Path) -> None:
    """A view in the place of a table yields rows for ever."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0))
    with sqlite3.connect(path) as connection:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        connection.execute(f"CREATE VIEW more AS {endless}")
    with pytest.raises(HistoryNotUsable, match="views or triggers"):
        History(path)


def test_a_half_written_night_is_left_out_and_named(tmp_path: Path) -> None:
    """The others are there."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0), night(1))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM outcome WHERE night = 2")
    connection.close()

    with History(path) as history:
        assert len(history.nights(night(2))) == 1
        (told,) = history.skipped
        assert told.startswith("the night of 2026-11-24T02:00:05+00:00")
        assert "is not whole: 0 of its 1 outcomes are there; it is left out" in told


def test_a_run_that_dies_while_it_writes_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night is there whole or not at all."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0))
    broken = structs.replace(night(1), outcomes=(outcome(), outcome(entry=object())))
    with History(path) as history, pytest.raises(HistoryNotUsable, match="could not use the history"):
        history.add(broken)

    assert results(path, night(2)) == [Result.PASS]


def test_runs_that_end_together_wait_for_each_other(tmp_path: Path) -> None:
    """One writes at a time, and none is lost."""
    path = tmp_path / "history.sqlite"
    threads = [threading.Thread(target=remember, args=(path, night(day))) for day in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(results(path, night(9))) == 8


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into it."""
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(HistoryNotUsable, match="the database of another program"):
        History(path)
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_brought_forward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its nights are kept; an older suite then refuses it rather than misread it."""
    path = tmp_path / "history.sqlite"
    remember(path, night(0))
    newer = (*module.MIGRATIONS, ("ALTER TABLE night ADD COLUMN remark TEXT NOT NULL DEFAULT ''",))
    with monkeypatch.context() as patched:
        patched.setattr(module, "MIGRATIONS", newer)
        assert results(path, night(1)) == [Result.PASS]

    with pytest.raises(HistoryNotUsable, match="written by a newer version of this suite"):
        History(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No traceback of SQLite's."""
    with pytest.raises(HistoryNotUsable, match="could not use the history"):
        History(tmp_path / "missing" / "history.sqlite")
