"""Every store in every condition: the page docs/stores.md is what really is found and said."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from cx_conformance.probes.stores.trouble import Kind
from cx_conformance.sandbox.stores.certificates import Authority
from tests.probes.stores import matrix, stage
from tests.probes.stores.matrix import Cell
from tests.sandbox.stores.wanted import wanted


@pytest.fixture(scope="module")
def cells(authority: Authority, password: SecretStr, tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    """Give every cell of the matrix, asked once."""
    wanted(stage.missing())
    with stage.Stage(authority, password, tmp_path_factory.mktemp("matrix")) as everything:
        return matrix.cells(everything)


def test_the_page_is_what_is_found(cells: list[Cell]) -> None:
    """docs/stores.md is generated; when it is stale, run ``python -m tests.probes.stores.matrix``."""
    assert matrix.page(cells).splitlines() == matrix.PAGE.read_text("utf-8").splitlines()


def test_only_the_good_are_well(cells: list[Cell]) -> None:
    """No fault passes, and a store without faults does."""
    assert {cell.condition for cell in cells if cell.short == "well"} == {"good"}


def test_nothing_is_said_that_helps_nobody(cells: list[Cell]) -> None:
    """No cell is a traceback, an unknown error, or a client that gave up."""
    unhelpful = ("Traceback", "unknown error", "None", "Exception", "errno", "object at 0x")
    assert [cell for cell in cells if cell.kind is Kind.GAVE_UP] == []
    assert [cell for cell in cells if any(word.lower() in cell.words.lower() for word in unhelpful)] == []


def test_no_password_stands_on_the_page(password: SecretStr) -> None:
    """The page is made with a planted password, and holds it nowhere."""
    text = Path(matrix.PAGE).read_text("utf-8")
    found = password.get_secret_value() in text
    assert not found
