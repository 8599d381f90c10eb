"""Mutants that survive and change nothing that anybody sees, each with its reason: ``justified.yaml``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tests.mutants.mutating import Mutant

FILE: Final = Path(__file__).with_name("justified.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one mutant, or several of one line, may survive."""

    file: str
    where: str
    """The function, or the constant, that is changed."""
    before: str
    """The line as it is."""
    after: tuple[str, ...]
    """What it is changed to."""
    why: str

    def is_of(self, mutant: Mutant) -> bool:
        """Tell whether it is about this mutant."""
        return (self.where, self.before) == (mutant.where, mutant.before) and mutant.after in self.after


def reasons(file: str) -> list[Reason]:
    """Return the reasons that are written down for a file's mutants."""
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [Reason(file=file, **one | {"after": tuple(one["after"])}) for one in told.get(file, ())]
