"""A situation: what is the matter, what the exit status must be, and how it is acted out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.situations.command import Done
from tests.situations.stage import Act

Play = Callable[[Act], Done]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One row of the page."""

    group: str
    name: str
    """The function's name: stable, and what a test is called by."""
    meaning: str
    """What is the matter: the function's docstring."""
    status: int
    """The exit status that a user is promised."""
    needs: str
    """What the machine has to have for it; empty: nothing."""
    play: Play


EVERY: Final[list[Situation]] = []
"""All situations in the order of the page, once their modules are imported."""


def situation(group: str, *, status: int, needs: str = "") -> Callable[[Play], Play]:
    """Add a function to the situations."""

    def add(play: Play) -> Play:
        EVERY.append(
            Situation(
                group=group,
                name=play.__name__,
                meaning=(play.__doc__ or "").rstrip("."),
                status=status,
                needs=needs,
                play=play,
            )
        )
        return play

    return add
