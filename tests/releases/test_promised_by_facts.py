"""What the facts of the vendor's charts come to keeps what the release of it promises."""

import orjson
import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation, released
from tests.releases import from_facts

pytestmark = from_facts.needed
STATIC = [one.id for one in all_checks() if not one.live]


@pytest.mark.parametrize("as_guided", [True, False], ids=["as guided", "as rendered"])
@pytest.mark.parametrize("release", from_facts.FILES)
def test_what_the_charts_install_keeps_every_promise_of_its_release(release: str, *, as_guided: bool) -> None:
    """Nothing is broken, and nothing could not be looked at."""
    manifests = orjson.dumps(from_facts.manifests(release, as_guided=as_guided))
    installation = Installation({"fqdn": from_facts.FQDN}, manifests, released(release))
    told = installation.all_outcomes(STATIC)
    assert [f"{one.check} {one.component}: {one.message}" for one in told if one.result in BAD] == []
    assert sum(one.result is Result.PASS for one in told) > 1400


BAD = (Result.FAIL, Result.ERROR, Result.BLOCKED)
