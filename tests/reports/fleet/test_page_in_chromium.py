"""The fleet's page as its readers have it: in headless Chromium, from a file."""

from pathlib import Path

import pytest

from cx_conformance.outcome.outcome import Result
from cx_conformance.reports.fleet.page import write_fleet
from cx_conformance.reports.fleet.standing import Standing, standing_of, worst_first
from tests.reports.fleet.test_page import NOW
from tests.reports.made_up import STARTED, outcome, record, three_failures
from tests.reports.page.browser import Browser


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a fleet in which every verdict occurs."""
    found = [
        standing_of("acme-production", three_failures(), page="acme-production/report.html"),
        standing_of("blind", record(outcome(Result.ERROR))),
        standing_of("waived", record(outcome(Result.WAIVED)), stale=True),
        standing_of("good", record(outcome())),
        Standing(cluster="gone", words="it did not end within 600 s", started=STARTED, page="gone/x", stale=True),
    ]
    return write_fleet("customers", worst_first(found), tmp_path_factory.mktemp("fleet"), NOW)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_against_accessibility(
    browser: Browser, fleet: Path, axe: str, scheme: str, width: int
) -> None:
    """Contrast included, in the light and in the dark; and nothing is wider than the window."""
    browser.open(fleet, width=width, prefers_color_scheme=scheme)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found = browser.driver.execute_async_script(
        "const done = arguments[0], said = (one) => one.html + ' ' + one.failureSummary;"
        "axe.run(document, {resultTypes: ['violations']}).then((all) => done("
        "all.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 3).map(said))));"
    )
    assert found == []


@pytest.mark.parametrize("width", [1280, 360])
def test_a_cluster_keeps_to_its_cell_and_has_no_colour_of_a_result(browser: Browser, fleet: Path, width: int) -> None:
    """Its name ran into the verdict, and was green whatever that is, as a kept promise."""
    browser.open(fleet, width=width)
    cells = browser.run(
        "return [...document.querySelectorAll('.fleet tbody th')].map((one) => one.scrollWidth - one.clientWidth)"
    )
    assert cells
    assert max(cells) <= 0
    colours = browser.run(
        "return [...document.querySelectorAll('.fleet tbody th a')].map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert set(colours) == {"rgba(0, 0, 0, 0)"}
