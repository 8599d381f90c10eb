"""How large the page of the reference installation is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from cx_conformance.reports.formats.json_report import read_json

MOST = 500_000
"""Bytes: what is mailed, opened on a telephone, kept for every night."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("release", "in_full"), [pytest.param("4.5.3", 1.0, marks=pytest.mark.long), ("5.1", 0.25)])
def test_the_page_of_the_reference_installation_is_small_and_has_every_outcome(
    release: str, in_full: float, tmp_path: Path
) -> None:
    """Every outcome has its anchor; those of 4.5.3 have their evidence too, of 5.1 as many as there is room for."""
    words = [sys.executable, "-m", "cx_conformance", "run", "--sandbox", "--release", release, "--no-pdf"]
    ended = subprocess.run([*words, "--report", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (tmp_path / "report.html").exists(), ended.stdout + ended.stderr
    source = (tmp_path / "report.html").read_bytes()
    assert len(source) <= MOST
    document: Any = lxml.html.document_fromstring(source.decode())
    outcomes = len(read_json(tmp_path / "report.json").outcomes)
    assert len(document.xpath("//*[starts-with(@id, 'o-')]")) == outcomes
    assert len(document.xpath("//tr[starts-with(@id, 'o-')]")) >= in_full * outcomes
