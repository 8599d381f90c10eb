"""Remembers how every promise ended, night by night, in one SQLite file.

One transaction a night: a run that is killed while it writes leaves the file as it was. The rollback journal rather
than the write-ahead log, because the latter does not work on network file systems, and a claim may well be one.
https://www.sqlite.org/wal.html
"""

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from cx_conformance.outcome.nights import STRIP, Night
from cx_conformance.outcome.outcome import Result
from cx_conformance.outcome.record import RunRecord

if TYPE_CHECKING:
    from cx_conformance.outcome.comparison import Key

APPLICATION_ID: Final = 0x43584E54
"""What marks the file as ours in its header."""
_FIRST_BYTES: Final = b"SQLite format 3\0"
WAIT_S: Final = 20.0
"""How long a run waits for another one that is writing."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE night (
            id INTEGER PRIMARY KEY, site TEXT NOT NULL, cluster_uid TEXT NOT NULL, started TEXT NOT NULL,
            verdict TEXT NOT NULL, partial INTEGER NOT NULL, outcomes INTEGER NOT NULL,
            UNIQUE (site, cluster_uid, started)) STRICT""",
        """CREATE TABLE promise (
            id INTEGER PRIMARY KEY, "check" TEXT NOT NULL, component TEXT NOT NULL, entry TEXT NOT NULL,
            UNIQUE ("check", component, entry)) STRICT""",
        """CREATE TABLE outcome (
            night INTEGER NOT NULL REFERENCES night ON DELETE CASCADE, promise INTEGER NOT NULL REFERENCES promise,
            result TEXT NOT NULL, PRIMARY KEY (night, promise)) STRICT, WITHOUT ROWID""",
    ),
)
"""What leads from each version of the file to the next; the version is SQLite's ``user_version``."""


class HistoryNotUsable(Exception):  # noqa: N818 - what is the matter with the file
    """The file cannot be read or written; the text says why, and what to do."""


class History:
    """The nights that a file remembers; use it in a ``with`` statement."""

    def __init__(self, path: Path, wait: float = WAIT_S) -> None:
        """Open ``path``, or begin it, waiting ``wait`` seconds for whoever is writing; raises HistoryNotUsable.

        A damaged file is set aside under a name of its own, and a new one begun.
        """
        self.path = path
        self.set_aside: Path | None = None
        """Where the damaged file is now."""
        self.skipped: list[str] = []
        """Which nights are not whole, in sentences; filled by ``nights``."""
        with _in_sentences(path):
            try:
                _refuse_other_files(path)
                self._connection = _opened(path, wait)
            except _Damaged:
                self.set_aside = _beside(path)
                _move(path, self.set_aside)
                self._connection = _opened(path, wait)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, record: RunRecord) -> None:
        """Remember a run; the same one is not remembered twice. Raises HistoryNotUsable."""
        results = {one.key: one.result for one in record.outcomes}
        uid = record.cluster.uid if record.cluster else ""
        run = (record.site.name, uid, record.started.astimezone(dt.UTC).isoformat())
        with _in_sentences(self.path), _transaction(self._connection) as at:
            at.execute("DELETE FROM night WHERE site = ? AND cluster_uid = ? AND started = ?", run)
            at.executemany(
                'INSERT INTO promise ("check", component, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', results
            )
            night = at.execute(
                "INSERT INTO night (site, cluster_uid, started, verdict, partial, outcomes) VALUES (?, ?, ?, ?, ?, ?)",
                (*run, str(record.verdict), record.partial, len(results)),
            ).lastrowid
            at.executemany(
                "INSERT INTO outcome (night, promise, result) SELECT ?, id, ? FROM promise"
                ' WHERE "check" = ? AND component = ? AND entry = ?',
                ((night, str(result), *key) for key, result in results.items()),
            )

    def nights(self, record: RunRecord, last: int = STRIP) -> list[Night]:
        """Return the last nights of the same installation before ``record``, oldest first. Raises HistoryNotUsable.

        A night that is not whole is left out and named in ``skipped``. A run that could not reach its cluster, and so
        does not know its uid, counts as one of every cluster of its site.
        """
        uid = record.cluster.uid if record.cluster else ""
        with _in_sentences(self.path):
            rows = self._connection.execute(
                "SELECT id, started, verdict, partial, outcomes FROM night"
                " WHERE site = ? AND (cluster_uid IN (?, '') OR ? = '') AND started < ? ORDER BY started DESC LIMIT ?",
                (record.site.name, uid, uid, record.started.astimezone(dt.UTC).isoformat(), last),
            ).fetchall()
            found = [self._night(*row) for row in rows]
        return [night for night in reversed(found) if night is not None]

    def _night(self, identity: int, started: str, verdict: str, partial: int, promised: int) -> Night | None:
        rows = self._connection.execute(
            'SELECT "check", component, entry, result FROM outcome JOIN promise ON promise.id = outcome.promise'
            " WHERE night = ?",
            (identity,),
        )
        results: dict[Key, Result] = {}
        for check, component, entry, result in rows:
            with suppress(ValueError):
                results[check, component, entry] = Result(result)
        when = _moment(started)
        if when is None:
            self.skipped.append(f"a night in {self.path} has no date that can be read; it is left out")
            return None
        if len(results) != promised:
            self.skipped.append(
                f"the night of {started} in {self.path} is not whole: {len(results)} of its {promised} outcomes are"
                " there; it is left out"
            )
            return None
        return Night(started=when, verdict=str(verdict), partial=bool(partial), results=results)


