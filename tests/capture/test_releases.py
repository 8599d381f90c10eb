"""The vendor's releases, captured from the objects that their charts make."""

from pathlib import Path

import orjson
import pytest

from cx_conformance.blueprint.document import Blueprint
from tests.capture.stage import captured_from, judged, read_back, unkept
from tests.releases.from_facts import FILES, available, manifests

NAMESPACES = ("expertflow", "ef-external", "ef-bi")

pytestmark = pytest.mark.skipif(
    not available(), reason="the facts of the vendor's releases lie beside the project only"
)


def captured(release: str, folder: Path) -> Blueprint:
    """Return what is captured of a release."""
    return read_back(captured_from(manifests(release), *NAMESPACES), folder)


@pytest.mark.parametrize("release", FILES)
def test_a_release_keeps_what_is_captured_of_it(release: str, tmp_path: Path) -> None:
    """By every static check; most of its components call somebody and are reached from outside."""
    made = captured(release, tmp_path)
    assert len(made.components) >= 38
    assert sum(len(one.calls) for one in made.components.values()) >= 120
    assert sum(one.ingress is not None for one in made.components.values()) >= 26
    assert unkept(one for one in judged(manifests(release), made) if one.component in made.components) == []


@pytest.mark.parametrize("release", ["4.10", "5.1"])
def test_paths_through_the_gateway_are_promised_as_it_leads_them(release: str, tmp_path: Path) -> None:
    """So a Service port that is renamed, by which the gateway finds it, is a broken path."""
    made = captured(release, tmp_path)
    ingress = made.components["ef-cx-agent-manager"].ingress
    assert ingress
    assert ingress.url.startswith("https://${FQDN}/agent-manager")
    broken = manifests(release)
    service = next(
        one for one in broken if one["kind"] == "Service" and one["metadata"]["name"] == "ef-cx-agent-manager-svc"
    )
    service["spec"]["ports"][0]["name"] = "http-renamed"
    told = judged(orjson.loads(orjson.dumps(broken)), made)
    assert any(one.startswith("CX522 ef-cx-agent-manager") for one in unkept(told))


def test_a_service_that_also_selects_a_cron_jobs_pods_is_captured_as_the_others(tmp_path: Path) -> None:
    """The Deployment serves; that the CronJob's pods bear its labels too is written down as known."""
    made = captured("4.10", tmp_path)
    serving = made.components["ef-cx-team-announcement"]
    assert (serving.workload.kind, serving.service and serving.service.name) == (
        "Deployment",
        "ef-cx-team-announcement-svc",
    )
    (known,) = made.mistakes("selector", "ef-cx-team-announcement")
    assert (known.about, known.says) == ("ef-cx-team-announcement-svc", "ef-cx-team-announcement")
