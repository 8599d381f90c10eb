"""What the README tells a newcomer to type is what there is."""

import re
from pathlib import Path

import pytest

from cx_conformance.__main__ import COMMANDS
from cx_conformance.sandbox.faults import parse

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", re.findall(r"--sandbox=([a-z0-9:,-]+)", README))
def test_each_fault_of_the_readme_exists(fault: str) -> None:
    """A name that is none would end with status 2."""
    for name in fault.split(","):
        assert parse(name).target


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`?cx-conformance ([a-z]+)", README))))
def test_each_command_of_the_readme_exists(command: str) -> None:
    """Every subcommand that is shown can be typed."""
    assert command in COMMANDS


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_each_link_of_the_readme_leads_to_a_file(path: str) -> None:
    """A link that leads nowhere is a defect."""
    assert (Path(__file__).parents[1] / path).exists()
