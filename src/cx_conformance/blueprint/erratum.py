"""What the vendor got wrong: a cell of the page that is cut off or misspelt, a mistake in the charts of a release."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from cx_conformance.blueprint.component import ComponentId
from cx_conformance.blueprint.promise import Model, Source


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


class ChartErratum(Model):
    """What the vendor's own charts of a release get wrong; it is told once, as a note, and breaks no promise."""

    component: ComponentId | None = None
    """Whose objects show it; absent: those of every component that reads it."""
    kind: Literal["variable", "repeated", "port", "route", "selector", "class", "claim"]
    """What is wrong: the address in a ``variable``; a variable that is ``repeated`` in one container; where a ``port``
    of its Service or a ``route`` leads; whom the ``selector`` of its Service selects too; the storage ``class`` that a
    claim names; with whom a ``claim`` of one node is shared."""
    about: Annotated[str, Field(min_length=1, examples=["CONTROLLER_URL", "5000"])]
    """The variable, the number of the Service's port, the route's path, the name of the Service or of the claim."""
    says: Annotated[str, Field(min_length=1)]
    """What the charts say there: the address or a part of it, the targetPort, where the route leads, the CronJob whose
    pods are selected too, the class, the other component; of what is ``repeated`` how often."""
    why: Annotated[str, Field(min_length=1)]
    """What is wrong with it."""
    source: Source = Source.CHARTS
    """Where it comes from: the vendor's charts, or an installation that was captured as it is."""
