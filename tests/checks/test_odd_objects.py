"""Objects with fields missing, null or of another type: findings and errors, never a check that breaks."""

import copy
import datetime as dt
import random
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.judge import Judge
from cx_conformance.outcome.outcome import Outcome
from cx_conformance.outcome.waivers import Waivers
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, Object, blueprint, snapshot_of
from tests.objects.test_records import ODD, places

CHANGES = 200
"""Fields that are changed at once; each run over all objects costs the better part of a second."""


@cache
def _objects() -> tuple[Object, ...]:
    return tuple(Installation(site={"fqdn": "cx.example.com"}).objects())


def _odd(seed: int) -> list[Object]:
    """Return the installation's live objects with many fields changed, the names that tell them apart left."""
    chance = random.Random(seed)  # noqa: S311 - guards nothing
    changed = [copy.deepcopy(one) for one in _objects()]
    for _ in range(CHANGES):
        inner: Any = chance.choice([one for one in changed if one["kind"] not in ("Secret", "Namespace")])
        paths = [path for path in places(inner) if len(path) > 1 and path[:2] not in _KEPT]
        *way, last = chance.choice(paths or [("spec", "odd")])
        for step in way:
            inner = inner[step] if not isinstance(inner, dict) else inner.setdefault(step, {})
        if isinstance(inner, dict) and chance.random() < 0.3:
            inner.pop(last, None)
        else:
            inner[last] = copy.deepcopy(chance.choice(ODD))
    return changed


_KEPT = (("metadata", "name"), ("metadata", "namespace"))


def _judged(objects: list[Object]) -> list[Outcome]:
    plan = Plan(blueprint(), Installation(site={"fqdn": "cx.example.com"}).site)
    snapshot = snapshot_of(objects, plan)
    looks = {"snapshot": snapshot, "seen": Seen(snapshot, plan, "cx.example.com")}
    court = Judge(plan, Waivers((), dt.datetime.now(dt.UTC).date()), static=True)
    checks = all_checks()
    court.register(checks)
    return [court.outcome(one, entry, looks.__getitem__) for one in checks for entry in plan.entries(one.per)]


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_no_odd_object_breaks_a_check(seed: int) -> None:
    """Whatever the API server hands out of what others wrote: each promise is judged by what is there."""
    broken = {one.message for one in _judged(_odd(seed)) if "the check itself broke" in one.message}
    assert broken == set()
