import errno
import os
import stat
from pathlib import Path

import pytest

from cx_conformance.reports.formats.json_report import read_json
from cx_conformance.reports.formats.junit import write_junit
from cx_conformance.reports.pack import directory as reports
from cx_conformance.reports.pack.directory import prepare_directory, write_report
from cx_conformance.reports.writing import ReportNotWritten, replacing
from tests.reports import made_up


def test_a_run_leaves_its_reports_in_a_directory_that_is_made_for_them(tmp_path: Path) -> None:
    """``--report a/b`` needs neither to exist."""
    paths = write_report(made_up.conformant(), tmp_path / "a" / "b", paper=False)
    assert [path.name for path in paths] == [
        *("report.json", "junit.xml", "metrics.prom", "report.html", "attestation.json", "README.txt", "SHA256SUMS")
    ]
    assert read_json(paths[0]).verdict == "conformant"
    assert sorted((tmp_path / "a" / "b").iterdir()) == sorted(paths)


def test_the_next_night_replaces_the_reports_of_the_last(tmp_path: Path) -> None:
    """A nightly run may keep to one directory."""
    write_report(made_up.three_failures(), tmp_path, paper=False)
    write_report(made_up.conformant(), tmp_path, paper=False)
    assert read_json(tmp_path / "report.json").verdict == "conformant"
    assert b'failures="0"' in (tmp_path / "junit.xml").read_bytes()


@pytest.mark.parametrize("name", ["junit.xml", "metrics.prom", "report.html", "report.json"])
def test_a_file_that_something_else_wrote_is_kept(name: str, tmp_path: Path) -> None:
    """It is said before the run, not after it."""
    (tmp_path / name).write_text('<testsuites name="pytest tests">{"schema": 1}')
    with pytest.raises(ReportNotWritten, match=f"{name}: it is not a report of this suite; move it away"):
        prepare_directory(tmp_path)
    assert (tmp_path / name).read_text().startswith("<testsuites name=")


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    """The sentence says that it is a file."""
    (tmp_path / "out").write_text("")
    with pytest.raises(ReportNotWritten, match="out: it is a file; name a directory"):
        write_report(made_up.conformant(), tmp_path / "out", paper=False)
    with pytest.raises(ReportNotWritten, match="a part of the path is a file"):
        write_report(made_up.conformant(), tmp_path / "out" / "deeper")


def test_a_directory_in_the_place_of_a_report_is_named(tmp_path: Path) -> None:
    """The sentence says that it is a directory, and nothing is left beside it."""
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(ReportNotWritten, match=r"junit\.xml: it is a directory; name a file"):
        write_junit(made_up.conformant(), tmp_path / "junit.xml")
    assert [one.name for one in tmp_path.iterdir()] == ["junit.xml"]


def write_half(path: Path, then: BaseException) -> None:
    """Begin to replace ``path``, and meet an exception."""
    with replacing(path) as file:
        file.write(b"half")
        raise then


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "no space is left"),
        (errno.EACCES, "the account may not write there"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "name another place"),
    ],
)
def test_what_the_system_refuses_is_said_in_a_sentence(number: int, told: str, tmp_path: Path) -> None:
    """And neither half a file nor a temporary one is left."""
    (tmp_path / "report.json").write_text("the old one")
    with pytest.raises(ReportNotWritten, match=f"could not write .*report.json: .*{told}"):
        write_half(tmp_path / "report.json", OSError(number, os.strerror(number)))
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "the old one"


def test_an_interruption_leaves_the_old_report(tmp_path: Path) -> None:
    """Ctrl-C while a file is written is not half a file."""
    write_report(made_up.conformant(), tmp_path, paper=False)
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "report.json", KeyboardInterrupt())
    assert read_json(tmp_path / "report.json").verdict == "conformant"
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".tmp")]


def test_one_report_is_written_when_the_other_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what was found out is better than nothing."""

    def full(*_: object) -> None:
        raise ReportNotWritten("could not write report.json: no space is left on the device")

    monkeypatch.setattr(reports, "write_json", full)
    with pytest.raises(ReportNotWritten):
        write_report(made_up.conformant(), tmp_path, paper=False)
    assert {"junit.xml", "metrics.prom", "report.html"} < {one.name for one in tmp_path.iterdir()}
    assert not (tmp_path / "report.json").exists()


def test_a_folder_made_for_a_pack_is_the_accounts_own(tmp_path: Path) -> None:
    """What is broken, and how, is nobody else's to read; a folder that is there keeps its mode."""
    previous = os.umask(0o022)
    try:
        write_report(made_up.conformant(), tmp_path / "new", paper=False)
        (tmp_path / "there").mkdir(mode=0o755)
        write_report(made_up.conformant(), tmp_path / "there", paper=False)
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "there").stat().st_mode) == 0o755


def test_reports_are_as_readable_as_the_account_makes_its_files(tmp_path: Path) -> None:
    """A CI server collects them under another account: the mode follows the umask."""
    previous = os.umask(0o022)
    try:
        paths = write_report(made_up.conformant(), tmp_path, paper=False)
    finally:
        os.umask(previous)
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o644}
