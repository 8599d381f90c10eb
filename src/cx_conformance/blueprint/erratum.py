"""A cell of the page that is cut off, misspelt or wrong."""

from typing import Literal

from pydantic import Field

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.promise import Model


class Erratum(Model):
    """What a cell of the page says, what is used instead, and why."""

    component: ComponentId
    field: str = Field(examples=["Port-name"])
    """The page's column."""
    page: str
    """What the page says, letter by letter."""
    used: str
    """What the blueprint uses; empty: nothing is promised."""
    why: str
    source: str
    """Where the better value comes from."""
    edition: tuple[Literal["handed-over", "4.5.3"], ...] = ("handed-over", "4.5.3")
    """Which editions of the page say so: the one handed over, the one published for CX 4.5.3."""
