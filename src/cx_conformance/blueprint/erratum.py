"""A cell of the page that is cut off, misspelt or wrong."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.promise import Model


class Edition(StrEnum):
    """The two forms in which the page is known."""

    HANDED_OVER = "handed-over"
    """The page as a plain text, in which narrow cells are cut off."""
    PUBLISHED = "4.5.3"
    """The page as published for CX 4.5.3; 4.4 to 4.10 say the same."""


class Erratum(Model):
    """What a cell of the page says, what is used instead, and why."""

    component: ComponentId | None = None
    """None: it is about a whole column, or about a section below the tables."""
    field: Annotated[str, Field(min_length=1, examples=["Port-name"])]
    """The page's column, or the heading of its section."""
    page: str
    """What the page says, letter by letter; empty: the cell is empty."""
    used: str
    """What the blueprint uses, written as the page would; empty: nothing is promised."""
    also: tuple[str, ...] = ()
    """What is accepted too, with a note: other spellings, kinds, ports, paths, callees."""
    why: Annotated[str, Field(min_length=1)]
    """What is wrong with the cell, or known about it."""
    source: Annotated[str, Field(min_length=1, examples=["the vendor's charts"])]
    """Where the better value comes from."""
    edition: tuple[Edition, ...] = (Edition.HANDED_OVER, Edition.PUBLISHED)
    """Which editions of the page say so."""
