"""What a fault is, and how one is declared."""

import difflib
from collections.abc import Callable, Iterable

from msgspec import Struct

from cx_conformance.sandbox.faults.installation import CannotApply, Installation

__all__ = ["CannotApply", "Fault", "UnknownFault", "fault"]

Change = Callable[[Installation, str], None]
"""Changes the objects of an installation; the text is the fault's target."""


class UnknownFault(ValueError):  # noqa: N818 - the user's mistake, said in a sentence
    """There is no fault of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        """Name the nearest ones, then all."""
        names = list(known)
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ";"
        super().__init__(f"there is no fault {name!r}{hint} allowed are {', '.join(names)}")


class Fault(Struct, frozen=True):
    """One way in which an installation breaks."""

    name: str
    check: str
    """The check that finds it, or the area of those that do."""
    target: str
    """What it is aimed at when nothing else is said; empty where it has no target."""
    description: str
    change: Change
    found_as: str = "fail"
    """How it is told: ``fail``, ``error`` where it keeps from looking, ``note`` where the promise is kept still."""


def fault(check: str, target: str = "", *, found_as: str = "fail") -> Callable[[Change], Fault]:
    """Declare a function as a fault: its name and docstring are the fault's own."""

    def declare(change: Change) -> Fault:
        name = change.__name__.replace("_", "-")
        return Fault(name, check, target, (change.__doc__ or "").strip().rstrip("."), change, found_as)

    return declare