def _moment(written: object) -> dt.datetime | None:
    try:
        when = dt.datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=dt.UTC)


class _Damaged(Exception):  # noqa: N818 - what is the matter with the file
    """The file is not a whole SQLite database."""


def is_database(content: bytes) -> bool:
    """Whether a file that begins so is an SQLite database, damaged or not; an empty one becomes one."""
    return not content or content.startswith(_FIRST_BYTES)


def _refuse_other_files(path: Path) -> None:
    """Raise HistoryNotUsable for a file that was never a database, or is none: somebody named the wrong one."""
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise HistoryNotUsable(f"{path} is no file, and is left alone; name another for --history")
    try:
        with path.open("rb") as file:
            content = file.read(len(_FIRST_BYTES))
    except FileNotFoundError:
        with suppress(OSError):
            path.touch(mode=0o600)  # what was broken, and when, is nobody else's to read
        return
    except OSError:
        return  # SQLite says why it cannot be opened
    if not is_database(content):
        raise HistoryNotUsable(f"{path} is no database, and is left alone; name another file for --history")


def _opened(path: Path, wait: float) -> sqlite3.Connection:
    """Open the file, see that it is whole and ours, and bring it to this version."""
    connection = sqlite3.connect(path, timeout=wait, isolation_level=None)
    # A database may hold views without end: whatever it makes of our questions is ended.
    ends = time.monotonic() + WAIT_S
    connection.set_progress_handler(lambda: time.monotonic() > ends, 100_000)
    try:
        try:
            _whole(connection)
        except sqlite3.OperationalError:
            raise  # locked, or not to be opened: that is no damage
        except sqlite3.DatabaseError as reason:
            raise _Damaged from reason
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _whole(connection: sqlite3.Connection) -> None:
    ((said,),) = connection.execute("PRAGMA integrity_check(1)").fetchall()
    if said != "ok":
        raise _Damaged


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    with _transaction(connection) as at:
        ((mark,),) = at.execute("PRAGMA application_id")
        ((version,),) = at.execute("PRAGMA user_version")
        ((tables,),) = at.execute("SELECT count(*) FROM sqlite_schema")
        if mark != APPLICATION_ID and (tables or version):
            raise HistoryNotUsable(f"{path} is the database of another program; name another file for --history")
        ((foreign,),) = at.execute("SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')")
        if foreign:
            raise HistoryNotUsable(f"{path} holds views or triggers, which no history does; name another file")
        if version > len(MIGRATIONS):
            raise HistoryNotUsable(
                f"{path} was written by a newer version of this suite (file version {version}, known is"
                f" {len(MIGRATIONS)}); use that version, or name another file"
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                at.execute(statement)
        if version < len(MIGRATIONS):
            at.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            at.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """Give a cursor whose changes are there together or not at all; no other run writes meanwhile."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield cursor
        except BaseException:
            connection.rollback()
            raise
        connection.commit()


@contextmanager
def _in_sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as reason:
        raise HistoryNotUsable(f"could not use the history {path}: {reason}; see that it can be written") from reason


def _beside(path: Path) -> Path:
    """Return a name that nothing has yet."""
    stamp = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}"
    names = (path.with_name(f"{path.name}.damaged-{stamp}{more}") for more in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(name for name in names if not name.exists())


def _move(path: Path, aside: Path) -> None:
    try:
        path.rename(aside)
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():
            journal.rename(aside.with_name(f"{aside.name}-journal"))
    except OSError as reason:
        raise HistoryNotUsable(
            f"the history {path} is damaged and could not be set aside: {reason.strerror}; move it away"
        ) from reason
