"""An interrupt while a run leaves what it found behind: the report is written all the same."""

from pathlib import Path

import pytest

from cx_conformance.run.suite_files import suite_root
from tests.plugin.runs import Done, python, report

CUTTING = """
import signal
from importlib import import_module

module, name, left = import_module("cx_conformance.{module}"), "{name}", [signal.{number}] * {times}
begun = []
call = getattr(module, name)

def cut(*given, **named):
    begun.append(name)
    if left and len(begun) > {before}:
        signal.raise_signal(left.pop())
    return call(*given, **named)

setattr(module, name, cut)
"""
"""A plug-in: the process is told to end when a function is called, as often as is said."""


def cut_off(tmp_path: Path, snapshot: Path, where: str, times: int = 1, number: str = "SIGINT") -> Done:
    """Look at ``snapshot``, and be interrupted ``where`` a function is called."""
    module, _, name = where.rpartition(".")
    before = int(name == "record_of")  # which makes the header, too
    (tmp_path / "cutting.py").write_text(
        CUTTING.format(module=module, name=name, number=number, times=times, before=before)
    )
    given = ("--snapshot", snapshot, "--report", tmp_path / "report", "--junitxml", tmp_path / "junit.xml", "--no-pdf")
    more = ("-p", "cutting", "-o", f"pythonpath=src {tmp_path}")
    return python("-m", "cx_conformance", "run", *given, *more, root=suite_root())


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("plugin.reporting.record_of", "SIGINT"),
        ("run.leaving._dossiers", "SIGINT"),
        ("reports.pack.directory.write_json", "SIGTERM"),
        ("reports.pack.directory.write_html", "SIGINT"),
        ("reports.pack.directory.write_sums", "SIGHUP"),
        ("reports.formats.junit.write_junit", "SIGINT"),
        ("reports.terminal.summary.render", "SIGINT"),
    ],
)
def test_a_report_that_an_interrupt_cut_off_is_written_all_the_same(
    where: str, number: str, without_ccm: Path, tmp_path: Path
) -> None:
    """All was looked at by then, which is not to be lost: 130, and a whole pack of what was found."""
    done = cut_off(tmp_path, without_ccm, where, number=number)
    assert done.returncode == 130, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert report(tmp_path / "report")["verdict"] == "non-conformant"
    assert python("-m", "cx_conformance", "verify", tmp_path / "report", root=suite_root()).returncode == 0
    assert (tmp_path / "junit.xml").is_file()


def test_who_interrupts_twice_is_heard(without_ccm: Path, tmp_path: Path) -> None:
    """The verdict is told, and that a report lacks."""
    done = cut_off(tmp_path, without_ccm, "reports.pack.directory.write_html", times=2)
    assert done.returncode == 130
    assert "Verdict: non-conformant" in done.stdout
    assert "a report was not written: the run was interrupted again" in done.stderr
    assert not (tmp_path / "report" / "report.json").exists()
