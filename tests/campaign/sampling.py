"""A sample that stays the same from run to run: one mutation of every operator, of components in turn."""

import zlib
from collections import defaultdict
from collections.abc import Iterable

from tests.campaign.ground import Inapplicable
from tests.campaign.mutation import Mutation


def by_operator(mutations: Iterable[Mutation]) -> dict[str, list[Mutation]]:
    """Return the mutations of each operator by its name, beginning at another fact for each operator."""
    found: dict[str, list[Mutation]] = defaultdict(list)
    for one in mutations:
        found[one.operator.name].append(one)
    for name, candidates in found.items():
        start = zlib.crc32(name.encode()) % len(candidates)
        found[name] = candidates[start:] + candidates[:start]
    return found


def first_that_applies(candidates: Iterable[Mutation]) -> Mutation | None:
    """Return the first mutation that can be made; None when none can."""
    return next((one for one in candidates if _applies(one)), None)


def one_of_each_operator(mutations: Iterable[Mutation]) -> list[Mutation]:
    """Return for each operator the first mutation that it can make."""
    found = map(first_that_applies, by_operator(mutations).values())
    return [one for one in found if one is not None]


def _applies(mutation: Mutation) -> bool:
    try:
        mutation.ground()
    except Inapplicable:
        return False
    return True
