"""What a lint rule finds, and the register of rules."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from cx_conformance.blueprint.document import Blueprint
from cx_conformance.blueprint.problems import DocumentPath, Position


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """The blueprint contradicts itself: checks made from it would be wrong."""
    WARNING = "warning"
    """The page disagrees with itself; the suite knows what to do with it."""


class Spot(Struct, frozen=True):
    """What a rule has found, before it is known where it stands in the file."""

    path: DocumentPath
    message: str
    about: str | None = None
    """The other component, name or port that it is about."""


class Finding(Struct, frozen=True):
    """One inconsistency of a blueprint."""

    id: str
    level: Level
    path: DocumentPath
    message: str
    position: Position
    about: str | None = None
    reason: str | None = None
    """Why it is known and accepted; None: nobody has said."""


Look = Callable[[Blueprint], Iterator[Spot]]


class Rule(Struct, frozen=True):
    """One consistency that every blueprint has."""

    id: str
    level: Level
    look: Look

    @property
    def title(self) -> str:
        """Return the rule in one sentence: the first line of its function's docstring."""
        return (self.look.__doc__ or "").split("\n")[0]


RULES: Final[dict[str, Rule]] = {}
"""Every rule by its ID."""


def rule(identifier: str, level: Level) -> Callable[[Look], Look]:
    """Register the decorated function as a rule; its docstring's first line is the rule in one sentence.

    ValueError: the ID is taken, or the docstring is missing.
    """

    def register(look: Look) -> Look:
        if identifier in RULES or not look.__doc__:
            raise ValueError(f"{identifier}: a lint rule needs an ID of its own and a docstring")
        RULES[identifier] = Rule(identifier, level, look)
        return look

    return register
