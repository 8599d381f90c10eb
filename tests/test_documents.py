"""Pages beside the README: their links lead somewhere, and the commands that they show exist."""

import re
from pathlib import Path

import pytest

from cx_conformance.__main__ import COMMANDS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_commands_exist(page: Path) -> None:
    """A page that leads nowhere is a defect."""
    text = page.read_text(encoding="utf-8")
    dead = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not (DOCS / link).exists()]
    assert dead == []
    shown = set(re.findall(r"(?:^|`|\$ |bin/)cx-conformance ([a-z]+)(?=[ `\n])", text, re.MULTILINE))
    assert shown - set(COMMANDS) == set()


def test_the_troubles_are_twenty() -> None:
    """The most likely ones, each with what it means and what to do."""
    rows = [line for line in (DOCS / "troubleshooting.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len([line for line in rows if not line.startswith("| ---")]) == 20
