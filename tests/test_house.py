"""The house: what its description says of it."""

import ast
import re
from pathlib import Path

import pytest

from cx_conformance import __version__

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "cx_conformance"
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
MODULES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "checks").glob("*.py")])


def docstring(path: Path) -> str:
    """Return what a module says of itself."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


@pytest.mark.parametrize("room", [room for room in ROOMS if room != PACKAGE], ids=lambda room: room.name)
def test_every_room_stands_in_the_architecture_with_its_own_first_sentence(room: Path) -> None:
    """Whoever renames a room, or changes what belongs in it, changes the page."""
    name = room.relative_to(PACKAGE).as_posix()
    sentence = " ".join(docstring(room / "__init__.py").split("\n\n")[0].split())
    assert f"`{name}/`" in ARCHITECTURE
    assert sentence in " ".join(ARCHITECTURE.split())


def test_beside_the_rooms_lies_only_what_the_console_script_needs() -> None:
    """A new module belongs in a room."""
    loose = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert loose == {"__init__.py", "__main__.py", "py.typed", "standard_streams.py"}


def test_a_module_of_more_than_300_lines_says_why_it_is_long() -> None:
    """A file fits in a head, or tells its reader why it does not."""
    long = [path for path in MODULES if len(path.read_text(encoding="utf-8").splitlines()) > 300]
    assert [path.relative_to(ROOT).as_posix() for path in long if not re.search(r"\blong\b", docstring(path))] == []


def test_the_changelog_has_a_dated_section_for_this_version() -> None:
    """The version that the command says is one that the changelog tells of."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\S+) - (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    assert versions[0][0] == __version__
    assert [date for _, date in versions] == sorted((date for _, date in versions), reverse=True)
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) in ([], ["Unreleased"])
