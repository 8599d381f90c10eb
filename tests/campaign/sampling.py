"""A sample that stays the same from run to run: one mutation of every operator, of components in turn."""

import zlib
from collections import defaultdict
from collections.abc import Iterable

from tests.campaign.ground import Inapplicable
from tests.campaign.mutation import Mutation


def one_of_each_operator(mutations: Iterable[Mutation]) -> list[Mutation]:
    """Return for each operator the first mutation that it can make, beginning at another fact for each operator."""
    by_operator: dict[str, list[Mutation]] = defaultdict(list)
    for one in mutations:
        by_operator[one.operator.name].append(one)
    chosen = []
    for name, candidates in by_operator.items():
        start = zlib.crc32(name.encode()) % len(candidates)
        found = next((one for one in candidates[start:] + candidates[:start] if _applies(one)), None)
        if found is not None:
            chosen.append(found)
    return chosen


def _applies(mutation: Mutation) -> bool:
    try:
        mutation.ground()
    except Inapplicable:
        return False
    return True
