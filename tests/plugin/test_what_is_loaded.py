"""A run loads what it needs: half of a short one is imports."""

from pathlib import Path

from cx_conformance.run.suite_files import suite_root
from tests.plugin.runs import python

HEAVY = ("httpx", "jinja2", "pymongo", "redis", "minio", "stomp", "websockets", "cx_conformance.reports.pack")
RUN = f"""
import sys
from cx_conformance.__main__ import main
main(["run", "--static", "--snapshot", sys.argv[1]])
print("loaded:", sorted(set(sys.modules) & set({HEAVY!r})))
"""


def test_a_static_run_without_a_report_loads_neither_clients_nor_pages(without_ccm: Path) -> None:
    """They take a third as long again as such a run."""
    done = python("-c", RUN, without_ccm, root=suite_root())
    assert "loaded: []" in done.stdout, done.stdout + done.stderr
