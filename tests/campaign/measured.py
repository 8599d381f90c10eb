"""What the last whole campaign found, as it is kept beside it."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Final

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


def save(made: Iterable[Row], *, instead: str = "", live: bool = True) -> None:
    """Keep rows, a line each, in place of those whose name holds ``instead``; without ``live`` those of probes stay."""
    kept = [] if live else [one for one in load() if one.live or instead not in f"{one.fact}: {one.operator}"]
    rows = sorted([*kept, *made], key=lambda one: (one.live, one.field, one.fact, one.operator))
    lines = (json.dumps(list(asdict(one).values()), separators=(",", ":")) for one in rows)
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


@cache
def load() -> tuple[Row, ...]:
    """Return what the last whole campaign found."""
    fields = Row.__dataclass_fields__
    kept = (dict(zip(fields, one, strict=True)) for one in json.loads(FILE.read_text(encoding="utf-8")))
    return tuple(Row(**{**one, "checks": tuple(one["checks"])}) for one in kept)
