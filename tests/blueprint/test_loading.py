from pathlib import Path

import pytest

from cx_conformance.blueprint.loading import load_blueprint
from cx_conformance.blueprint.problems import InputProblems, Position

SHIPPED = Path(__file__).parents[2] / "blueprint.yaml"


def test_the_shipped_blueprint_loads_and_knows_its_lines() -> None:
    """Every entry of the loaded document leads back to the line that says it."""
    loaded = load_blueprint(SHIPPED)
    line = loaded.line_of("components", "ccm", "service", "name")
    assert SHIPPED.read_text().splitlines()[line - 1].strip() == "name: ef-ccm-svc"
    assert len(loaded.document.components) == 29


def test_a_wrong_port_is_told_with_file_line_column_and_path(tmp_path: Path) -> None:
    """The message begins with the place, and ends with what is allowed."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(SHIPPED.read_text().replace("port: 8081, name: http-ccm-8081", "port: 99999, name: http-ccm-8081"))
    with pytest.raises(InputProblems) as told:
        load_blueprint(wrong)
    assert told.value.problems[0].position == Position(83, 16)
    assert str(told.value).startswith(f"{wrong}:83:16: components.ccm.containerPorts[0].port: found the number 99999;")
