"""The embedded cluster's installation of a release has what the vendor's charts get wrong in it, and is conformant."""

from functools import cache

import orjson
import pytest

from cx_conformance.blueprint.manifests import embedded_installation
from cx_conformance.blueprint.releases import KNOWN, PAGE
from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import FQDN, Installation, notes, released

CHARTED = [one for one in KNOWN if one != PAGE]
STATIC = [one.id for one in all_checks() if not one.live]


@cache
def _embedded(release: str) -> bytes:
    return orjson.dumps(embedded_installation(released(release)))


@pytest.mark.parametrize("release", CHARTED)
def test_it_keeps_every_promise_and_its_mistakes_are_told(release: str) -> None:
    """Each but one: APISIX stands where the chart that is told its address expects it."""
    promised = released(release)
    ended = Installation({"fqdn": FQDN}, _embedded(release), promised).all_outcomes(STATIC)
    assert [one.message for one in ended if one.result not in (Result.PASS, Result.NOT_APPLICABLE)] == []
    told = [note for one in ended if one.check == "CX013" for note in notes(one)]
    known = [one for one in promised.chart_errata if one.about != "CCM_URL"]
    assert [one.about for one in known if not any(f" {one.says}: {one.why}" in note for note in told)] == []
    assert len(told) == len(known)
