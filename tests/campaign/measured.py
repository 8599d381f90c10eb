"""What the last whole campaign found, as it is kept beside it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cx_conformance.blueprint.releases import KNOWN
from tests.campaign.judging import Judged

FILE: Final = Path(__file__).with_name("measured.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one fact fared under one operator."""

    base: str
    fact: str
    field: str
    operator: str
    how: str
    live: bool
    fate: str
    checks: tuple[str, ...]

    @property
    def release(self) -> str:
        """Return the release that the fact is of."""
        return self.base.split()[0]

    @property
    def place(self) -> tuple[str, str]:
        """Return what tells the fact from every other one: its release and its name."""
        return self.release, self.fact


def rows(found: Iterable[Judged]) -> list[Row]:
    """Return what is kept of mutations, in a stable order."""
    made = [
        Row(
            base=one.mutation.base.name,
            fact=one.mutation.fact.name,
            field=one.mutation.fact.field,
            operator=one.mutation.operator.name,
            how=one.mutation.operator.how,
            live=one.mutation.operator.live,
            fate=one.fate.value,
            checks=one.checks,
        )
        for one in found
    ]
    return sorted(made, key=lambda one: (one.live, one.field, one.fact, one.operator))


def save(
    made: Iterable[Row], *, releases: Collection[str], instead: str = "", parts: Collection[bool] = (False, True)
) -> None:
    """Keep rows in place of those of ``releases`` whose name holds ``instead``, and whose ``live`` is one of ``parts``.

    What one operator did to the facts of a release stands in a line: the facts whose fate and checks are the same.
    """
    kept = [
        one
        for one in load()
        if one.release not in releases or one.live not in parts or instead not in f"{one.fact}: {one.operator}"
    ]
    alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for one in (*kept, *made):
        alike[one.base, one.field, one.operator, one.how, one.live, one.fate, " ".join(one.checks)].append(one.fact)
    lines = (json.dumps([*key, sorted(facts)], separators=(",", ":")) for key, facts in sorted(alike.items(), key=str))
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


@cache
def load() -> tuple[Row, ...]:
    """Return what the last whole campaign found."""
    found = [
        Row(
            base=base,
            fact=fact,
            field=field,
            operator=operator,
            how=how,
            live=live,
            fate=fate,
            checks=tuple(checks.split()),
        )
        for base, field, operator, how, live, fate, checks, facts in json.loads(FILE.read_text(encoding="utf-8"))
        for fact in facts
    ]
    return tuple(sorted(found, key=lambda one: (one.live, one.field, one.fact, one.operator, one.base)))


def releases() -> tuple[str, ...]:
    """Return the releases that it was about, the oldest first."""
    return tuple(one for one in KNOWN if any(row.release == one for row in load()))
