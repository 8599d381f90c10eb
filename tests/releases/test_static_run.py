from collections.abc import Callable

import pytest

from cx_conformance.blueprint.plan import Plan
from cx_conformance.cluster.coverage import coverage
from cx_conformance.cluster.recognition import recognise
from cx_conformance.cluster.seen import Seen
from cx_conformance.outcome.outcome import Result
from cx_conformance.run.catalogue import all_checks
from tests.checks.installation import Installation
from tests.releases import from_facts
from tests.releases.installed import installed

pytestmark = from_facts.needed

STATIC = [one.id for one in all_checks() if not one.live and one.says_something(before=False)]


def seen(installation: Installation) -> Seen:
    """Return the installation in the words of its release."""
    plan = Plan(installation.promised, installation.site)
    return Seen(installation.snapshot(plan), plan, installation.site.fqdn)


@pytest.mark.parametrize("as_guided", [True, False], ids=["as guided", "as rendered"])
@pytest.mark.parametrize("release", from_facts.FILES)
def test_each_release_of_the_charts_keeps_what_it_promises(release: str, *, as_guided: bool) -> None:
    """The vendor's own installation is no finding, whatever its charts get wrong."""
    broken = [
        f"{one.check} {one.component} [{one.entry}]: {one.result}: {one.message}"
        for one in installed(release, as_guided=as_guided).all_outcomes(STATIC)
        if one.result not in (Result.PASS, Result.NOT_APPLICABLE)
    ]
    assert broken == []


@pytest.mark.parametrize("release", from_facts.FILES)
def test_no_workload_of_the_charts_is_left_uncovered(release: str) -> None:
    """Every workload and Service that the charts install is promised by its release."""
    covered = coverage(seen(installed(release)))
    assert covered.not_covered == ()
    assert len(covered.promised) > 35


@pytest.mark.parametrize(
    "break_it",
    [
        lambda i: i.remove("Deployment", "ef-cx-conversation-monitor"),
        lambda i: i.remove("StatefulSet", "ef-cx-conversation-studio"),
        lambda i: i.find("Deployment", "apisix")["spec"].update(replicas=0),
        lambda i: i.remove("Secret", "activemq-tls", "expertflow"),
        lambda i: i.remove("ConfigMap", "ef-logback-cm", "expertflow"),
        lambda i: i.remove("Service", "ef-cx-cx-load-hub-svc"),
        lambda i: i.remove("CronJob", "ef-cx-team-announcement"),
    ],
)
def test_what_is_taken_from_a_release_is_found(break_it: Callable[[Installation], None]) -> None:
    """What newer releases have is promised as much as what the page has."""
    installation = installed("4.10")
    break_it(installation)
    assert recognise(seen(installation).snapshot).release == "4.10"
    assert any(one.result is Result.FAIL for one in installation.all_outcomes(STATIC))
