"""Nothing that a server calls something leads outside of a pack, and a pack is whole or known not to be."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cx_conformance.cluster.dossier import Dossier
from cx_conformance.objects.event import event
from cx_conformance.reports.held_signals import held_signals
from cx_conformance.reports.pack import directory as pack_directory
from cx_conformance.reports.pack.directory import write_report
from cx_conformance.reports.pack.places import file_name, place_in
from cx_conformance.reports.pack.verifying import verify
from cx_conformance.reports.writing import ReportNotWritten
from tests.reports import made_up

NAMES = (
    "/../../../outside",
    "..",
    ".",
    "",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "\x1b[2J",
    ".hidden",
    "~root",
    "CON",
    "x" * 5000,
    "ü" * 300,
    "\ud800",
    "%2e%2e",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_becomes_one_file_inside(name: str, tmp_path: Path) -> None:
    """Whatever a container, a pod or a component is called."""
    folder = tmp_path / "deep" / "pack"
    dossiers = [Dossier(name, logs={f"pod.{name}": "one\n", name: "two\n"}, missing=["x"])]
    write_report(made_up.three_failures(), folder, paper=False, dossiers=dossiers)
    assert [one.name for one in tmp_path.rglob("*") if not one.is_relative_to(folder)] == ["deep"]
    logs = list(folder.glob("evidence/*/logs/*"))
    assert len(logs) == 2
    assert all(path.parent.name == "logs" and path.name.isascii() and path.name.isprintable() for path in logs)
    assert verify(folder).problems == []


def test_two_names_never_become_one() -> None:
    """Else one log would be written over another."""
    assert len({file_name(name) for name in NAMES}) == len(NAMES)
    assert file_name("pod-1.ccm") == "pod-1.ccm"


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    """Somebody put it where the evidence goes."""
    (tmp_path / "elsewhere").mkdir()
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "evidence").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReportNotWritten, match="evidence: it is a symbolic link"):
        write_report(made_up.three_failures(), pack, paper=False, dossiers=[Dossier("ccm", missing=["x"])])
    assert list((tmp_path / "elsewhere").iterdir()) == []
    with pytest.raises(ReportNotWritten):
        place_in(pack, "evidence", "x")


def test_one_file_that_fails_does_not_take_the_others_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attestation, README and sums are there, and the README names what is not."""

    def deep(*_: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(pack_directory, "write_html", deep)
    with pytest.raises(ReportNotWritten, match=r"report\.html: RecursionError"):
        write_report(made_up.three_failures(), tmp_path, paper=False)
    assert {"attestation.json", "README.txt", "SHA256SUMS", "report.json"} <= {one.name for one in tmp_path.iterdir()}
    assert "Not here: report.html (could not write report.html: RecursionError" in (tmp_path / "README.txt").read_text()
    assert verify(tmp_path).problems == []


def test_an_object_that_nests_without_end_costs_itself_alone(tmp_path: Path) -> None:
    """A server may nest what it likes; YAML cannot follow it, and all that is not evidence is whole."""
    deep: dict[str, Any] = {"kind": "Pod"}
    for _ in range(5000):
        deep = {"spec": deep}
    with pytest.raises(ReportNotWritten, match="could not write evidence: RecursionError"):
        write_report(made_up.three_failures(), tmp_path, paper=False, dossiers=[Dossier("ccm", objects=[deep])])
    assert {"attestation.json", "README.txt", "SHA256SUMS", "report.html", "report.json"} <= {
        one.name for one in tmp_path.iterdir()
    }
    assert "Not here: evidence" in (tmp_path / "README.txt").read_text()
    assert verify(tmp_path).problems == []


def test_what_a_night_lacks_is_not_left_from_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of yesterday beside a report of today would be believed."""
    write_report(made_up.conformant(), tmp_path, paper=False)
    monkeypatch.setattr(pack_directory, "write_html", lambda *_: 1 / 0)
    with pytest.raises(ReportNotWritten):
        write_report(made_up.three_failures(), tmp_path, paper=False)
    assert not (tmp_path / "report.html").exists()


def test_a_signal_comes_when_the_pack_is_whole() -> None:
    """It is held back while the files are moved, and is not lost."""
    done = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def write() -> None:
        with held_signals():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("whole")

    try:
        with pytest.raises(KeyboardInterrupt):
            write()
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["whole"]


KILLED = """
import os, signal, sys
from pathlib import Path
from cx_conformance.reports.pack import swapping
from cx_conformance.reports.pack.directory import write_report
from tests.reports import made_up
folder, after = Path(sys.argv[1]), int(sys.argv[2])
write_report(made_up.conformant(), folder, paper=False)
moved, move = [], swapping._move
def die(*given):
    if len(moved) == after:
        os.kill(os.getpid(), signal.SIGKILL)
    moved.append(move(*given))
swapping._move = die
write_report(made_up.three_failures(), folder, paper=False)
"""


@pytest.mark.parametrize("after", [0, 3])
def test_a_kill_leaves_no_pack_that_looks_whole(after: int, tmp_path: Path) -> None:
    """There are no sums then; the next run begins anew and leaves nothing of it behind."""
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(after)], check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    assert any("SHA256SUMS is not there" in one for one in verify(tmp_path).problems)
    write_report(made_up.conformant(), tmp_path, paper=False)
    assert verify(tmp_path).problems == []
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_a_line_feed_forges_no_line_of_evidence(tmp_path: Path) -> None:
    """What is said of one container, or not read, is one line."""
    forged = "ccm: running\nredis: running, ready"
    about = {"kind": "Pod", "name": "ccm-1", "namespace": "expertflow"}
    told = event({"involvedObject": about, "type": "Warning", "reason": "BackOff\r\nx", "message": forged})
    write_report(
        made_up.three_failures(),
        tmp_path,
        paper=False,
        dossiers=[Dossier("ccm", containers=[forged], missing=[forged], events=[told])],
    )
    (line,) = (tmp_path / "evidence" / "ccm" / "events.txt").read_text().splitlines()
    assert line.endswith(f"Warning BackOff | x Pod/ccm-1: {forged.replace(chr(10), ' | ')}")
    for name in ("containers.txt", "not-read.txt"):
        assert (tmp_path / "evidence" / "ccm" / name).read_text() == "ccm: running | redis: running, ready\n"
