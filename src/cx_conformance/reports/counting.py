"""Numbers and lists of names as sentences have them."""

from collections.abc import Iterable
from typing import Final

from cx_conformance.outcome.outcome import Outcome, Result
from cx_conformance.outcome.roots import causes_of

NAMED: Final = 10
"""Names that a list has before it counts."""


def counted(number: int, what: str) -> str:
    """Return ``3 outcomes``, ``1 outcome``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def some(names: Iterable[str], most: int = NAMED) -> str:
    """Return the first names, each once, and how many more there are."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def of_causes(outcomes: Iterable[Outcome], result: Result) -> str:
    """Return ``3 causes break 29 promises of 22 components``."""
    every = tuple(outcomes)
    causes = len(causes_of(every, result))
    broken = [one for one in every if one.result is result]
    components = counted(len({one.component for one in broken}), "component")
    verb = "breaks" if causes == 1 else "break"
    return f"{counted(causes, 'cause')} {verb} {counted(len(broken), 'promise')} of {components}"
