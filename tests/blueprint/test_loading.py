from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.loading import Loaded, load_blueprint
from cx_conformance.blueprint.problems import InputProblems, Position


def test_the_shipped_blueprint_loads_and_knows_its_lines(loaded: Loaded[Blueprint]) -> None:
    """Every entry of the loaded document leads back to the line that says it."""
    line = loaded.line_of("components", "ccm", "service", "name")
    assert loaded.path.read_text().splitlines()[line - 1].strip() == "name: ef-ccm-svc"
    assert len(loaded.document.components) == 29


def test_a_wrong_port_is_told_with_file_line_column_and_path(loaded: Loaded[Blueprint], tmp_path: Path) -> None:
    """The message begins with the place, and ends with what is allowed."""
    wrong = tmp_path / "wrong.yaml"
    right = loaded.path.read_text()
    wrong.write_text(right.replace("port: 8081, name: http-ccm-8081", "port: 99999, name: http-ccm-8081"))
    with pytest.raises(InputProblems) as told:
        load_blueprint(wrong)
    line = loaded.line_of("components", "ccm", "containerPorts", 0, "port")
    assert told.value.problems[0].position == Position(line, 16)
    assert str(told.value).startswith(
        f"{wrong}:{line}:16: components.ccm.containerPorts[0].port: found the number 99999;"
    )
