"""Which checks a user asked for, by ID, area or component."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from cx_conformance.blueprint.plan import PLATFORM, Entry, Plan
from cx_conformance.blueprint.problems import meant
from cx_conformance.outcome.check import AREAS, Check

_SHAPE: Final = re.compile(r"CX[0-9]{3}")


class Selection:
    """``--only`` and ``--skip``."""

    def __init__(
        self, only: tuple[str, ...], skip: tuple[str, ...], plan: Plan, is_check: Callable[[str], bool]
    ) -> None:
        """Take the names; ValueError for one that is neither a check ID, an area nor a component.

        ``is_check`` says whether there is a check of an ID, and is asked only where one is named.
        """
        refuse_unknown((*only, *skip), plan.components.__contains__, plan.components, is_check)
        self.only = frozenset(map(_written, only))
        self.skip = frozenset(map(_written, skip))

    @property
    def words(self) -> str:
        """Return how it was asked for, for reports; empty when nothing was left out."""
        parts = []
        if self.only:
            parts.append(f"--only {','.join(sorted(self.only))}")
        if self.skip:
            parts.append(f"--skip {','.join(sorted(self.skip))}")
        return " ".join(parts)

    def takes(self, check: Check, entry: Entry[Any]) -> bool:
        """Whether this check of this entry is to be run."""
        names = {check.id, check.area, entry.component}
        if self.skip & names:
            return False
        return not self.only or bool(self.only & names)


def refuse_unknown(
    names: Iterable[str],
    is_component: Callable[[str], bool],
    components: Iterable[str],
    is_check: Callable[[str], bool],
) -> None:
    """Raise ValueError for a name that is neither a check ID, an area nor a component; ``components`` are shown."""
    for name in map(_written, names):
        if _SHAPE.fullmatch(name):
            if not is_check(name):
                raise ValueError(
                    f"--only/--skip: there is no check {name}; `cx-conformance list` shows those there are"
                )
        elif not (name in AREAS or name == PLATFORM or is_component(name)):
            shown = tuple(components)
            raise ValueError(
                f"--only/--skip: {name!r} is neither a check ID (CX201), nor an area ({', '.join(AREAS)}), "
                f"nor a component ({', '.join(shown)}){meant(name, (*AREAS, *shown))}"
            )


def _written(name: str) -> str:
    """Return a check's ID as it is written: ``cx201`` is meant for ``CX201``, as ``explain`` takes it too."""
    return name.upper() if _SHAPE.fullmatch(name.upper()) else name
