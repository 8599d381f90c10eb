"""What real clusters of many vendors look like raises no alarm either."""

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.campaign.ground import Ground, base
from tests.checks.installation import Installation, blueprint
from tests.checks.variations import FIELD, by_release

STATIC = [one.id for one in all_checks() if not one.live]
SITE = {"fqdn": "cx.example.com"}


@pytest.mark.parametrize(("release", "names"), by_release(FIELD))
def test_what_real_clusters_look_like_raises_no_alarm(release: str, names: tuple[str, ...]) -> None:
    """Every static check passes, or has nothing to look at."""
    installation = Ground(base(release))
    for name in names:
        FIELD[name](installation)
    alarms = [
        f"{one.check} {one.component} [{one.entry}]: {one.message} {one.evidence.get('seen', '')}"
        for one in installation.all_outcomes(STATIC)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]
    assert alarms == []


@pytest.mark.parametrize("name", FIELD)
def test_a_variation_changes_what_can_be_seen(name: str) -> None:
    """One that changed nothing would prove nothing."""
    usual, varied = Installation(SITE), Installation(SITE)
    FIELD[name](varied)
    plan = Plan(blueprint(), usual.site)
    before, after = usual.snapshot(plan), varied.snapshot(plan)
    seen = (before.listings, before.identity, usual.site) != (after.listings, after.identity, varied.site)
    assert seen or usual.objects() != varied.objects()
