"""Every cell of the page stands in the blueprint, or in its errata; read from the page anew, in both editions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.erratum import Edition
from cx_conformance.blueprint.page import COLUMNS, cells, same_cell

DATA = Path(__file__).parents[1] / "data"


def published_cells() -> Iterator[tuple[str, str, str]]:
    """Give component, heading and text of every non-empty cell of the page as published for CX 4.5.3."""
    headings: list[str] = []
    for line in (DATA / "blueprint-page-4.5.3.tsv").read_text(encoding="utf-8").splitlines():
        row = line.split("\t")
        if row[1] == "Component":
            headings = row
        else:
            # The first column is the row's number.
            yield from ((row[1], heading, text) for heading, text in zip(headings[1:], row[1:], strict=True) if text)


def handed_over_rows() -> dict[str, list[str]]:
    """Return the non-empty texts of each row of the page as handed over, where columns cannot be told apart."""
    text = (DATA / "blueprint-page-handed-over.txt").read_text(encoding="utf-8")
    tables = text[text.index("Component | Type") : text.index("Storage class\n")]
    rows = re.split(r"\n(?=[0-9]+ \| )", tables)[1:]
    found = {}
    for row in rows:
        own = row.partition("\nKubernetes Objects")[0]
        _, name, *texts = [part.strip() for part in own.split("|")]
        found[name] = [each for each in texts if each]
    return found


def test_every_cell_of_the_published_page_is_in_the_blueprint_or_the_errata(blueprint: Blueprint) -> None:
    """29 of 29 rows, no cell unaccounted for."""
    missing, rows = [], set()
    for name, heading, text in published_cells():
        rows.add(name)
        errata = [
            each.page
            for each in blueprint.errata
            if (each.component, each.field) == (name, heading) and Edition.PUBLISHED in each.edition
        ]
        if not same_cell(cells(name, blueprint)[heading], text) and text not in errata:
            missing.append((name, heading, text))
    assert missing == []
    assert rows == set(blueprint.components)
    assert len(rows) == 29


def test_every_text_of_the_page_as_handed_over_is_in_the_blueprint_or_the_errata(blueprint: Blueprint) -> None:
    """Its cut-off cells are errata of that edition."""
    missing = []
    rows = handed_over_rows()
    for name, texts in rows.items():
        known = list(cells(name, blueprint).values())
        known += [
            each.page for each in blueprint.errata if each.component == name and Edition.HANDED_OVER in each.edition
        ]
        missing += [(name, text) for text in texts if not any(same_cell(text, each) for each in known)]
    assert missing == []
    assert len(rows) == 29


def test_the_blueprint_says_nothing_in_a_cell_that_the_page_leaves_empty(blueprint: Blueprint) -> None:
    """Unless an erratum tells where it comes from."""
    said = {(name, heading) for name, heading, _ in published_cells()}
    errata = {(each.component, each.field) for each in blueprint.errata}
    invented = [
        (name, heading)
        for name in blueprint.components
        for heading, text in cells(name, blueprint).items()
        if text and (name, heading) not in said | errata
    ]
    assert invented == []


def test_errata_quote_the_edition_that_they_name(blueprint: Blueprint) -> None:
    """What an erratum says that the page says, the page says."""
    published = {(name, heading): text for name, heading, text in published_cells()}
    handed_over = handed_over_rows()
    for each in blueprint.errata:
        if each.component is None or not each.page:
            continue
        if Edition.PUBLISHED in each.edition:
            assert published[each.component, each.field] == each.page
        if Edition.HANDED_OVER in each.edition:
            assert any(same_cell(text, each.page) for text in handed_over[each.component]), each


def test_columns_are_those_of_the_page() -> None:
    """Headings, their order and their spelling."""
    lines = (DATA / "blueprint-page-4.5.3.tsv").read_text(encoding="utf-8").splitlines()
    headings = [tuple(line.split("\t")[1:]) for line in lines if line.startswith("\tComponent")]
    assert headings == list(COLUMNS.values())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CCM, File-engine", "ccm, file-engine", True),
        ("8088,5432", "8088, 5432", True),
        ("ef-ccm -cm", "ef-ccm-cm", False),
        ("a, b", "b, a", False),
    ],
)
def test_cells_are_compared_without_letter_case_and_blanks_after_commas(*, one: str, other: str, same: bool) -> None:
    """Order and blanks inside a name matter."""
    assert same_cell(one, other) is same
