"""The reasons why something is not killed."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import yaml

from cx_conformance.blueprint.promise import Promise
from tests.campaign.facts import Fact

FILE = Path(__file__).with_name("survivors.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why facts are not broken, or why one way of breaking them is not seen."""

    reason: str
    field: str
    component: str = "*"
    where: str = "*"
    operator: str | None = None

    def explains(self, fact: Fact, operator: str | None) -> bool:
        """Tell whether it speaks of this fact and this way of breaking it (None: no way at all)."""
        components = self.component.strip("{}").split(",")
        return (
            operator == self.operator
            and fnmatchcase(fact.field, self.field)
            and any(fnmatchcase(fact.component, one) for one in components)
            # Brackets stand in places for what they are.
            and fnmatchcase(fact.where.replace("[", "("), self.where.replace("[", "("))
        )


@cache
def reasons() -> tuple[Reason, ...]:
    """Return every reason of the data file."""
    return tuple(Reason(**one) for one in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def reason_for(fact: Fact, operator: str | None) -> Reason | None:
    """Return the reason that is written down, if any."""
    return next((one for one in reasons() if one.explains(fact, operator)), None)


def optional(fact: Fact) -> bool:
    """Tell whether the promise may be absent by the blueprint's own word, with its reason there."""
    return any(isinstance(one, Promise) and one.optional for one in fact.holders)


def unexplained(facts: Iterable[Fact]) -> list[str]:
    """Return the names of the facts that nothing breaks and no reason explains."""
    return [one.name for one in facts if not optional(one) and reason_for(one, None) is None]
